package backtrack_test

import (
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestVerdictStays has the dependents come up right after it was written that they did not in time: the verdict stays.
func TestVerdictStays(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	late := false
	o, _ := env.NewCheckedOperator(func(harness.Moment) error {
		if b := env.Read("undo"); !late && b != nil && harness.HasReason(b, v1alpha1.ConditionDependentsReconnected, v1alpha1.ReasonReconnectTimedOut) {
			late = true
			env.Kubelet = harness.RollOut
			harness.RollOut(env)
		}
		return nil
	})
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	env.Kubelet = harness.RollOutExcept("game-api")
	b := o.Finish("undo")
	harness.Equal(t, "that they came up late", late, true)
	harness.Equal(t, "the path", harness.Path(b), untilRewind+" DependentsReconnected=False/ReconnectTimedOut")
	harness.Equal(t, "the end", harness.Verdict(b), v1alpha1.ReasonReconnectTimedOut)
	env.CheckRestored(b, true)
}
