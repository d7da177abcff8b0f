package backtrack_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

func TestRewindRestartsAndPauses(t *testing.T) {
	env := harness.New(t)
	env.Create(harness.NewDeployment("game-api", 2, v1alpha1.StrategyRestart))
	env.Create(harness.NewDeployment("worker", 3, v1alpha1.StrategyPause))
	o := env.NewOperator(nil)
	harness.RollOut(env)
	env.Create(harness.NewBacktrack("undo"))
	b := o.Finish("undo")

	for _, condition := range harness.StepConditions() {
		if !meta.IsStatusConditionTrue(b.Status.Conditions, condition) {
			t.Errorf("%s is not True", condition)
		}
	}
	if !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionSucceeded) {
		t.Errorf("it did not succeed")
	}
	if env.AcceptedCalls() != 1 || env.Calls() != 1 {
		t.Errorf("RDS was asked %d times and accepted %d", env.Calls(), env.AcceptedCalls())
	}
	if got := env.ReadDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation]; got != string(b.UID) {
		t.Errorf("game-api was restarted by %q, want %q", got, b.UID)
	}
	if got := ptr.Deref(env.ReadDeployment("worker").Spec.Replicas, -1); got != 3 {
		t.Errorf("worker has %d replicas, want 3", got)
	}
	if holder := env.ReadCluster("game").Status.ActiveBacktrack; holder != nil {
		t.Errorf("the lock is still held by %+v", holder)
	}
	if t.Failed() {
		t.Log(env.Describe())
	}
}
