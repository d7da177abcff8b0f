package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestWhatCameTrueIsNotDenied has wishes come back after something was withdrawn that a first run would have
// ended by: they say that the rewind was made, and not that the database was not touched.
func TestWhatCameTrueIsNotDenied(t *testing.T) {
	for name, withdraw := range map[string]func(*harness.Env, *v1alpha1.AuroraBacktrack){
		"its deadline has passed": func(env *harness.Env, _ *v1alpha1.AuroraBacktrack) { env.Clock.Step(time.Hour) },
		"it is cancelled":         func(_ *harness.Env, b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true },
		"it is suspended":         func(_ *harness.Env, b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
		"its namespace is not allowed any more": func(env *harness.Env, _ *v1alpha1.AuroraBacktrack) {
			env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			wish := func() *v1alpha1.AuroraBacktrack {
				b := harness.NewBacktrack("undo")
				b.Spec.StartDeadline = v1alpha1.NewTimestamp(harness.StartTime.Add(30 * time.Minute))
				return b
			}
			o := env.NewOperator(nil)
			env.Create(wish())
			o.Finish("undo")
			env.DeleteIfPresent("undo")
			o.Until("undo is gone", func() bool { return env.Read("undo") == nil })
			again := wish()
			withdraw(env, again)
			env.Create(again)
			b := o.Finish("undo")
			harness.Equal(t, "the end", harness.Condition(b, v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonAlreadyApplied)
			harness.Equal(t, "the record", b.Status.Backtrack.Status, rds.StatusCompleted)
			harness.Equal(t, "the number of calls", env.Calls(), 1)
		})
	}
}
