// Package claim keeps a rewind to at most one accepted call: the claim that is stored before RDS is asked, the ledger in an
// AuroraCluster's status that outlives the object, and the search in RDS's history for the record of a claim whose answer
// was lost. It is pure: it changes objects in memory, and the caller's optimistic lock makes the change safe.
package claim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// StatusClaimed is the status of an entry whose call may have been made and whose record is not known yet.
const StatusClaimed = "claimed"

// Hash identifies what an object asks for: everything in the spec that decides what RDS is asked, and when.
// Two ways of writing one time give one hash.
func Hash(spec v1alpha1.AuroraBacktrackSpec) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%t|%t|%s|%s", spec.ClusterRef.Name, v1alpha1.NewTimestamp(spec.BacktrackTo.Time()),
		spec.Force, spec.UseEarliestTimeOnPointInTimeUnavailable, v1alpha1.NewTimestamp(spec.StartDeadline.Time()), spec.Repeat))
	return hex.EncodeToString(sum[:16])
}

// Find gives the entry of the object's wish: of this object, or of an earlier one with its name and spec.
func Find(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack) *v1alpha1.LedgerEntry {
	hash := Hash(b.Spec)
	for i := len(c.Status.Backtracks) - 1; i >= 0; i-- {
		entry := &c.Status.Backtracks[i]
		if entry.RequestedBy == nil {
			continue
		}
		if entry.RequestedBy.UID == b.UID ||
			entry.RequestedBy.Namespace == b.Namespace && entry.RequestedBy.Name == b.Name && entry.SpecHash == hash {
			return entry
		}
	}
	return nil
}

// Enter notes that the object is about to ask RDS, and reports whether it may. It may not while the ledger has
// a claim of its wish that the object itself does not know: another operator may be calling at this moment. Nor may it
// while the ledger has no room.
func Enter(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack, claim v1alpha1.Claim) bool {
	entry := Find(c, b)
	known := b.Status.Claim
	if entry != nil && (known == nil || known.ClaimedAt != entry.ClaimedAt || entry.ID != "") {
		return false
	}
	if entry == nil {
		if !makeRoom(c) {
			return false
		}
		c.Status.Backtracks = append(c.Status.Backtracks, v1alpha1.LedgerEntry{})
		entry = &c.Status.Backtracks[len(c.Status.Backtracks)-1]
	}
	ref := lock.Reference(b)
	*entry = v1alpha1.LedgerEntry{
		Status: StatusClaimed, RequestedBy: &ref, SpecHash: Hash(b.Spec), BacktrackTo: claim.BacktrackTo,
		ClaimedAt: claim.ClaimedAt, ClockSkew: claim.ClockSkew, Attempt: claim.Attempt,
		DBClusterResourceID: claim.DBClusterResourceID,
	}
	return true
}

// HasRoom reports whether the object's claim would find room in the ledger. It is asked before anything is paused.
func HasRoom(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack) bool {
	return Find(c, b) != nil || len(c.Status.Backtracks) < capacity || droppable(c) >= 0
}

// Withdraw removes the claim, this very one, of the object's wish when RDS certainly did not accept it. It reports
// whether it was there.
func Withdraw(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack, claim v1alpha1.Claim) bool {
	entry := Find(c, b)
	if entry == nil || entry.ID != "" || entry.ClaimedAt != claim.ClaimedAt || entry.Attempt != claim.Attempt {
		return false
	}
	for i := range c.Status.Backtracks {
		if &c.Status.Backtracks[i] == entry {
			c.Status.Backtracks = append(c.Status.Backtracks[:i:i], c.Status.Backtracks[i+1:]...)
			return true
		}
	}
	return false
}

// Record puts RDS's record on the object's entry, and reports whether that changed anything. An entry that RDS's
// history brought in without a name is joined with it.
func Record(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack, record v1alpha1.BacktrackRecord) bool {
	before := len(c.Status.Backtracks)
	kept := c.Status.Backtracks[:0:0]
	for _, entry := range c.Status.Backtracks {
		if entry.ID == record.ID && entry.RequestedBy == nil {
			continue
		}
		kept = append(kept, entry)
	}
	c.Status.Backtracks = kept
	entry := Find(c, b)
	if entry == nil {
		makeRoom(c)
		ref := lock.Reference(b)
		c.Status.Backtracks = append(c.Status.Backtracks, v1alpha1.LedgerEntry{RequestedBy: &ref, SpecHash: Hash(b.Spec)})
		entry = &c.Status.Backtracks[len(c.Status.Backtracks)-1]
	}
	changed := apply(entry, record)
	return changed || len(kept) != before
}

// Recorded reports whether the ledger has the record on the object's entry already, and its end if it has ended. What it reads
// in between is in the object's own status.
func Recorded(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack, record v1alpha1.BacktrackRecord) bool {
	entry := Find(c, b)
	if entry == nil {
		return false
	}
	for i := range c.Status.Backtracks {
		if e := &c.Status.Backtracks[i]; e.ID == record.ID && e.RequestedBy == nil {
			return false
		}
	}
	updated := *entry
	apply(&updated, record)
	return entry.ID == record.ID && ended(entry.Status) == ended(updated.Status)
}

// apply copies RDS's record into the entry. A status that says the end is never replaced by an earlier one.
func apply(entry *v1alpha1.LedgerEntry, record v1alpha1.BacktrackRecord) bool {
	old := *entry
	entry.ID, entry.RequestedAt, entry.BacktrackTo = record.ID, record.RequestedAt, record.BacktrackTo
	if record.BacktrackedFrom != "" {
		entry.BacktrackedFrom = record.BacktrackedFrom
	}
	if !ended(old.Status) {
		entry.Status = record.Status
	}
	return *entry != old
}

func byID(c *v1alpha1.AuroraCluster, id string) *v1alpha1.LedgerEntry {
	for i := range c.Status.Backtracks {
		if c.Status.Backtracks[i].ID == id && id != "" {
			return &c.Status.Backtracks[i]
		}
	}
	return nil
}

// Accounted reports whether some object is known to have asked for the record.
func Accounted(c *v1alpha1.AuroraCluster, id string) bool {
	entry := byID(c, id)
	return entry != nil && entry.RequestedBy != nil
}

// AccountedToOther reports whether the record is known to belong to another object.
func AccountedToOther(c *v1alpha1.AuroraCluster, id string, b *v1alpha1.AuroraBacktrack) bool {
	entry := byID(c, id)
	return entry != nil && entry.RequestedBy != nil && entry != Find(c, b)
}

// Adopted is the claim that the ledger has of an earlier run of the object's wish, as the object's own.
func Adopted(entry *v1alpha1.LedgerEntry, target v1alpha1.Timestamp) v1alpha1.Claim {
	return v1alpha1.Claim{
		ClaimedAt: entry.ClaimedAt, BacktrackTo: target, Attempt: max(entry.Attempt, 1), ClockSkew: entry.ClockSkew,
		DBClusterResourceID: entry.DBClusterResourceID,
	}
}

// RecordOf is RDS's record as the ledger has it.
func RecordOf(entry *v1alpha1.LedgerEntry) v1alpha1.BacktrackRecord {
	return v1alpha1.BacktrackRecord{
		ID: entry.ID, RequestedAt: entry.RequestedAt, BacktrackTo: entry.BacktrackTo,
		BacktrackedFrom: entry.BacktrackedFrom, Status: entry.Status,
	}
}
