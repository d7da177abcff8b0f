package backtrack_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestToldOnlyWhatIsWritten has every event held against the object in the moment at which it is told: it says what a
// condition already says. Told earlier, it would be untrue where the write then fails.
func TestToldOnlyWhatIsWritten(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	seen, told := env.NewChecker(), 0
	env.OnEvent(func(e *corev1.Event) {
		b := seen.Objects[e.InvolvedObject.UID]
		if b == nil {
			return // it is about the AuroraCluster
		}
		told++
		for _, c := range b.Status.Conditions {
			if c.Reason == e.Reason && c.Message == e.Message {
				return
			}
		}
		t.Errorf("told is %s (%s), and no condition says so", e.Reason, e.Message)
	})
	o := env.NewOperator(nil)
	env.Create(harness.NewBacktrack("undo"))
	b := o.Finish("undo")
	harness.Equal(t, "the path", harness.Path(b), fullPath)
	if told <= len(harness.StepConditions()) { // each step and the end, at the least
		t.Errorf("%d events were told", told)
	}
}
