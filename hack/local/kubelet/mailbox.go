package kubelet

import "sync"

// mailbox takes what is to be done by one goroutine from many. Putting something in never waits.
type mailbox struct {
	mu      sync.Mutex
	letters []func()
	// filled is readable when there may be something to take.
	filled chan struct{}
}

func newMailbox() *mailbox { return &mailbox{filled: make(chan struct{}, 1)} }

func (m *mailbox) put(letter func()) {
	m.mu.Lock()
	m.letters = append(m.letters, letter)
	m.mu.Unlock()
	select {
	case m.filled <- struct{}{}:
	default:
	}
}

// take returns what was put in since the last time, oldest first.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	letters := m.letters
	m.letters = nil
	return letters
}
