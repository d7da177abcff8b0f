package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestNeverTwiceWithTheLedgerLost has the ledger and the status lost after a rewind that went to the start of the window, and
// after one that repeated another: neither runs again.
func TestNeverTwiceWithTheLedgerLost(t *testing.T) {
	for name, test := range map[string]struct {
		given  func(*harness.Env) (repeat string)
		object func(*v1alpha1.AuroraBacktrack)

		wantCalls int // with those made elsewhere
	}{
		"to the start of the window": {
			object: func(b *v1alpha1.AuroraBacktrack) {
				b.Spec.BacktrackTo, b.Spec.UseEarliestTimeOnPointInTimeUnavailable = "2023-12-23T12:00:00Z", true
			},
			wantCalls: 1,
		},
		"a repetition": {
			given:     func(env *harness.Env) string { return env.BacktrackElsewhere("testcluster", "2023-12-23T13:55:00Z") },
			wantCalls: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			b := harness.NewBacktrack("undo")
			if test.given != nil {
				b.Spec.Repeat = test.given(env)
				env.Clock.Step(time.Minute)
			}
			if test.object != nil {
				test.object(b)
			}
			o := env.NewOperator(nil)
			o.ReconcileAll()
			spec := b.Spec
			env.Create(b)
			harness.Equal(t, "the first run", harness.Condition(o.Finish("undo"), v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonSucceeded)
			o.LoseLedger()
			env.ForceDelete("undo")
			env.Clock.Step(10 * time.Minute)
			again := harness.NewBacktrack("undo")
			again.Spec = spec
			env.Create(again)
			harness.Equal(t, "the second run", harness.Condition(o.Finish("undo"), v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonAlreadyApplied)
			harness.Equal(t, "the number of calls", env.Calls(), test.wantCalls)
		})
	}
}

// longWindow lets the cluster go back for as long as RDS allows.
func longWindow(c *local.Cluster) { c.BacktrackWindow = 259_200 }
