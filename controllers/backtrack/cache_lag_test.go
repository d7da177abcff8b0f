package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestLaggingCache has an operator whose cache has stood still, and what it does must not go by that.
func TestLaggingCache(t *testing.T) {
	t.Run("an object that has ended since is not paused for once more", func(t *testing.T) {
		t.Parallel()
		env := harness.New(t)
		env.CreateDependents()
		writes := 0
		lagging := env.NewProcess(&harness.Connection{Hook: func(m harness.Moment) error {
			if m.What == "patch Deployment" {
				writes++
			}
			return nil
		}}, backtrack.DefaultSettings())
		leader := env.NewOperator(func(m harness.Moment) error {
			if m.What == "patch Deployment" { // the object says what is to be paused, and that none is yet
				lagging.FreezeCache()
			}
			return nil
		})
		leader.ReconcileAll()
		env.Create(harness.NewBacktrack("undo"))
		leader.Finish("undo")
		leader.Elapse(2 * time.Minute)
		lagging.Reconcile(harness.Item{Namespace: "game", Name: "undo"})
		harness.Equal(t, "the number of writes to workloads", writes, 0)
		env.CheckNothingPaused()
	})
	t.Run("a holder that it has not heard of is not gone", func(t *testing.T) {
		t.Parallel()
		env := harness.New(t)
		env.CreateDependents()
		harness.KeepPodsOf("worker")(env)
		leader := env.NewOperator(nil)
		leader.ReconcileAll()
		eva := harness.NewBacktrack("eva")
		eva.Spec.Suspend = true
		env.Create(eva)
		lagging := env.NewProcess(&harness.Connection{}, backtrack.DefaultSettings())
		lagging.FreezeCache()
		env.Create(harness.NewBacktrack("zoe"))
		leader.WaitFor("zoe", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
		env.Edit("eva", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
		lagging.Reconcile(harness.Item{Namespace: "game", Name: "eva"})
		if holder := env.ReadCluster("game").Status.ActiveBacktrack; holder == nil || holder.Name != "zoe" {
			t.Errorf("the lock is held by %+v", holder)
		}
		harness.Equal(t, "the worker's replicas", *env.ReadDeployment("worker").Spec.Replicas, 0)
	})
}
