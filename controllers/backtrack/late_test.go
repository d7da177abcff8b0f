package backtrack

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// TestWhatCameTrueIsNotDenied has wishes come back after something was withdrawn that a first run would have
// ended by: they say that the rewind was made, and not that the database was not touched.
func TestWhatCameTrueIsNotDenied(t *testing.T) {
	for name, withdraw := range map[string]func(*world, *v1alpha1.AuroraBacktrack){
		"its deadline has passed": func(w *world, _ *v1alpha1.AuroraBacktrack) { w.clock.Step(time.Hour) },
		"it is cancelled":         func(_ *world, b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true },
		"it is suspended":         func(_ *world, b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
		"its namespace is not allowed any more": func(w *world, _ *v1alpha1.AuroraBacktrack) {
			w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			wish := func() *v1alpha1.AuroraBacktrack {
				b := undo("undo")
				b.Spec.StartDeadline = v1alpha1.NewTimestamp(start.Add(30 * time.Minute))
				return b
			}
			o := w.newOperator(nil)
			w.create(wish())
			o.finish("undo")
			w.delete("undo")
			o.until("undo is gone", func() bool { return w.read("undo") == nil })
			again := wish()
			withdraw(w, again)
			w.create(again)
			b := o.finish("undo")
			equal(t, "the end", conditionOf(b, v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonAlreadyApplied)
			equal(t, "the record", b.Status.Backtrack.Status, rds.StatusCompleted)
			equal(t, "the number of calls", w.asked(), 1)
		})
	}
}

// TestAWordThatIsNoEnd has a record that never says how it ended: the run ends all the same, nothing stays
// paused, and others can start.
func TestAWordThatIsNoEnd(t *testing.T) {
	w := newWorld(t)
	w.dependents()
	o, _ := w.watched(nil)
	o.asks(0, says("completed", "validating"))
	o.round()
	w.create(undo("undo"))
	o.waits("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	w.clock.Step(6 * time.Hour)
	b := o.finish("undo")
	equal(t, "the end", conditionOf(b, v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonOutcomeUnknown)
	w.nothingPaused()
	another := undo("another")
	another.Spec.BacktrackTo = v1alpha1.NewTimestamp(w.clock.Now().Add(-time.Hour))
	w.create(another)
	o.waits("another", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	equal(t, "the number of calls", w.asked(), 2)
}
