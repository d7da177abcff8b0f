package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// row is one acknowledged row. The times are nanoseconds since 1970, by this machine's clock.
type row struct {
	ID           string `json:"id"`
	Sent         int64  `json:"sent"`
	Acknowledged int64  `json:"acknowledged"`
}

// reporter posts rows in the background, all that have come together at a time, so that writing waits for nobody.
type reporter struct {
	url    string
	client *http.Client

	mu      sync.Mutex
	waiting []row
	more    chan struct{} // holds an element when there are rows, or when it is over
	over    bool
	done    chan error
}

func newReporter(url string) *reporter {
	r := &reporter{url: url, client: &http.Client{Timeout: 5 * time.Second}, more: make(chan struct{}, 1), done: make(chan error, 1)}
	go func() { r.done <- r.run() }()
	return r
}

func (r *reporter) add(row row) {
	r.mu.Lock()
	r.waiting = append(r.waiting, row)
	r.mu.Unlock()
	r.wake()
}

// finish posts what is left and reports whether everything was posted.
func (r *reporter) finish() error {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.wake()
	return <-r.done
}

func (r *reporter) wake() {
	select {
	case r.more <- struct{}{}:
	default:
	}
}

func (r *reporter) run() error {
	for range r.more {
		r.mu.Lock()
		rows, over := r.waiting, r.over
		r.waiting = nil
		r.mu.Unlock()
		if err := r.post(rows); err != nil {
			return err
		}
		if over {
			return nil
		}
	}
	return nil
}

func (r *reporter) post(rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	response, err := r.client.Post(r.url, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("reporting %d rows: %w", len(rows), err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("reporting %d rows: %s", len(rows), response.Status)
	}
	return nil
}
