package backtrack

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// TestToldOnlyWhatIsWritten has every event held against the object in the moment at which it is told: it says what a
// condition already says. Told earlier, it would be untrue where the write then fails.
func TestToldOnlyWhatIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	seen, told := w.watch(), 0
	w.server.OnChange(func(_, object fakeapi.Object) {
		if kind, _ := object["kind"].(string); kind != "Event" {
			return
		}
		_, e := typed[corev1.Event](w, change{nil, object})
		b := seen.objects[e.InvolvedObject.UID]
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
	o := w.newOperator(nil)
	w.create(undo("undo"))
	b := o.finish("undo")
	equal(t, "the path", path(b), fullPath)
	if told <= len(stepConditions()) { // each step and the end, at the least
		t.Errorf("%d events were told", told)
	}
}
