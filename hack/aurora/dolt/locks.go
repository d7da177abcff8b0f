package dolt

import (
	"context"
	"errors"
	"sync"
	"time"
)

// locks keep a cluster's transactions apart. Dolt merges what two transactions
// wrote, also where one would have had to wait for the other. Here one
// transaction of a cluster writes at a time, from its first write (or its first
// locking read) to its end; the others wait, as they would for a row at MySQL.
type locks struct {
	// writer holds a token while no transaction writes.
	writer chan struct{}
	// commits is held for reading by whatever may commit, and for writing by
	// whoever needs an instant of all databases.
	commits sync.RWMutex

	mu      sync.Mutex
	holder  uint32        // the connection that writes; 0 is none
	aborted chan struct{} // closed when the waiting is to end
	touched time.Time     // see touch
}

var (
	errLockWait    = errors.New("waited too long for another transaction")
	errLockAborted = errors.New("the connection is being closed")
)

func newLocks() *locks {
	l := &locks{writer: make(chan struct{}, 1), aborted: make(chan struct{})}
	l.writer <- struct{}{}
	return l
}

// holds reports whether a connection's transaction is the one that writes.
func (l *locks) holds(connection uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holder == connection
}

// acquire waits until the connection's transaction may write.
func (l *locks) acquire(ctx context.Context, connection uint32, atMost time.Duration) error {
	l.mu.Lock()
	aborted := l.aborted
	l.mu.Unlock()
	timer := time.NewTimer(atMost)
	defer timer.Stop()
	select {
	case <-l.writer:
	case <-timer.C:
		return errLockWait
	case <-aborted:
		return errLockAborted
	case <-ctx.Done():
		return errLockAborted
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder = connection
	return nil
}

// release ends the writing of a connection's transaction, if it wrote.
func (l *locks) release(connection uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder == connection {
		l.holder = 0
		l.writer <- struct{}{}
	}
}

// touch notes, under commits, that something may be written from now on, and
// reports whether it is the first since untouch: until then all was as it had
// been.
func (l *locks) touch(now time.Time) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = l.touched.IsZero()
	if first {
		l.touched = now
	}
	return first
}

// untouch gives the time of the first touch since it was last called, zero if
// there was none. Whoever calls it holds commits.
func (l *locks) untouch() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.touched
	l.touched = time.Time{}
	return at
}

// abort ends the waiting of all who wait now.
func (l *locks) abort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.aborted)
	l.aborted = make(chan struct{})
}
