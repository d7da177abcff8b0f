package backtrack

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestAnotherLeaderPauses has an object begin anew after its status was taken away, and two operators look at it. One
// is about to look for what was left paused when the other one pauses: that is not for the first one to resume.
func TestAnotherLeaderPauses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "game", Name: "undo"}}
	other := w.newOperator(nil)
	armed := false
	o := w.newOperator(func(m moment) error {
		for i := 0; armed && m.What == "get Deployment" && i < 10; i++ {
			_, err := other.backtracks.Reconcile(context.Background(), request)
			w.must(err)
			armed = *w.readDeployment("worker").Spec.Replicas > 0
		}
		return nil
	})
	o.round()
	auroraStatus("modifying")(w)
	w.create(undo("undo"))
	o.waits("undo", v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable) // it holds the lock
	w.wipe("undo")
	auroraStatus("")(w)
	armed = true
	_, err := o.backtracks.Reconcile(context.Background(), request)
	w.must(err)
	equal(t, "that the other one has yet to pause", armed, false)
	equal(t, "the worker's replicas", *w.readDeployment("worker").Spec.Replicas, 0)
	b := o.finish("undo")
	equal(t, "the path", path(b), fullPath)
	equal(t, "the number of calls", w.asked(), 1)
	w.asBefore(b, true)
}
