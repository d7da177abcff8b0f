package harness

import (
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// What the harness reads in the lock and the ledger by itself: it does not ask the code that it judges.

// Reference names the object as a lock or an entry of the ledger does.
func Reference(b *v1alpha1.AuroraBacktrack) v1alpha1.ObjectReference {
	return v1alpha1.ObjectReference{Namespace: b.Namespace, Name: b.Name, UID: b.UID}
}

// HoldsLock reports whether the object has the lock of the AuroraCluster.
func HoldsLock(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack) bool {
	owner := Reference(b)
	if of := b.Spec.UndoOf; of != nil { // an undo runs under the lock of what it undoes
		owner.Name, owner.UID = of.Name, of.UID
	}
	return c.Status.ActiveBacktrack != nil && *c.Status.ActiveBacktrack == owner
}

// ledgerEntry is the newest entry in the ledger of the object, or of an earlier one with its wish; nil without one.
func (s *Checker) ledgerEntry(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack) *v1alpha1.LedgerEntry {
	for i := len(c.Status.Backtracks) - 1; i >= 0; i-- {
		by := c.Status.Backtracks[i].RequestedBy
		if by == nil {
			continue
		}
		if earlier := s.Objects[by.UID]; by.UID == b.UID || earlier != nil && wishOf(earlier) == wishOf(b) {
			return &c.Status.Backtracks[i]
		}
	}
	return nil
}

// wishOf is what two objects have in common of which the second must not rewind again: the name, and all in the
// spec that decides what RDS is asked for. Two ways of writing one time are one.
func wishOf(b *v1alpha1.AuroraBacktrack) string {
	return fmt.Sprint(b.Namespace, b.Name, b.Spec.ClusterRef.Name, v1alpha1.NewTimestamp(b.Spec.BacktrackTo.Time()), b.Spec.Force,
		b.Spec.UseEarliestTimeOnPointInTimeUnavailable, v1alpha1.NewTimestamp(b.Spec.StartDeadline.Time()), b.Spec.Repeat)
}
