package rds

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// minPaceShare is the least that throttling leaves of the configured rate.
	minPaceShare = 1.0 / 16
	// recovery is how long the pace needs from nothing back to the configured rate.
	recovery = time.Minute
	// throttleInterval is how long the answers to one burst are taken for one sign of throttling.
	throttleInterval = time.Second
	// restReserve is the share of the burst that requests at rest leave to the other ranks.
	restReserve = 0.5
)

// maxPassedOver is how many turns a waiting rank gives to higher ones before it gets one itself. The highest rank gives
// none: the calls that have it are few, each object makes one.
var maxPassedOver = [ranks]int{RankRest: 32, RankActive: 8, RankCall: math.MaxInt}

// budget is the token bucket of one account and Region, with a queue for each rank. A turn goes to the highest rank that
// waits; within a rank, to who came first.
type budget struct {
	clock clock.Clock
	rate  float64 // requests a second while RDS does not throttle; 0: no bound
	burst float64

	mu         sync.Mutex
	pace       float64 // requests a second at present
	tokens     float64
	refilled   time.Time
	slowed     time.Time // when the pace was halved last
	waiting    [ranks][]*waiter
	passedOver [ranks]int // turns that went to higher ranks while this one waited
	granting   bool       // a goroutine grants the turns that are not there yet
	changed    chan struct{}
}

type waiter struct{ turn chan struct{} }

func newBudget(clock clock.Clock, rate float64, burst int) *budget {
	b := &budget{clock: clock, rate: max(rate, 0), burst: float64(max(burst, 1)), changed: make(chan struct{}, 1)}
	b.pace, b.tokens, b.refilled = b.rate, b.burst, clock.Now()
	return b
}

// bounded reports whether requests are paced at all.
func (b *budget) bounded() bool { return b.rate > 0 }

// acquire waits for a turn. It fails with the context's error.
func (b *budget) acquire(ctx context.Context, rank Rank) error {
	if !b.bounded() {
		return ctx.Err() //nolint:wrapcheck // the caller says what was waited for
	}
	w := &waiter{turn: make(chan struct{})}
	b.mu.Lock()
	b.waiting[rank] = append(b.waiting[rank], w)
	b.grant()
	if !b.granting && b.waits() {
		b.granting = true
		go b.grantLater()
	}
	b.mu.Unlock()
	b.wake()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		b.leave(rank, w)
		return fmt.Errorf("waiting for a turn: %w", ctx.Err())
	}
}

// leave takes a waiter out of its queue, or gives the turn back that it was granted meanwhile.
func (b *budget) leave(rank Rank, w *waiter) {
	b.mu.Lock()
	defer b.wake()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting[rank], w); i >= 0 {
		b.waiting[rank] = slices.Delete(b.waiting[rank], i, i+1)
		return
	}
	b.tokens++
	b.grant()
}

// grantLater grants turns as tokens come in, until nobody waits.
func (b *budget) grantLater() {
	for {
		b.mu.Lock()
		b.grant()
		if !b.waits() {
			b.granting = false
			b.mu.Unlock()
			return
		}
		_, needed := b.next()
		missing := time.Duration((needed - b.tokens) / b.pace * float64(time.Second))
		b.mu.Unlock()
		timer := b.clock.NewTimer(max(missing, time.Millisecond))
		select {
		case <-timer.C():
		case <-b.changed: // the next turn may be another one's
		}
		timer.Stop()
	}
}

func (b *budget) wake() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// throttled slows everybody down: what was saved up is gone, and the pace is halved.
func (b *budget) throttled() {
	if !b.bounded() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill()
	b.tokens = min(b.tokens, 0)
	if now := b.clock.Now(); b.slowed.IsZero() || now.Sub(b.slowed) >= throttleInterval {
		b.pace, b.slowed = max(b.pace/2, b.rate*minPaceShare), now
	}
}

// left reports the pace and which share of the burst is left.
func (b *budget) left() (pace, share float64) {
	if !b.bounded() {
		return 0, 1
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill()
	return b.pace, max(b.tokens, 0) / b.burst
}

// queues reports how many wait, by rank.
func (b *budget) queues() [ranks]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var n [ranks]int
	for rank := range b.waiting {
		n[rank] = len(b.waiting[rank])
	}
	return n
}

// The following are called with the lock held.

func (b *budget) waits() bool {
	return slices.ContainsFunc(b.waiting[:], func(queue []*waiter) bool { return len(queue) > 0 })
}

// refill adds the tokens of the time gone by, and lets the pace recover by as much a second, however low it is.
func (b *budget) refill() {
	now := b.clock.Now()
	elapsed := max(now.Sub(b.refilled), 0)
	b.refilled = now
	before := b.pace
	b.pace = min(b.rate, b.pace+b.rate*elapsed.Seconds()/recovery.Seconds())
	b.tokens = min(b.burst, b.tokens+(before+b.pace)/2*elapsed.Seconds())
}

// grant gives out the turns for which there are tokens.
func (b *budget) grant() {
	b.refill()
	for b.waits() {
		rank, needed := b.next()
		if b.tokens < needed {
			return
		}
		b.tokens--
		close(b.waiting[rank][0].turn)
		b.waiting[rank] = b.waiting[rank][1:]
		b.passedOver[rank] = 0
		for lower := range rank {
			if len(b.waiting[lower]) > 0 {
				b.passedOver[lower]++
			}
		}
	}
}

// next gives the rank that has the next turn and the tokens that it takes. Somebody waits.
func (b *budget) next() (rank Rank, needed float64) {
	for rank = range Rank(ranks) { // the lowest first: it has been passed over the longest
		if len(b.waiting[rank]) > 0 && b.passedOver[rank] >= maxPassedOver[rank] {
			return rank, 1
		}
	}
	for rank = RankCall; rank > RankRest; rank-- {
		if len(b.waiting[rank]) > 0 {
			return rank, 1
		}
	}
	return RankRest, 1 + math.Floor((b.burst-1)*restReserve)
}
