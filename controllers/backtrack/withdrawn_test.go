package backtrack_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestWithdrawnBeforeTheCall has everything paused and RDS busy, so that only the last look before the call is left,
// and something withdrawn meanwhile: RDS is not asked once it is free, and nothing stays paused.
func TestWithdrawnBeforeTheCall(t *testing.T) {
	const deadline = 3 * time.Minute // within the pause's time
	for name, test := range map[string]struct {
		object   func(*v1alpha1.AuroraBacktrack)
		withdraw func(*harness.Operator)

		wantReason string
	}{
		"its deadline passes": {
			object: func(b *v1alpha1.AuroraBacktrack) {
				b.Spec.StartDeadline = v1alpha1.NewTimestamp(harness.StartTime.Add(deadline))
			},
			withdraw: func(o *harness.Operator) {
				o.Clock.Step(harness.StartTime.Add(deadline + time.Second).Sub(o.Clock.Now()))
			},
			wantReason: v1alpha1.ReasonExpired,
		},
		"its namespace is not allowed any more": {
			withdraw: func(o *harness.Operator) {
				o.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
			},
			wantReason: v1alpha1.ReasonNamespaceNotAllowed,
		},
		"the window closes": {
			withdraw: func(o *harness.Operator) {
				o.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
					c.Spec.Policy.Windows = []v1alpha1.StartWindow{{Schedule: "0 22 * * *", Duration: "1h", TimeZone: "Etc/UTC"}}
				})
			},
			wantReason: v1alpha1.ReasonPauseTimedOut,
		},
		"approval is asked for": {
			withdraw: func(o *harness.Operator) {
				for _, object := range harness.AdmissionPolicies(o.T) {
					o.Create(object)
				}
				o.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.Approval = v1alpha1.ApprovalRequired })
			},
			wantReason: v1alpha1.ReasonPauseTimedOut,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			o, _ := env.NewCheckedOperator(nil)
			o.ReconcileAll()
			b := harness.NewBacktrack("undo")
			if test.object != nil {
				test.object(b)
			}
			env.Create(b)
			o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
			harness.SetDBClusterStatus("modifying")(env)
			o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonClusterNotAvailable)
			test.withdraw(o)
			harness.SetDBClusterStatus("")(env)
			b = o.Finish("undo")
			harness.Equal(t, "the reason", harness.Verdict(b), test.wantReason)
			harness.Equal(t, "the number of calls", env.Calls(), 0)
			env.CheckRestored(b, false)
			o.CheckStaysEnded("undo")
		})
	}
}

// TestLockIsLostBeforeTheCall has the lock go to another object after the last look before the call has begun: RDS is
// asked only by whoever holds the lock.
func TestLockIsLostBeforeTheCall(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	other := harness.NewBacktrack("other") // runs, as far as anybody can tell, and does nothing
	other.Spec.ClusterRef.Name, other.Spec.Suspend = "nowhere", true
	env.Create(other)
	armed := false
	o, _ := env.NewCheckedOperator(func(m harness.Moment) error {
		if armed && m.What == "DescribeDBClusters" && m.After {
			armed = false
			c := env.ReadCluster("game")
			c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "game", Name: "other", UID: other.UID}
			env.Must(env.API.Status().Update(context.Background(), c))
		}
		return nil
	})
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	env.Clock.Step(time.Second)
	armed = true
	_, err := o.Backtracks.Reconcile(context.Background(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "game", Name: "undo"}})
	env.Must(err)
	if armed {
		t.Fatal("there was no last look")
	}
	o.Elapse(time.Minute)
	harness.Equal(t, "the number of calls while another one holds the lock", env.Calls(), 0)
	env.Delete("other")
	b := o.Finish("undo")
	harness.Equal(t, "the path", harness.Path(b), fullPath)
	harness.Equal(t, "the number of calls", env.Calls(), 1)
	env.CheckRestored(b, true)
}

// TestWithdrawnAtEveryMoment takes from the namespace what it was allowed, at each moment of the way. RDS is asked only
// if the claim was stored by then.
func TestWithdrawnAtEveryMoment(t *testing.T) {
	t.Parallel()
	for name, withdraw := range map[string]func(*v1alpha1.AuroraCluster){
		"the namespace":   func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces.Names = nil },
		"such a distance": func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.MaxRewind = "1m" },
	} {
		refused, asked := 0, 0
		for n, over := 1, false; !over; n++ {
			env := harness.New(t)
			env.CreateDependents()
			var at string
			claimed := false
			hook := func(m harness.Moment) error {
				if m.N != n {
					return nil
				}
				at = fmt.Sprintf("%s, moment %d (%s, after=%t)", name, n, m.What, m.After)
				claimed = len(env.ReadCluster("game").Status.Backtracks) > 0
				env.EditCluster("game", withdraw)
				return nil
			}
			o, _ := env.NewCheckedOperator(hook)
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			b := o.Finish("undo")
			switch over = at == ""; {
			case over:
			case claimed && env.AcceptedCalls() != 1, !claimed && env.AcceptedCalls() != 0:
				t.Errorf("withdrawn at %s, claimed %t, it ended as %s with %d accepted calls", at, claimed, harness.Verdict(b), env.AcceptedCalls())
			case claimed:
				asked++
			default:
				refused++
			}
			env.CheckNothingPaused()
		}
		if refused < 20 || asked < 20 {
			t.Errorf("%s: refused %d times, asked %d times", name, refused, asked)
		}
	}
}
