package backtrack_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestQueue has one rewind at a time, in the order of creation, each of which says where it stands.
func TestQueue(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("zoe"))
	o.WaitFor("zoe", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	for _, name := range []string{"max", "eva", "ada"} {
		b := harness.NewBacktrack(name)
		b.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
		env.Create(b)
		env.Clock.Step(time.Second)
	}
	for range 4 { // eva and ada are looked at before max
		o.ReconcileAll()
	}
	for i, name := range []string{"max", "eva", "ada"} {
		b := env.Read(name)
		want := fmt.Sprintf("number %d in the queue for AuroraCluster game, which AuroraBacktrack game/zoe holds", i+1)
		harness.Equal(t, "the message of "+name, env.Message(b, v1alpha1.ConditionAdmitted), want)
		if b.Status.QueuePosition == nil || *b.Status.QueuePosition != int32(i+1) {
			t.Errorf("the position of %s is %v", name, b.Status.QueuePosition)
		}
	}
	var order []string
	o.Until("all four finished", func() bool {
		for _, name := range []string{"zoe", "max", "eva", "ada"} {
			if env.Read(name).Status.CompletedAt != "" && !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
		return len(order) == 4
	})
	harness.Equal(t, "the order", fmt.Sprint(order), "[zoe max eva ada]")
	harness.Equal(t, "the number of accepted calls", env.AcceptedCalls(), 4)
	harness.Equal(t, "the ledger", env.Ledger(), "completed zoe, completed max, completed eva, completed ada")
	env.CheckNothingPaused()
}

// TestQueueGoesOn has what may happen to whoever comes before: the one behind runs all the same.
func TestQueueGoesOn(t *testing.T) {
	holding := func(o *harness.Operator) {
		o.WaitFor("zoe", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	}
	byForce := func(o *harness.Operator, name string) {
		b := o.Read(name)
		b.Finalizers = nil
		if err := o.API.Update(context.Background(), b); err != nil {
			o.T.Fatal(err)
		}
		o.DeleteIfPresent(name)
	}
	for name, test := range map[string]struct {
		zoe func(*v1alpha1.AuroraBacktrack)
		// before eva is there, and once she waits
		before, then func(*harness.Operator)

		wantQueued bool
	}{
		"the holder vanishes with everything paused": {
			before: holding, then: func(o *harness.Operator) { byForce(o, "zoe") }, wantQueued: true,
		},
		"the holder is replaced by one of the same name": {
			before: holding, wantQueued: true,
			then: func(o *harness.Operator) {
				byForce(o, "zoe")
				b := harness.NewBacktrack("zoe")
				b.Spec.Suspend = true
				o.Create(b)
			},
		},
		"the holder is cancelled": {
			before: holding, wantQueued: true,
			then: func(o *harness.Operator) { o.Edit("zoe", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true }) },
		},
		"the holder is deleted": {
			before: holding, then: func(o *harness.Operator) { o.DeleteIfPresent("zoe") }, wantQueued: true,
		},
		"a finished object left the lock": {
			before: func(o *harness.Operator) {
				b := o.Finish("zoe")
				c := o.ReadCluster("game")
				c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "game", Name: "zoe", UID: b.UID}
				if err := o.API.Status().Update(context.Background(), c); err != nil {
					o.T.Fatal(err)
				}
			},
		},
		"a forged lock of nobody": {
			before: func(o *harness.Operator) {
				o.Finish("zoe")
				c := o.ReadCluster("game")
				c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "nowhere", Name: "nobody", UID: "no-uid"}
				if err := o.API.Status().Update(context.Background(), c); err != nil {
					o.T.Fatal(err)
				}
			},
		},
		"an older one is suspended": {
			zoe:    func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			before: func(o *harness.Operator) { o.WaitFor("zoe", v1alpha1.ConditionAdmitted, v1alpha1.ReasonSuspended) },
		},
		"an older one is in odd shape": {
			zoe:    func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo, b.Spec.StartDeadline = "", "⌚" },
			before: func(o *harness.Operator) { o.Finish("zoe") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			if test.wantQueued {
				harness.KeepPodsOf("worker")(env)
			}
			o, _ := env.NewCheckedOperator(nil)
			o.ReconcileAll()
			zoe := harness.NewBacktrack("zoe")
			if test.zoe != nil {
				test.zoe(zoe)
			}
			env.Create(zoe)
			test.before(o)
			accepted := env.AcceptedCalls()
			b := harness.NewBacktrack("eva")
			b.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
			env.Create(b)
			if test.wantQueued {
				o.WaitFor("eva", v1alpha1.ConditionAdmitted, v1alpha1.ReasonQueued)
				test.then(o)
				env.Kubelet = harness.RollOut
			}
			b = o.Finish("eva")
			harness.Equal(t, "the path", harness.Path(b), fullPath)
			harness.Equal(t, "the number of accepted calls", env.AcceptedCalls(), accepted+1)
			env.CheckNothingPaused()
			o.Elapse(5 * time.Minute)
			env.CheckNothingPaused()
			if holder := env.ReadCluster("game").Status.ActiveBacktrack; holder != nil {
				t.Errorf("the lock is still held by %+v", holder)
			}
		})
	}
}

