package backtrack_test

import (
	"context"
	"testing"
	"time"

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

// TestDeposedLeaderPausesAndDies has an operator stand still right before it pauses, until another one has brought the
// object to its end; then it pauses, and dies before it can write or undo anything. The one that leads sees to it.
func TestDeposedLeaderPausesAndDies(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	leader := env.NewOperator(nil)
	leader.ReconcileAll()
	ended := false
	deposed := env.NewOperator(func(m harness.Moment) error {
		switch {
		case m.What != "patch Deployment":
		case !ended && !m.After:
			leader.Finish("undo")
			ended = true
		case ended && m.After && *env.ReadDeployment("worker").Spec.Replicas == 0:
			return harness.ErrKilled
		}
		return nil
	})
	env.Create(harness.NewBacktrack("undo"))
	for i := 0; i < 10 && deposed.Connection.Alive(); i++ {
		// What it is told is of no matter: it is about to die.
		_, _ = deposed.Backtracks.Reconcile(context.Background(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "game", Name: "undo"}})
	}
	harness.Equal(t, "that it lives", deposed.Connection.Alive(), false)
	harness.Equal(t, "the worker's replicas when it died", *env.ReadDeployment("worker").Spec.Replicas, 0)
	leader.Elapse(3 * time.Minute)
	env.CheckNothingPaused()
	harness.Equal(t, "the number of calls", env.Calls(), 1)
}

// TestTogether has two operators that both believe to lead walk side by side: one stands still at any moment, a read
// among them, while the other goes on for a while. The scenario ends as it does with one.
func TestTogether(t *testing.T) {
	ways := uint64(150)
	if testing.Short() {
		ways = 10
	}
	for _, name := range []string{"it succeeds", "the reply is lost", "another one waits for it", "it is deleted after the claim"} {
		s := stories()[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for way := range ways {
				s.TestTogether(t, way)
			}
		})
	}
}
