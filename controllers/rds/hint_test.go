package rds

import (
	"context"
	"testing"
	"time"

	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestHintHistory has somebody see in a history what the ledger does not have: its cluster is woken once, and its history
// is due until it is read.
func TestHintHistory(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		w.add("x", "y")
		n := newNight(w)
		n.watch("x", "y")
		n.pass(time.Minute) // both histories are offered meanwhile
		for _, name := range []string{"x", "y"} {
			if _, err := n.History(context.Background(), named(name)); err != nil {
				t.Fatal(err)
			}
		}
		n.pass(time.Second)
		if n.HistoryDue(named("x")) {
			t.Fatal("a history that was read is due")
		}
		n.mu.Lock()
		n.woken = map[string]int{}
		n.mu.Unlock()
		n.HintHistory(named("x"))
		n.HintHistory(named("x"))
		n.HintHistory(Target{Identifier: "x", Session: "somebody else"}) // it is not watched
		if n.woken["of-x"] != 1 || len(n.woken) != 1 {
			t.Errorf("woken were %v", n.woken)
		}
		if !n.HistoryDue(named("x")) || n.HistoryDue(named("y")) {
			t.Errorf("due: x %v, y %v", n.HistoryDue(named("x")), n.HistoryDue(named("y")))
		}
		if _, err := n.History(context.Background(), named("x")); err != nil {
			t.Fatal(err)
		}
		if n.HistoryDue(named("x")) {
			t.Error("it is due after it was read")
		}
	})
}

// TestHintWhileItIsRead has a hint that comes while the history is being read: what was read may not have it yet.
func TestHintWhileItIsRead(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		w.add("x")
		n := newNight(w)
		n.watch("x")
		n.pass(time.Minute)
		begun := time.Now()
		time.Sleep(time.Second)
		n.historyRead(named("x"), begun) // whatever was due before
		n.HintHistory(named("x"))
		n.historyRead(named("x"), begun)
		if !n.HistoryDue(named("x")) {
			t.Error("a read that began before the hint took it")
		}
	})
}

// TestNextPoll has when there is something to ask next: at once for a new watch, then at its interval, at a short one for a
// rewind under way, and never without a watch.
func TestNextPoll(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		w.add("x")
		p := w.provider()
		if _, ok := p.NextPoll(); ok {
			t.Error("there is something to ask without a watch")
		}
		due := func(what string, least, most time.Duration) {
			t.Helper()
			at, ok := p.NextPoll()
			if left := time.Until(at); !ok || left < least || left > most {
				t.Errorf("%s: next in %s (%v), want %s to %s", what, left, ok, least, most)
			}
		}
		p.Watch(named("x"), time.Minute)
		due("a new watch", 0, gatherTime)
		time.Sleep(gatherTime)
		p.Poll(context.Background())
		due("at rest", 50*time.Second, time.Minute)
		p.Urgent(named("x"), time.Now(), 0)
		due("under way", 0, defaultPoll)
		p.Rest(named("x"))
		due("at rest again", 0, time.Minute)
		p.Unwatch("of-x")
		if _, ok := p.NextPoll(); ok {
			t.Error("there is something to ask after the last watch")
		}
	})
}

// TestLastSeenBacktracking has when a cluster was last seen backtracking, which outlives the status.
func TestLastSeenBacktracking(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		w.add("x")
		n := newNight(w)
		n.watch("x")
		n.pass(time.Minute)
		if seen := n.latest("x"); !seen.Backtracking.IsZero() {
			t.Errorf("it was seen backtracking: %+v", seen)
		}
		n.Urgent(named("x"), time.Now(), 0)
		n.edit("x", func(c *local.Cluster) { c.Status = "backtracking" })
		n.pass(10 * time.Second)
		if seen := n.latest("x"); !seen.Backtracking.Equal(seen.At) {
			t.Errorf("known is %+v", seen)
		}
		n.edit("x", func(c *local.Cluster) { c.Status = "" })
		before := time.Now()
		n.pass(10 * time.Second)
		if seen := n.latest("x"); seen.Backtracking.IsZero() || seen.Backtracking.After(before) || !seen.At.After(before) {
			t.Errorf("known is %+v", seen)
		}
	})
}