// TestNobodyElseIsHurt has one object in every kind of trouble, and another one on another cluster that runs
// as if nothing were.
func TestNobodyElseIsHurt(t *testing.T) {
	for name, trouble := range map[string]func(*harness.Env, *v1alpha1.AuroraBacktrack){
		"an unknown AuroraCluster": func(_ *harness.Env, b *v1alpha1.AuroraBacktrack) { b.Spec.ClusterRef.Name = "gaem" },
		"no AuroraCluster at all":  func(_ *harness.Env, b *v1alpha1.AuroraBacktrack) { b.Spec = v1alpha1.AuroraBacktrackSpec{} },
		"an unknown Aurora cluster": func(env *harness.Env, _ *v1alpha1.AuroraBacktrack) {
			env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.DBClusterIdentifier = "nowhere" })
		},
		"a cluster that is never available": func(env *harness.Env, _ *v1alpha1.AuroraBacktrack) {
			harness.SetDBClusterStatus("inaccessible-encryption-credentials")(env)
		},
		"a selector that is none": func(env *harness.Env, _ *v1alpha1.AuroraBacktrack) {
			env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
				c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{
					MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Perhaps"}}}}
			})
		},
		"a status from another world": func(_ *harness.Env, b *v1alpha1.AuroraBacktrack) {
			b.Status = v1alpha1.AuroraBacktrackStatus{
				StartedAt: "yesterday", Claim: &v1alpha1.Claim{ClaimedAt: "never", Attempt: -7},
				Dependents: []v1alpha1.DependentStatus{{Kind: "Toaster", Namespace: "game", Name: "kitchen", Strategy: "Pause"}},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.AddDBCluster("other")
			env.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"}})
			env.Create(harness.NewAuroraCluster("zoo", "other"))
			o := env.NewOperator(nil)
			odd := harness.NewBacktrack("odd")
			trouble(env, odd)
			env.Create(odd)
			good := harness.NewBacktrack("good")
			good.Spec.ClusterRef.Name = "zoo"
			env.Create(good)
			good = o.Finish("good")
			harness.Equal(t, "Succeeded", harness.Verdict(good), v1alpha1.ReasonSucceeded)
			if took := good.Status.CompletedAt.Time().Sub(harness.StartTime); took > 2*time.Minute {
				t.Errorf("it took %s", took)
			}
			calls := 0
			for _, call := range env.RDS.Calls() {
				if call.Operation == "BacktrackDBCluster" && call.Parameters["DBClusterIdentifier"] == "other" {
					calls++
				}
			}
			harness.Equal(t, "the number of calls for the other cluster", calls, 1)
		})
	}
}
