package claim

import (
	"slices"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// capacity is how many entries the ledger keeps, within the 1,000 that the CRD admits.
const capacity = 900

// makeRoom drops entries until one more fits, and reports whether it does.
func makeRoom(c *v1alpha1.AuroraCluster) bool {
	for len(c.Status.Backtracks) >= capacity {
		if !dropOne(c) {
			return false
		}
	}
	return true
}

func dropOne(c *v1alpha1.AuroraCluster) bool {
	i := droppable(c)
	if i < 0 {
		return false
	}
	c.Status.Backtracks = slices.Delete(slices.Clone(c.Status.Backtracks), i, i+1)
	return true
}

// droppable is the index of the entry that a full ledger can do without best: the oldest backtrack made elsewhere, else the
// oldest of ours that has ended, for which RDS's own history remains as a witness. An open claim is never dropped. -1
// when there is none.
func droppable(c *v1alpha1.AuroraCluster) int {
	own := -1
	for i, entry := range c.Status.Backtracks {
		if entry.RequestedBy == nil {
			return i
		}
		if own < 0 && ended(entry.Status) {
			own = i
		}
	}
	return own
}

func ended(status string) bool { return status == "completed" || status == "failed" }
