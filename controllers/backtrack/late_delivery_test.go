package backtrack_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestRequestDeliveredLate has the call held up in the network until just before its signature ends, while its answer is given
// up: RDS accepts it then, and nothing was called meanwhile.
func TestRequestDeliveredLate(t *testing.T) {
	env := harness.New(t)
	env.CreateDependents()
	held := false
	o := env.NewOperator(func(m harness.Moment) error {
		if m.What == "BacktrackDBCluster" && !m.After && !held {
			held = true
			return errors.New("no answer")
		}
		return nil
	})
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonVerifyingOutcome)
	claimed := env.Read("undo").Status.Claim.ClaimedAt.Time()
	for env.Clock.Now().Sub(claimed) < 4*time.Minute+50*time.Second {
		env.Clock.Step(min(o.ReconcileAll(), 5*time.Second))
	}
	harness.Equal(t, "accepted calls before the delivery", env.AcceptedCalls(), 0)
	env.RequestBacktrack("testcluster", env.Read("undo").Spec.BacktrackTo.Time()) // the held-up request arrives
	b := o.Finish("undo")
	harness.Equal(t, "the reason", harness.Condition(b, v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonSucceeded)
	harness.Equal(t, "accepted calls", env.AcceptedCalls(), 1)
}
