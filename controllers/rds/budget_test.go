package rds

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

// turns is a budget with a queue, and in which order its turns went.
type turns struct {
	*budget
	mu    sync.Mutex
	order []string
	wait  sync.WaitGroup
}

func newTurns(rate float64, burst int) *turns {
	return &turns{budget: newBudget(clock.RealClock{}, rate, burst)}
}

// ask lets n requests of the rank queue.
func (b *turns) ask(t *testing.T, rank Rank, n int) {
	t.Helper()
	for range n {
		b.wait.Go(func() {
			if err := b.acquire(t.Context(), rank); err != nil {
				t.Error(err)
			}
			b.mu.Lock()
			b.order = append(b.order, rank.String())
			b.mu.Unlock()
		})
		synctest.Wait()
	}
}

func (b *turns) finish() string {
	b.wait.Wait()
	return fmt.Sprint(b.order)
}

func TestBudgetOrder(t *testing.T) {
	for name, test := range map[string]struct {
		burst int
		ask   []Rank // one after the other, none of them with a token at first
		want  string
	}{
		"the call first, then rewinds, then rest": {1, []Rank{RankRest, RankActive, RankCall}, "[call active rest]"},
		"within a rank, who came first":           {1, []Rank{RankActive, RankActive, RankCall, RankCall}, "[call call active active]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newTurns(1, test.burst)
			b.tokens = 0
			for _, rank := range test.ask {
				b.ask(t, rank, 1)
			}
			if got := b.finish(); got != test.want {
				t.Errorf("%s: the turns went to %s, want %s", name, got, test.want)
			}
		})
	}
}

// TestBudgetStarvesNobody has more requests of the higher ranks than turns: each rank gets its share all the same.
func TestBudgetStarvesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newTurns(1, 1)
		b.tokens = 0
		b.ask(t, RankRest, 2)
		b.ask(t, RankActive, 6)
		b.ask(t, RankCall, 100)
		b.finish()
		last := map[string]int{}
		for i, rank := range b.order {
			if _, seen := last[rank]; !seen && rank != "call" {
				if most := map[string]int{"active": 8, "rest": 33}[rank]; i > most {
					t.Errorf("the first turn of rank %s was number %d", rank, i+1)
				}
			}
			last[rank] = i
		}
		if last["rest"] > 70 {
			t.Errorf("the second turn of rank rest was number %d", last["rest"]+1)
		}
	})
}

// TestBudgetReserve has requests at rest that take what they can: half of the burst is left to a call.
func TestBudgetReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newTurns(1, 40)
		begun := time.Now()
		b.ask(t, RankRest, 100)
		if _, left := b.left(); left < 0.45 || left > 0.55 {
			t.Errorf("%.2f of the burst is left", left)
		}
		b.ask(t, RankCall, 20)
		if took := time.Since(begun); took > 0 {
			t.Errorf("20 calls took %s", took)
		}
		b.finish()
		if took := time.Since(begun); took > 101*time.Second {
			t.Errorf("100 requests at rest took %s", took)
		}
	})
}

// TestBudgetLeave has a request whose context ends while it waits: the others are not delayed by it.
func TestBudgetLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newTurns(1, 1)
		b.tokens = 0
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		b.wait.Go(func() {
			if err := b.acquire(ctx, RankCall); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		b.ask(t, RankActive, 1)
		b.finish()
		if took := time.Since(begun); took > time.Second+10*time.Millisecond {
			t.Errorf("the other one waited %s", took)
		}
		if n := b.queues(); n != [ranks]int{} {
			t.Errorf("waiting are %v", n)
		}
	})
}

// TestBudgetThrottled has RDS throttle: one burst of refusals halves the pace once, and it recovers within a minute.
func TestBudgetThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newTurns(8, 40)
		for range 5 {
			b.throttled()
		}
		if pace, left := b.left(); pace != 4 || left != 0 {
			t.Errorf("after one burst of refusals the pace is %v, and %v is left", pace, left)
		}
		for range 10 {
			time.Sleep(throttleInterval)
			b.throttled()
		}
		if pace, _ := b.left(); pace < 0.5 || pace > 0.7 {
			t.Errorf("after many it is %v", pace)
		}
		time.Sleep(recovery / 2)
		if pace, _ := b.left(); pace < 4 || pace > 5 {
			t.Errorf("half a minute later it is %v", pace)
		}
		time.Sleep(recovery / 2)
		if pace, left := b.left(); pace != 8 || left != 1 {
			t.Errorf("a minute later it is %v, and %v is left", pace, left)
		}
	})
}

// TestBudgetUnbounded never waits.
func TestBudgetUnbounded(t *testing.T) {
	b := newBudget(clock.RealClock{}, 0, 0)
	b.throttled()
	for range 1000 {
		if err := b.acquire(t.Context(), RankRest); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkBudget(b *testing.B) {
	budget := newBudget(clock.RealClock{}, 1e9, 1000)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			_ = budget.acquire(context.Background(), RankActive)
		}
	})
}
