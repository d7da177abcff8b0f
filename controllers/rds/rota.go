package rds

import (
	"sync"
	"time"
)

const (
	// historyTurn is the time between two histories read at rest, in one account and Region, however many clusters there are.
	historyTurn = 5 * time.Second
	// historyInterval is the least time between two reads of the history of one cluster at rest.
	historyInterval = 5 * time.Minute
)

// rota gives out the turns in which histories are read at rest.
type rota struct {
	mu   sync.Mutex
	next time.Time
}

// take reports whether it is time for the next one, and if so takes the turn.
func (r *rota) take(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.next) {
		return false
	}
	r.next = now.Add(historyTurn)
	return true
}

// at is when the next turn is.
func (r *rota) at() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}
