package backtrack

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestQueue has one rewind at a time, in the order of creation, each of which says where it stands.
func TestQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	o, _ := w.watched(nil)
	o.round()
	w.create(undo("zoe"))
	o.waits("zoe", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	for _, name := range []string{"max", "eva", "ada"} {
		b := undo(name)
		b.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
		w.create(b)
		w.clock.Step(time.Second)
	}
	for range 4 { // eva and ada are looked at before max
		o.round()
	}
	for i, name := range []string{"max", "eva", "ada"} {
		b := w.read(name)
		want := fmt.Sprintf("number %d in the queue for AuroraCluster game, which AuroraBacktrack game/zoe holds", i+1)
		equal(t, "the message of "+name, w.message(b, v1alpha1.ConditionAdmitted), want)
		if b.Status.QueuePosition == nil || *b.Status.QueuePosition != int32(i+1) {
			t.Errorf("the position of %s is %v", name, b.Status.QueuePosition)
		}
	}
	var order []string
	o.until("all four finished", func() bool {
		for _, name := range []string{"zoe", "max", "eva", "ada"} {
			if w.read(name).Status.CompletedAt != "" && !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
		return len(order) == 4
	})
	equal(t, "the order", fmt.Sprint(order), "[zoe max eva ada]")
	equal(t, "the number of accepted calls", w.accepted(), 4)
	equal(t, "the ledger", w.ledger(), "completed zoe, completed max, completed eva, completed ada")
	w.nothingPaused()
}

// TestQueueGoesOn has what may happen to whoever comes before: the one behind runs all the same.
func TestQueueGoesOn(t *testing.T) {
	holding := func(o *operator) {
		o.waits("zoe", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	}
	byForce := func(o *operator, name string) {
		b := o.read(name)
		b.Finalizers = nil
		if err := o.api.Update(context.Background(), b); err != nil {
			o.t.Fatal(err)
		}
		o.delete(name)
	}
	for name, test := range map[string]struct {
		zoe func(*v1alpha1.AuroraBacktrack)
		// before eva is there, and once she waits
		before, then func(*operator)

		wantQueued bool
	}{
		"the holder vanishes with everything paused": {
			before: holding, then: func(o *operator) { byForce(o, "zoe") }, wantQueued: true,
		},
		"the holder is replaced by one of the same name": {
			before: holding, wantQueued: true,
			then: func(o *operator) {
				byForce(o, "zoe")
				b := undo("zoe")
				b.Spec.Suspend = true
				o.create(b)
			},
		},
		"the holder is cancelled": {
			before: holding, wantQueued: true,
			then: func(o *operator) { o.edit("zoe", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true }) },
		},
		"the holder is deleted": {
			before: holding, then: func(o *operator) { o.delete("zoe") }, wantQueued: true,
		},
		"a finished object left the lock": {
			before: func(o *operator) {
				b := o.finish("zoe")
				c := o.readCluster("game")
				c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "game", Name: "zoe", UID: b.UID}
				if err := o.api.Status().Update(context.Background(), c); err != nil {
					o.t.Fatal(err)
				}
			},
		},
		"a forged lock of nobody": {
			before: func(o *operator) {
				o.finish("zoe")
				c := o.readCluster("game")
				c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "nowhere", Name: "nobody", UID: "no-uid"}
				if err := o.api.Status().Update(context.Background(), c); err != nil {
					o.t.Fatal(err)
				}
			},
		},
		"an older one is suspended": {
			zoe:    func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			before: func(o *operator) { o.waits("zoe", v1alpha1.ConditionAdmitted, v1alpha1.ReasonSuspended) },
		},
		"an older one is in odd shape": {
			zoe:    func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo, b.Spec.StartDeadline = "", "⌚" },
			before: func(o *operator) { o.finish("zoe") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			if test.wantQueued {
				stubborn("worker")(w)
			}
			o, _ := w.watched(nil)
			o.round()
			zoe := undo("zoe")
			if test.zoe != nil {
				test.zoe(zoe)
			}
			w.create(zoe)
			test.before(o)
			accepted := w.accepted()
			b := undo("eva")
			b.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
			w.create(b)
			if test.wantQueued {
				o.waits("eva", v1alpha1.ConditionAdmitted, v1alpha1.ReasonQueued)
				test.then(o)
				w.kubelet = rollout
			}
			b = o.finish("eva")
			equal(t, "the path", path(b), fullPath)
			equal(t, "the number of accepted calls", w.accepted(), accepted+1)
			w.nothingPaused()
			o.elapse(5 * time.Minute)
			w.nothingPaused()
			if holder := w.readCluster("game").Status.ActiveBacktrack; holder != nil {
				t.Errorf("the lock is still held by %+v", holder)
			}
		})
	}
}

// TestNobodyElseIsHurt has one object in every kind of trouble, and another one on another cluster that runs
// as if nothing were.
func TestNobodyElseIsHurt(t *testing.T) {
	for name, trouble := range map[string]func(*world, *v1alpha1.AuroraBacktrack){
		"an unknown AuroraCluster": func(_ *world, b *v1alpha1.AuroraBacktrack) { b.Spec.ClusterRef.Name = "gaem" },
		"no AuroraCluster at all":  func(_ *world, b *v1alpha1.AuroraBacktrack) { b.Spec = v1alpha1.AuroraBacktrackSpec{} },
		"an unknown Aurora cluster": func(w *world, _ *v1alpha1.AuroraBacktrack) {
			w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.DBClusterIdentifier = "nowhere" })
		},
		"a cluster that is never available": func(w *world, _ *v1alpha1.AuroraBacktrack) { auroraStatus("inaccessible-encryption-credentials")(w) },
		"a selector that is none": func(w *world, _ *v1alpha1.AuroraBacktrack) {
			w.editCluster("game", func(c *v1alpha1.AuroraCluster) {
				c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{
					MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Perhaps"}}}}
			})
		},
		"a status from another world": func(_ *world, b *v1alpha1.AuroraBacktrack) {
			b.Status = v1alpha1.AuroraBacktrackStatus{
				StartedAt: "yesterday", Claim: &v1alpha1.Claim{ClaimedAt: "never", Attempt: -7},
				Dependents: []v1alpha1.DependentStatus{{Kind: "Toaster", Namespace: "game", Name: "kitchen", Strategy: "Pause"}},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.addAurora("other")
			w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"}})
			w.create(auroraCluster("zoo", "other"))
			o := w.newOperator(nil)
			odd := undo("odd")
			trouble(w, odd)
			w.create(odd)
			good := undo("good")
			good.Spec.ClusterRef.Name = "zoo"
			w.create(good)
			good = o.finish("good")
			equal(t, "Succeeded", verdictOf(good), v1alpha1.ReasonSucceeded)
			if took := good.Status.CompletedAt.Time().Sub(start); took > 2*time.Minute {
				t.Errorf("it took %s", took)
			}
			calls := 0
			for _, call := range w.rds.Calls() {
				if call.Operation == "BacktrackDBCluster" && call.Parameters["DBClusterIdentifier"] == "other" {
					calls++
				}
			}
			equal(t, "the number of calls for the other cluster", calls, 1)
		})
	}
}
