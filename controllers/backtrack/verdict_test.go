package backtrack

import (
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestVerdictStays has the dependents come up right after it was written that they did not in time: the verdict stays.
func TestVerdictStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	late := false
	o, _ := w.watched(func(moment) error {
		if b := w.read("undo"); !late && b != nil && conditionIs(b, v1alpha1.ConditionDependentsReconnected, v1alpha1.ReasonReconnectTimedOut) {
			late = true
			w.kubelet = rollout
			rollout(w)
		}
		return nil
	})
	o.round()
	w.create(undo("undo"))
	o.waits("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	w.kubelet = except("game-api")
	b := o.finish("undo")
	equal(t, "that they came up late", late, true)
	equal(t, "the path", path(b), untilRewind+" DependentsReconnected=False/ReconnectTimedOut")
	equal(t, "the end", verdictOf(b), v1alpha1.ReasonReconnectTimedOut)
	w.asBefore(b, true)
}
