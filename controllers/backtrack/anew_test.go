package backtrack_test

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestAnotherLeaderPauses has an object begin anew after its status was taken away, and two operators look at it. One
// is about to look for what was left paused when the other one pauses: that is not for the first one to resume.
func TestAnotherLeaderPauses(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "game", Name: "undo"}}
	other := env.NewOperator(nil)
	armed := false
	o := env.NewOperator(func(m harness.Moment) error {
		for i := 0; armed && m.What == "get Deployment" && i < 10; i++ {
			_, err := other.Backtracks.Reconcile(context.Background(), request)
			env.Must(err)
			armed = *env.ReadDeployment("worker").Spec.Replicas > 0
		}
		return nil
	})
	o.ReconcileAll()
	harness.SetDBClusterStatus("modifying")(env)
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable) // it holds the lock
	env.WipeStatus("undo")
	harness.SetDBClusterStatus("")(env)
	armed = true
	_, err := o.Backtracks.Reconcile(context.Background(), request)
	env.Must(err)
	harness.Equal(t, "that the other one has yet to pause", armed, false)
	harness.Equal(t, "the worker's replicas", *env.ReadDeployment("worker").Spec.Replicas, 0)
	b := o.Finish("undo")
	harness.Equal(t, "the path", harness.Path(b), fullPath)
	harness.Equal(t, "the number of calls", env.Calls(), 1)
	env.CheckRestored(b, true)
}
