package backtrack_test

import (
	"fmt"
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

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
