package rds

import (
	"context"
	"fmt"
	"testing"
	"time"

	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestAtRest has many clusters at which nothing happens: what RDS is asked grows by a call for each hundred, what histories
// are offered does not grow, and hardly anybody is woken.
func TestAtRest(t *testing.T) {
	t.Parallel()
	for _, clusters := range []int{1, 100, 105, 1000} {
		bubble(t, func(w *world) {
			names := numbered(clusters)
			w.add(names...)
			n := newNight(w)
			n.watch(names...)
			if woken := n.pass(15 * time.Second); woken != clusters {
				t.Errorf("%d clusters: %d have a first answer after 15 s", clusters, woken)
			}
			n.pass(5 * time.Minute)
			const minutes = 5
			woken := n.pass(minutes * time.Minute)
			limit := min(12, clusters/5+1) * minutes // offered histories, and the earliest time in steps
			if woken > limit+clusters*(minutes+1)/60+10 {
				t.Errorf("%d clusters: %d were woken", clusters, woken)
			}
			want := (clusters + maxClustersPerCall - 1) / maxClustersPerCall
			if calls := n.count("DescribeDBClusters"); calls > (want+1)*minutes || clusters == 1000 && calls > 12*minutes {
				t.Errorf("%d clusters: %d calls in %d minutes", clusters, calls, minutes)
			}
			due := 0
			for _, name := range names {
				if n.HistoryDue(named(name)) {
					due++
				}
			}
			if most := min(clusters, 12*(minutes+6)); due == 0 || due > most {
				t.Errorf("%d clusters: %d histories are due", clusters, due)
			}
		})
	}
}

// TestHistoryTurns has histories read as they are offered: each cluster's once in five minutes at the most, and all in turn.
func TestHistoryTurns(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		names := numbered(24)
		w.add(names...)
		n := newNight(w)
		read := map[string]int{}
		n.Subscribe(func(name string) {
			go func() {
				if target := named(name[len("of-"):]); n.HistoryDue(target) {
					if _, err := n.History(WithRank(context.Background(), RankRest), target); err != nil {
						t.Error(err)
					}
					n.mu.Lock()
					read[name]++
					n.mu.Unlock()
				}
			}()
		})
		n.watch(names...)
		n.pass(2*time.Minute + 10*time.Second)
		if len(read) != 24 {
			t.Errorf("%d of 24 were read in two minutes", len(read))
		}
		n.pass(10 * time.Minute)
		if calls := n.count("DescribeDBClusterBacktracks"); calls != 48 {
			t.Errorf("%d were read in ten minutes", calls)
		}
	})
}

// TestUnderWay has rewinds under way among clusters at rest: they are asked about each second, together, and a change wakes
// within one.
func TestUnderWay(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		names := numbered(300)
		w.add(names...)
		n := newNight(w)
		n.watch(names...)
		n.pass(2 * time.Minute)
		active := names[:50]
		for _, name := range active {
			n.Urgent(named(name), time.Now(), 0)
			time.Sleep(7 * time.Millisecond) // they do not begin at the same moment
		}
		n.pass(time.Minute)
		if calls := n.count("DescribeDBClusters"); calls < 60 || calls > 66 {
			t.Errorf("%d calls in a minute, want one each second and few at rest", calls)
		}
		for _, name := range active {
			n.edit(name, func(c *local.Cluster) { c.Status = "backtracking" })
		}
		if woken := n.pass(time.Second); woken != len(active) {
			t.Errorf("%d were woken", woken)
		}
		if seen := n.latest(active[7]); seen.Cluster.Status != "backtracking" || time.Since(seen.At) > time.Second || !n.HistoryDue(named(active[7])) {
			t.Errorf("known is %+v", seen)
		}
		for _, name := range active {
			n.Urgent(named(name), time.Now(), time.Minute) // again: nothing is put off by it
			n.Rest(named(name))
		}
		n.pass(time.Minute)
		if calls := n.count("DescribeDBClusters"); calls > 4 {
			t.Errorf("%d calls in the minute after the last rewind", calls)
		}
	})
}

// TestUrgentEnds has a rewind that nobody declares over.
func TestUrgentEnds(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		w.add("x")
		n := newNight(w)
		n.watch("x")
		n.pass(time.Minute)
		n.Urgent(named("x"), time.Now().Add(-maxBacktrack+time.Minute), 0)
		n.pass(2 * time.Minute)
		n.pass(10 * time.Minute)
		if calls := n.count("DescribeDBClusters"); calls != 10 {
			t.Errorf("%d calls in ten minutes", calls)
		}
	})
}

