package backtrack

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestWithdrawnBeforeTheCall has everything paused and RDS busy, so that only the last look before the call is left,
// and something withdrawn meanwhile: RDS is not asked once it is free, and nothing stays paused.
func TestWithdrawnBeforeTheCall(t *testing.T) {
	const deadline = 3 * time.Minute // within the pause's time
	for name, test := range map[string]struct {
		object   func(*v1alpha1.AuroraBacktrack)
		withdraw func(*operator)

		wantReason string
	}{
		"its deadline passes": {
			object:     func(b *v1alpha1.AuroraBacktrack) { b.Spec.StartDeadline = v1alpha1.NewTimestamp(start.Add(deadline)) },
			withdraw:   func(o *operator) { o.clock.Step(start.Add(deadline + time.Second).Sub(o.clock.Now())) },
			wantReason: v1alpha1.ReasonExpired,
		},
		"its namespace is not allowed any more": {
			withdraw: func(o *operator) {
				o.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
			},
			wantReason: v1alpha1.ReasonNamespaceNotAllowed,
		},
		"the window closes": {
			withdraw: func(o *operator) {
				o.editCluster("game", func(c *v1alpha1.AuroraCluster) {
					c.Spec.Policy.Windows = []v1alpha1.StartWindow{{Schedule: "0 22 * * *", Duration: "1h", TimeZone: "Etc/UTC"}}
				})
			},
			wantReason: v1alpha1.ReasonPauseTimedOut,
		},
		"approval is asked for": {
			withdraw: func(o *operator) {
				for _, object := range installed() {
					o.create(object)
				}
				o.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.Approval = v1alpha1.ApprovalRequired })
			},
			wantReason: v1alpha1.ReasonPauseTimedOut,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			o, _ := w.watched(nil)
			o.round()
			b := undo("undo")
			if test.object != nil {
				test.object(b)
			}
			w.create(b)
			o.waits("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
			auroraStatus("modifying")(w)
			o.waits("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonClusterNotAvailable)
			test.withdraw(o)
			auroraStatus("")(w)
			b = o.finish("undo")
			equal(t, "the reason", verdictOf(b), test.wantReason)
			equal(t, "the number of calls", w.asked(), 0)
			w.asBefore(b, false)
			o.staysSo("undo")
		})
	}
}

// TestLockIsLostBeforeTheCall has the lock go to another object after the last look before the call has begun: RDS is
// asked only by whoever holds the lock.
func TestLockIsLostBeforeTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	other := undo("other") // runs, as far as anybody can tell, and does nothing
	other.Spec.ClusterRef.Name, other.Spec.Suspend = "nowhere", true
	w.create(other)
	armed := false
	o, _ := w.watched(func(m moment) error {
		if armed && m.What == "DescribeDBClusters" && m.After {
			armed = false
			c := w.readCluster("game")
			c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "game", Name: "other", UID: other.UID}
			w.must(w.api.Status().Update(context.Background(), c))
		}
		return nil
	})
	o.round()
	w.create(undo("undo"))
	o.waits("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	w.clock.Step(time.Second)
	armed = true
	_, err := o.backtracks.Reconcile(context.Background(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "game", Name: "undo"}})
	w.must(err)
	if armed {
		t.Fatal("there was no last look")
	}
	o.elapse(time.Minute)
	equal(t, "the number of calls while another one holds the lock", w.asked(), 0)
	w.remove("other")
	b := o.finish("undo")
	equal(t, "the path", path(b), fullPath)
	equal(t, "the number of calls", w.asked(), 1)
	w.asBefore(b, true)
}
