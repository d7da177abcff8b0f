package backtrack_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// cost is what rewinds ask of the API server and of RDS.
type cost struct {
	reads, writes, events             int // of the API server
	describes, histories, backtracked int // of RDS
	moments                           []string
}

func (c *cost) count(at time.Time, what harness.Moment) {
	c.moments = append(c.moments, at.Format("04:05.000 ")+what.What)
	switch {
	case what.What == "DescribeDBClusters":
		c.describes++
	case what.What == "DescribeDBClusterBacktracks":
		c.histories++
	case what.What == "BacktrackDBCluster":
		c.backtracked++
	case what.Reads():
		c.reads++
	case what.What == "create Event":
		c.events++
	default:
		c.writes++
	}
}

// costOf counts what a process with a work queue asks from when the objects are created until all have succeeded.
func costOf(t *testing.T, env *harness.Env, objects ...*v1alpha1.AuroraBacktrack) (c cost) {
	t.Helper()
	counting := false
	p := env.NewProcess(&harness.Connection{Hook: func(m harness.Moment) error {
		if counting && !m.After {
			c.count(env.Clock.Now(), m)
		}
		return nil
	}}, backtrack.DefaultSettings())
	work := func(until func() bool) {
		for range 3000 {
			if until() {
				return
			}
			next := p.Work()
			env.Kubelet(env)
			env.Clock.Step(max(min(next.Sub(env.Clock.Now()), 30*time.Second), time.Millisecond))
		}
		t.Fatalf("it never came to its end\n%s", env.Describe())
	}
	observed := env.Clock.Now().Add(2 * time.Minute)
	work(func() bool { return env.Clock.Now().After(observed) })
	counting = true
	for _, b := range objects {
		env.Create(b)
	}
	work(func() bool {
		var list v1alpha1.AuroraBacktrackList
		env.Must(env.API.List(context.Background(), &list))
		for i := range list.Items {
			if list.Items[i].Status.CompletedAt == "" {
				return false
			}
		}
		return true
	})
	for _, b := range objects {
		harness.Equal(t, "the end of "+b.Name, harness.Verdict(env.Read(b.Name)), v1alpha1.ReasonSucceeded)
	}
	return c
}

var aBacktrack = local.Timing{Unlisted: 2 * time.Second, Pending: 4 * time.Second, Backtracking: 20 * time.Second, StatusLag: time.Second}

// TestCostOfOneRewind has what one rewind with a Deployment that is restarted asks for.
func TestCostOfOneRewind(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.RDS.SetTiming(aBacktrack)
	env.Create(harness.NewDeployment("game-api", 2, v1alpha1.StrategyRestart))
	env.Kubelet(env)
	c := costOf(t, env, harness.NewBacktrack("undo"))
	if c.reads > 16 || c.writes > 15 || c.events > 9 || c.histories > 4 || c.describes > 27 || c.backtracked != 1 {
		t.Errorf("%d reads, %d writes and %d events at the API server; %d statuses, %d histories and %d calls at RDS\n%s",
			c.reads, c.writes, c.events, c.describes, c.histories, c.backtracked, strings.Join(c.moments, "\n"))
	}
}

// TestCostOfManyRewinds has fifty rewinds at once, each of its own cluster: their statuses are polled together, and what
// each asks for itself are its histories and its call.
func TestCostOfManyRewinds(t *testing.T) {
	t.Parallel()
	const many = 50
	env := harness.New(t)
	env.Kubelet = func(*harness.Env) {}
	env.RDS.SetTiming(aBacktrack)
	var objects []*v1alpha1.AuroraBacktrack
	for n := range many {
		name := fmt.Sprintf("game-%d", n)
		env.AddDBCluster(name)
		env.Create(harness.NewAuroraCluster(name, name))
		b := harness.NewBacktrack(fmt.Sprintf("undo-%d", n))
		b.Spec.ClusterRef.Name = name
		objects = append(objects, b)
	}
	c := costOf(t, env, objects...)
	if c.histories > 4*many+1 || c.backtracked != many || c.describes > many+60 { // one status each before its call, and the poller's
		t.Errorf("%d statuses, %d histories and %d calls at RDS", c.describes, c.histories, c.backtracked)
	}
}
