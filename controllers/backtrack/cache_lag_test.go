package backtrack_test

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

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
	t.Run("who waits hears of an end that the cache learns of after the lock was freed", func(t *testing.T) {
		t.Parallel()
		env := harness.New(t)
		p := env.NewProcess(&harness.Connection{}, backtrack.DefaultSettings())
		reasonOf := func(name, condition string) string {
			if c := meta.FindStatusCondition(env.Read(name).Status.Conditions, condition); c != nil {
				return c.Reason
			}
			return ""
		}
		until := func(holds func() bool, item func() harness.Item) {
			t.Helper()
			for range 1000 {
				if holds() {
					return
				}
				p.Reconcile(item())
			}
			t.Fatal("waited in vain")
		}
		next := func() harness.Item {
			item, due, _ := p.Next()
			env.Clock.Step(max(0, due.Sub(env.Clock.Now())))
			return item
		}
		for i, name := range []string{"ada", "max"} {
			b := harness.NewBacktrack(name)
			b.Spec.BacktrackTo = v1alpha1.Timestamp(fmt.Sprintf("2023-12-23T13:5%d:00Z", i))
			env.Create(b)
		}
		until(func() bool { return reasonOf("ada", v1alpha1.ConditionBacktracked) == v1alpha1.ReasonBacktracking }, next)
		until(func() bool { return reasonOf("max", v1alpha1.ConditionAdmitted) == v1alpha1.ReasonQueued }, next)
		p.FreezeCache()
		until(func() bool {
			return env.Read("ada").Status.CompletedAt != "" && env.ReadCluster("game").Status.ActiveBacktrack == nil
		}, func() harness.Item {
			env.Clock.Step(time.Second)
			return harness.Item{Namespace: "game", Name: "ada"}
		})
		p.TellClusters()
		p.Next() // takes what was told into the queue
		p.Reconcile(harness.Item{Namespace: "game", Name: "max"})
		harness.Equal(t, "why max waits, by the lagging cache", reasonOf("max", v1alpha1.ConditionAdmitted), v1alpha1.ReasonQueued)
		p.ThawCache()
		until(func() bool { return reasonOf("max", v1alpha1.ConditionAdmitted) == v1alpha1.ReasonAdmitted }, func() harness.Item {
			item, due, _ := p.Next()
			if wait := due.Sub(env.Clock.Now()); wait > time.Second {
				t.Fatalf("next is %+v, %s from now: nobody woke max", item, wait)
			}
			return item
		})
	})
}
