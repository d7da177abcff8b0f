package backtrack_test

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestNamespaceDoesNotHang deletes an object with its namespace while a workload refuses to be resumed. The workload is
// tried for a while after the end, and then the namespace can go. Without its namespace being deleted, the object stays
// for as long as the workload refuses.
func TestNamespaceDoesNotHang(t *testing.T) {
	for name, namespaceGoes := range map[string]bool{"with its namespace": true, "by itself": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			refuses := false
			o := env.NewOperator(func(m harness.Moment) error {
				if refuses && m.What == "patch Deployment" {
					return errors.New("a webhook denied it")
				}
				return nil
			})
			o.ReconcileAll()
			env.Kubelet = harness.KeepPodsOf("worker")
			env.Create(harness.NewBacktrack("undo"))
			o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
			o.Until("worker is paused", func() bool { return *env.ReadDeployment("worker").Spec.Replicas == 0 })
			refuses = true
			env.DeleteIfPresent("undo")
			if namespaceGoes {
				env.Must(env.API.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "game"}}))
			}
			b := o.Finish("undo")
			harness.Equal(t, "it is there after its end", b != nil, true)
			o.Elapse(5 * time.Minute)
			harness.Equal(t, "it is there while the workload may still be resumed", env.Read("undo") != nil, true)
			o.Elapse(10 * time.Minute)
			harness.Equal(t, "it is gone in the end", env.Read("undo") == nil, namespaceGoes)
			if !namespaceGoes {
				refuses = false
				o.Until("it is gone once the workload lets itself be resumed", func() bool { return env.Read("undo") == nil })
				env.CheckNothingPaused()
			}
		})
	}
}

// TestTimeToLiveInALeavingNamespace has the time to live run out when the operator may no longer delete in the namespace.
func TestTimeToLiveInALeavingNamespace(t *testing.T) {
	env := harness.New(t)
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "aurorabacktracks"}, "undo", errors.New("no Role"))
	o := env.NewOperator(func(m harness.Moment) error {
		if m.What == "delete AuroraBacktrack" {
			return forbidden
		}
		return nil
	})
	o.ReconcileAll()
	b := harness.NewBacktrack("undo")
	b.Spec.TTLSecondsAfterFinished = ptr.To[int32](60)
	env.Create(b)
	o.Finish("undo")
	o.Elapse(time.Minute)
	env.Clock.Step(time.Hour)
	look := func() (ctrl.Result, error) {
		return o.Backtracks.Reconcile(context.Background(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "game", Name: "undo"}})
	}
	if _, err := look(); !apierrors.IsForbidden(err) {
		t.Errorf("while the namespace stays: %v", err)
	}
	env.Must(env.API.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "game"}}))
	if result, err := look(); err != nil || result.RequeueAfter > 0 {
		t.Errorf("when the namespace goes: %+v, %v", result, err)
	}
}
