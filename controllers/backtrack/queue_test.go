package backtrack

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestForeignBacktrackIsWaitedFor has somebody in the console rewind a cluster whose status lags: it still reads
// available. RDS's history tells, and RDS is not asked before that one is over.
func TestForeignBacktrackIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	w.rds.SetTiming(local.Timing{Pending: time.Minute, Backtracking: 10 * time.Second, StatusLag: 10 * time.Minute})
	w.elsewhere("testcluster", "2023-12-23T13:00:00Z")
	w.rds.SetTiming(local.Timing{})
	w.clock.Step(time.Second)
	o, _ := w.watched(nil)
	o.round()
	w.create(undo("undo"))
	b := o.waits("undo", v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable)
	equal(t, "the message", w.message(b, v1alpha1.ConditionPreflightPassed), `backtrack #1 of the same cluster, requested at 2023-12-23T14:10:00Z, reads "pending" and must be over first`)
	equal(t, "the number of calls meanwhile", w.asked(), 1) // the console's
	o.finish("undo")
	c, err := w.rds.Cluster("testcluster")
	w.must(err)
	if ours, foreign := c.Backtracks[1].RequestedAt, c.Backtracks[0].Ended; ours.Before(foreign) {
		t.Errorf("RDS was asked at %s, and the other backtrack ended at %s", ours, foreign)
	}
}
