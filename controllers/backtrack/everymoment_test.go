package backtrack

import (
	"fmt"
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
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
			w := newWorld(t)
			w.dependents()
			var at string
			claimed := false
			hook := func(m moment) error {
				if m.N != n {
					return nil
				}
				at = fmt.Sprintf("%s, moment %d (%s, after=%t)", name, n, m.What, m.After)
				claimed = len(w.readCluster("game").Status.Backtracks) > 0
				w.editCluster("game", withdraw)
				return nil
			}
			o, _ := w.watched(hook)
			o.round()
			w.create(undo("undo"))
			b := o.finish("undo")
			switch over = at == ""; {
			case over:
			case claimed && w.accepted() != 1, !claimed && w.accepted() != 0:
				t.Errorf("withdrawn at %s, claimed %t, it ended as %s with %d accepted calls", at, claimed, reasonOf(b), w.accepted())
			case claimed:
				asked++
			default:
				refused++
			}
			w.nothingPaused()
		}
		if refused < 20 || asked < 20 {
			t.Errorf("%s: refused %d times, asked %d times", name, refused, asked)
		}
	}
}
