package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestForeignBacktrackIsWaitedFor has somebody in the console rewind a cluster whose status lags: it still reads
// available. RDS's history tells, and RDS is not asked before that one is over.
func TestForeignBacktrackIsWaitedFor(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	env.RDS.SetTiming(local.Timing{Pending: time.Minute, Backtracking: 10 * time.Second, StatusLag: 10 * time.Minute})
	env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z")
	env.RDS.SetTiming(local.Timing{})
	env.Clock.Step(time.Second)
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	b := o.WaitFor("undo", v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable)
	harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionPreflightPassed), `backtrack #1 of the same cluster, requested at 2023-12-23T14:10:00Z, reads "pending" and must be over first`)
	harness.Equal(t, "the number of calls meanwhile", env.Calls(), 1) // the console's
	o.Finish("undo")
	c, err := env.RDS.Cluster("testcluster")
	env.Must(err)
	if ours, foreign := c.Backtracks[1].RequestedAt, c.Backtracks[0].Ended; ours.Before(foreign) {
		t.Errorf("RDS was asked at %s, and the other backtrack ended at %s", ours, foreign)
	}
}
