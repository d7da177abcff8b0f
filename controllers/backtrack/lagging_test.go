package backtrack

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestLaggingCache has an operator whose cache has stood still, and what it does must not go by that.
func TestLaggingCache(t *testing.T) {
	t.Run("an object that has ended since is not paused for once more", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.dependents()
		writes := 0
		lagging := w.newProcess(&wire{hook: func(m moment) error {
			if m.What == "patch Deployment" {
				writes++
			}
			return nil
		}}, DefaultSettings())
		leader := w.newOperator(func(m moment) error {
			if m.What == "patch Deployment" { // the object says what is to be paused, and that none is yet
				lagging.freeze()
			}
			return nil
		})
		leader.round()
		w.create(undo("undo"))
		leader.finish("undo")
		leader.elapse(2 * time.Minute)
		lagging.reconcile(item{namespace: "game", name: "undo"})
		equal(t, "the number of writes to workloads", writes, 0)
		w.nothingPaused()
	})
	t.Run("a holder that it has not heard of is not gone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.dependents()
		stubborn("worker")(w)
		leader := w.newOperator(nil)
		leader.round()
		eva := undo("eva")
		eva.Spec.Suspend = true
		w.create(eva)
		lagging := w.newProcess(&wire{}, DefaultSettings())
		lagging.freeze()
		w.create(undo("zoe"))
		leader.waits("zoe", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
		w.edit("eva", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
		lagging.reconcile(item{namespace: "game", name: "eva"})
		if holder := w.readCluster("game").Status.ActiveBacktrack; holder == nil || holder.Name != "zoe" {
			t.Errorf("the lock is held by %+v", holder)
		}
		equal(t, "the worker's replicas", *w.readDeployment("worker").Spec.Replicas, 0)
	})
}
