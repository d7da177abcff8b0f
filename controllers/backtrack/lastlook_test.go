package backtrack

import (
	"context"
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestDeposedLeaderPausesAndDies has an operator stand still right before it pauses, until another one has brought the
// object to its end; then it pauses, and dies before it can write or undo anything. The one that leads sees to it.
func TestDeposedLeaderPausesAndDies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	leader := w.newOperator(nil)
	leader.round()
	ended := false
	deposed := w.newOperator(func(m moment) error {
		switch {
		case m.What != "patch Deployment":
		case !ended && !m.After:
			leader.finish("undo")
			ended = true
		case ended && m.After && *w.readDeployment("worker").Spec.Replicas == 0:
			return errDead
		}
		return nil
	})
	w.create(undo("undo"))
	for i := 0; i < 10 && deposed.wire.alive(); i++ {
		// What it is told is of no matter: it is about to die.
		_, _ = deposed.backtracks.Reconcile(context.Background(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "game", Name: "undo"}})
	}
	equal(t, "that it lives", deposed.wire.alive(), false)
	equal(t, "the worker's replicas when it died", *w.readDeployment("worker").Spec.Replicas, 0)
	leader.elapse(3 * time.Minute)
	w.nothingPaused()
	equal(t, "the number of calls", w.asked(), 1)
}

// TestFinalizerWaitsForTheResume has a deleted object that can't resume what it paused, for longer than it waits before
// it ends: it stays until it can.
func TestFinalizerWaitsForTheResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	stubborn("worker")(w)
	broken := false
	o, _ := w.watched(func(m moment) error {
		if broken && m.What == "patch Deployment" && !m.After {
			return apierrors.NewInternalError(errors.New("a webhook refuses"))
		}
		return nil
	})
	o.round()
	w.create(undo("undo"))
	o.waits("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	broken = true
	w.remove("undo")
	o.elapse(30 * time.Minute)
	b := w.read("undo")
	if b == nil || b.Status.CompletedAt == "" {
		t.Fatalf("it has gone, or not ended, while the worker is paused: %+v", b)
	}
	equal(t, "the end", verdictOf(b), v1alpha1.ReasonDeleted)
	broken = false
	w.kubelet = rollout
	o.until("undo gone", func() bool { return w.read("undo") == nil })
	w.nothingPaused()
}

// TestTimeToLiveBeginsAtTheEnd has a rewind that takes longer than its object has to live.
func TestTimeToLiveBeginsAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	auroraStatus("modifying")(w)
	var deleted time.Time
	o, _ := w.watched(func(m moment) error {
		if m.What == "delete AuroraBacktrack" {
			deleted = w.clock.Now()
		}
		return nil
	})
	o.round()
	b := undo("undo")
	b.Spec.TTLSecondsAfterFinished = ptr.To[int32](120)
	w.create(b)
	o.elapse(10 * time.Minute)
	auroraStatus("")(w)
	b = o.finish("undo")
	if b == nil {
		t.Fatal("it went before its end")
	}
	end := b.Status.CompletedAt.Time()
	o.until("undo gone", func() bool { return w.read("undo") == nil })
	if lived := deleted.Sub(end); lived < 2*time.Minute || lived > 3*time.Minute {
		t.Errorf("it went %s after its end", lived)
	}
}
