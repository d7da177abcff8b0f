package backtrack

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestRewindRestartsAndPauses(t *testing.T) {
	w := newWorld(t)
	w.create(deployment("game-api", 2, v1alpha1.StrategyRestart))
	w.create(deployment("worker", 3, v1alpha1.StrategyPause))
	o := w.newOperator(nil)
	rollout(w)
	w.create(undo("undo"))
	b := o.finish("undo")

	for _, condition := range stepConditions() {
		if !meta.IsStatusConditionTrue(b.Status.Conditions, condition) {
			t.Errorf("%s is not True", condition)
		}
	}
	if !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionSucceeded) {
		t.Errorf("it did not succeed")
	}
	if w.accepted() != 1 || w.asked() != 1 {
		t.Errorf("RDS was asked %d times and accepted %d", w.asked(), w.accepted())
	}
	if got := w.readDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation]; got != string(b.UID) {
		t.Errorf("game-api was restarted by %q, want %q", got, b.UID)
	}
	if got := ptr.Deref(w.readDeployment("worker").Spec.Replicas, -1); got != 3 {
		t.Errorf("worker has %d replicas, want 3", got)
	}
	if holder := w.readCluster("game").Status.ActiveBacktrack; holder != nil {
		t.Errorf("the lock is still held by %+v", holder)
	}
	if t.Failed() {
		t.Log(w.describe())
	}
}
