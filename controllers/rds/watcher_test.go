package rds

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"k8s.io/utils/clock"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// night is a Provider whose pollers run, in a bubble of its own time, and who was woken.
type night struct {
	*world
	*Provider

	mu    sync.Mutex
	woken map[string]int
}

// newNight watches the clusters, which are there.
func newNight(w *world, change ...func(*Options)) *night {
	bounded := func(o *Options) { o.RequestsPerSecond, o.Burst = 8, 40 }
	n := &night{world: w, Provider: w.provider(append([]func(*Options){bounded}, change...)...), woken: map[string]int{}}
	n.Subscribe(func(name string) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.woken[name]++
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Start(ctx) }()
	w.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.Error(err)
		}
	})
	return n
}

func (n *night) watch(identifiers ...string) {
	for _, identifier := range identifiers {
		n.Watch(named(identifier), 0)
	}
}

func named(identifier string) Target {
	return Target{Identifier: identifier, Session: "of-" + identifier}
}

// pass lets the time pass, and gives how many were woken in it.
func (n *night) pass(d time.Duration) int {
	n.mu.Lock()
	n.woken = map[string]int{}
	n.mu.Unlock()
	n.rds.ClearCalls()
	time.Sleep(d)
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.woken)
}

func (n *night) latest(identifier string) Observation {
	n.Helper()
	seen, ok := n.Latest(named(identifier))
	if !ok {
		n.Errorf("nothing is known of %s", identifier)
	}
	return seen
}

func bubble(t *testing.T, do func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { do(memoryWorld(t, local.Options{})) })
}

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

// TestDeniedFilter has a policy that names single clusters: each is asked for alone, within half of the budget.
func TestDeniedFilter(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		names := numbered(120)
		w.add(names...)
		iam := w.intercept(func(parameters map[string]string) (int, string) {
			if parameters["Action"] == "DescribeDBClusters" && parameters["DBClusterIdentifier"] == "" {
				return http.StatusForbidden, "AccessDenied"
			}
			return 0, ""
		})
		n := newNight(w, func(o *Options) { o.RequestsPerSecond = 2 })
		before := counterValue(t, singleDescribes)
		n.watch(names...)
		if woken := n.pass(time.Minute); woken != 120 {
			t.Errorf("%d were answered in a minute", woken)
		}
		n.pass(5 * time.Minute)
		calls := n.count("DescribeDBClusters")
		if calls < 5*50 || calls > 5*75 {
			t.Errorf("%d calls in five minutes", calls)
		}
		if n := counterValue(t, singleDescribes) - before; n < 120 {
			t.Errorf("the metric counts %v", n)
		}
		if err := n.latest(names[3]).Err; err != nil {
			t.Error(err)
		}
		iam.stop()
		n.pass(singlesTime)
		n.pass(5 * time.Minute)
		if calls := n.count("DescribeDBClusters"); calls > 5*3 {
			t.Errorf("%d calls in five minutes after IAM allows the filter", calls)
		}
	})
}

// TestRejectedIdentifier has one identifier that RDS objects to: the others have their answers, and later calls leave it out.
func TestRejectedIdentifier(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		names := numbered(100)
		w.add(names...)
		w.intercept(func(parameters map[string]string) (int, string) {
			for _, value := range parameters {
				if value == "bad--name" {
					return http.StatusBadRequest, "InvalidParameterValue"
				}
			}
			return 0, ""
		})
		n := newNight(w)
		n.watch(append(slices.Clone(names[:99]), "bad--name")...)
		n.pass(10 * time.Second)
		for _, name := range names[:99] {
			if err := n.latest(name).Err; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := n.latest("bad--name").Err; !IsReason(err, v1alpha1.ReasonRejected) {
			t.Errorf("the bad one: %v", err)
		}
		n.pass(10 * time.Minute)
		if calls := n.count("DescribeDBClusters"); calls > 10 {
			t.Errorf("%d calls for the others", calls)
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

// TestUnreachable has an RDS that does not answer for a while: it is asked again soon, and known is what was.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		w.add("x", "y")
		n := newNight(w)
		n.watch("x", "y", "gone")
		n.pass(time.Minute)
		if err := n.latest("gone").Err; !IsNotFound(err) || n.latest("x").Err != nil {
			t.Errorf("the missing one: %v", err)
		}
		n.rds.FailNext("*", local.FaultConnectionReset, 0)
		if woken := n.pass(2 * time.Minute); woken != 3 {
			t.Errorf("%d were woken", woken)
		}
		if seen := n.latest("x"); !IsReason(seen.Err, v1alpha1.ReasonRDSUnreachable) || seen.Cluster.Identifier != "x" || time.Since(seen.At) < time.Minute {
			t.Errorf("known is %+v", seen)
		}
		if err := n.rds.SetFaults(nil); err != nil {
			t.Fatal(err)
		}
		if woken := n.pass(retryInterval + 5*time.Second); woken != 3 || n.latest("x").Err != nil {
			t.Errorf("%d were woken; x reads %v", woken, n.latest("x").Err)
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

// TestIdleCosts has 1,000 watched clusters: what is kept for each is small.
func TestIdleCosts(t *testing.T) {
	w := memoryWorld(t, local.Options{})
	names := numbered(1000)
	w.add(names...)
	p := w.provider()
	for _, name := range names {
		p.Watch(named(name), 0)
	}
	p.Poll(t.Context())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p2 := w.provider()
	for _, name := range names {
		p2.Watch(named(name), 0)
	}
	p2.Poll(t.Context())
	w.rds.ClearCalls()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+(4<<20) {
		t.Errorf("1,000 watched clusters take %d KiB", (after.HeapAlloc-before.HeapAlloc)>>10)
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(p2)
}

// BenchmarkRound asks about 1,000 clusters once: ten calls.
func BenchmarkRound(b *testing.B) {
	w := memoryWorld(b, local.Options{})
	names := numbered(1000)
	w.add(names...)
	now := &stepped{now: time.Now()}
	p := w.provider(func(o *Options) { o.Clock = now })
	for _, name := range names {
		p.Watch(named(name), 0)
	}
	for b.Loop() {
		p.Poll(b.Context())
		now.now = now.now.Add(time.Minute)
	}
}

// BenchmarkApply takes in an answer in which nothing changed.
func BenchmarkApply(b *testing.B) {
	w, at := &watch{}, dawn
	for b.Loop() {
		at = at.Add(time.Second)
		w.apply(at, answer{cluster: someCluster()})
	}
}

type stepped struct {
	clock.RealClock

	now time.Time
}

func (s *stepped) Now() time.Time { return s.now }

// memoryWorld is a world without a socket.
func memoryWorld(t testing.TB, options local.Options) *world {
	t.Helper()
	w := newWorld(t, options)
	w.socket.Close()
	w.config.BaseEndpoint, w.config.HTTPClient = aws.String("http://rds.local"), w.rds.Client()
	return w
}

func (w *world) edit(identifier string, change func(*local.Cluster)) {
	w.Helper()
	if err := w.rds.EditCluster(identifier, change); err != nil {
		w.Fatal(err)
	}
}
