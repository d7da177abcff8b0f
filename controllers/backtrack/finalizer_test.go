package backtrack_test

import (
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestFinalizerWaitsForTheResume has a deleted object that can't resume what it paused, for longer than it waits before
// it ends: it stays until it can.
func TestFinalizerWaitsForTheResume(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	harness.KeepPodsOf("worker")(env)
	broken := false
	o, _ := env.NewCheckedOperator(func(m harness.Moment) error {
		if broken && m.What == "patch Deployment" && !m.After {
			return apierrors.NewInternalError(errors.New("a webhook refuses"))
		}
		return nil
	})
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	broken = true
	env.Delete("undo")
	o.Elapse(30 * time.Minute)
	b := env.Read("undo")
	if b == nil || b.Status.CompletedAt == "" {
		t.Fatalf("it has gone, or not ended, while the worker is paused: %+v", b)
	}
	harness.Equal(t, "the end", harness.Verdict(b), v1alpha1.ReasonDeleted)
	broken = false
	env.Kubelet = harness.RollOut
	o.Until("undo gone", func() bool { return env.Read("undo") == nil })
	env.CheckNothingPaused()
}

// TestTimeToLiveBeginsAtTheEnd has a rewind that takes longer than its object has to live.
func TestTimeToLiveBeginsAtTheEnd(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	harness.SetDBClusterStatus("modifying")(env)
	var deleted time.Time
	o, _ := env.NewCheckedOperator(func(m harness.Moment) error {
		if m.What == "delete AuroraBacktrack" {
			deleted = env.Clock.Now()
		}
		return nil
	})
	o.ReconcileAll()
	b := harness.NewBacktrack("undo")
	b.Spec.TTLSecondsAfterFinished = ptr.To[int32](120)
	env.Create(b)
	o.Elapse(10 * time.Minute)
	harness.SetDBClusterStatus("")(env)
	b = o.Finish("undo")
	if b == nil {
		t.Fatal("it went before its end")
	}
	end := b.Status.CompletedAt.Time()
	o.Until("undo gone", func() bool { return env.Read("undo") == nil })
	if lived := deleted.Sub(end); lived < 2*time.Minute || lived > 3*time.Minute {
		t.Errorf("it went %s after its end", lived)
	}
}