// TestRestDelaysNoRewind has clusters at rest whose calls wait for the budget: a rewind does not.
func TestRestDelaysNoRewind(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		names := numbered(1000)
		w.add(names...)
		n := newNight(w, func(o *Options) { o.RequestsPerSecond, o.Burst = 1, 1 })
		n.watch(names[0])
		n.pass(2 * time.Second)
		n.watch(names[1:]...)
		n.Urgent(named(names[0]), time.Now(), 0)
		n.pass(10 * time.Second)
		if age := time.Since(n.latest(names[0]).At); age > 8*time.Second {
			t.Errorf("the rewind was not looked at for %s", age)
		}
	})
}

// TestWatchFollowsTheSpec has an AuroraCluster that is deleted in RDS, one whose target changes, and one that goes.
func TestWatchFollowsTheSpec(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		w.add("x", "y")
		n := newNight(w)
		first, second := Target{Identifier: "x", Session: "game"}, Target{Identifier: "y", Session: "game"}
		n.Watch(first, 20*time.Second)
		if _, ok := n.Latest(first); ok {
			t.Error("known before the first answer")
		}
		n.pass(time.Second)
		if err := w.rds.RecreateCluster("x", ""); err != nil {
			t.Fatal(err)
		}
		before, _ := n.Latest(first)
		n.pass(20 * time.Second)
		after, _ := n.Latest(first)
		if err := after.Cluster.CheckIdentity(before.Cluster.ResourceID); !IsReplaced(err) || !n.HistoryDue(first) {
			t.Errorf("created again: %v", err)
		}
		n.Watch(second, 20*time.Second)
		if _, ok := n.Latest(first); ok {
			t.Error("the earlier target is still known")
		}
		n.pass(time.Second)
		if seen, ok := n.Latest(second); !ok || seen.Cluster.Identifier != "y" {
			t.Errorf("known is %+v", seen)
		}
		n.Unwatch("game")
		n.Unwatch("game")
		if woken := n.pass(10 * time.Minute); woken != 0 || len(n.rds.Calls()) != 0 {
			t.Errorf("after its end %d were woken, and RDS was asked %d times", woken, len(n.rds.Calls()))
		}
		if len(n.pollers) != 0 {
			t.Errorf("%d pollers are left", len(n.pollers))
		}
	})
}

// TestShared has AuroraClusters with roles: one poller for each identity and Region, whatever the AuroraCluster's name.
func TestShared(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		const role = "arn:aws:iam::210987654321:role/backtrack"
		names := numbered(50)
		n := newNight(w)
		for i, name := range names {
			if err := w.rds.AddCluster(local.Cluster{Identifier: name, AccountID: "210987654321", BacktrackWindow: 60, CreatedAt: time.Now()}, ""); err != nil {
				t.Fatal(err)
			}
			n.Watch(Target{Identifier: name, RoleARN: role, ExternalID: "id", Session: fmt.Sprint("game-", i)}, 0)
		}
		n.pass(time.Minute)
		if calls, assumed := n.count("DescribeDBClusters"), n.count("AssumeRole"); calls > 3 || assumed != 1 || len(n.pollers) != 1 {
			t.Errorf("%d calls, the role was assumed %d times, by %d pollers", calls, assumed, len(n.pollers))
		}
		if seen, ok := n.Latest(Target{Identifier: names[7], RoleARN: role, ExternalID: "id", Session: "game-7"}); !ok || seen.Err != nil {
			t.Errorf("known is %+v", seen)
		}
		for _, call := range n.rds.Calls() {
			if call.Operation == "AssumeRole" && call.Parameters["RoleSessionName"] != "aurora-backtrack" {
				t.Errorf("the session is named %q", call.Parameters["RoleSessionName"])
			}
		}
		for i := range names {
			n.Unwatch(fmt.Sprint("game-", i))
		}
		if len(n.pollers) != 0 {
			t.Errorf("%d pollers are left", len(n.pollers))
		}
	})
}

// TestPoll asks without goroutines, as tests with a clock of their own do.
func TestPoll(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t, local.Options{})
	w.add("x")
	p := w.provider()
	var woken []string
	unsubscribe := p.Subscribe(func(name string) { woken = append(woken, name) })
	p.Watch(named("x"), 0)
	p.Poll(t.Context())
	p.Poll(t.Context())
	if seen, ok := p.Latest(named("x")); !ok || seen.Err != nil || w.count("DescribeDBClusters") != 1 {
		t.Errorf("known is %+v after %d calls", seen, w.count("DescribeDBClusters"))
	}
	if len(woken) != 2 { // its first answer, and its history
		t.Errorf("woken were %v", woken)
	}
	unsubscribe()
	w.edit("x", func(c *local.Cluster) { c.Status = "modifying" })
	p.Urgent(named("x"), time.Now(), 0)
	if len(woken) != 2 {
		t.Errorf("woken were %v", woken)
	}
}
