// Package ledger keeps the lock and the ledger in an AuroraCluster's status. It is pure: it changes the object
// in memory, and the caller's optimistic lock on that object is what makes the change safe.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// StatusClaimed is the status of an entry whose call may have been made and whose record is not known yet.
const StatusClaimed = "claimed"

// Reference names the object.
func Reference(b *v1alpha1.AuroraBacktrack) v1alpha1.ObjectReference {
	return v1alpha1.ObjectReference{Namespace: b.Namespace, Name: b.Name, UID: b.UID}
}

// Hold takes the lock for the object, and tells whether the object has it.
func Hold(c *v1alpha1.AuroraCluster, ref v1alpha1.ObjectReference) bool {
	if c.Status.ActiveBacktrack == nil {
		c.Status.ActiveBacktrack = &ref
	}
	return Holds(c, ref)
}

// Holds tells whether the object has the lock.
func Holds(c *v1alpha1.AuroraCluster, ref v1alpha1.ObjectReference) bool {
	return c.Status.ActiveBacktrack != nil && *c.Status.ActiveBacktrack == ref
}

// Release frees the lock if the object has it, and tells whether it did.
func Release(c *v1alpha1.AuroraCluster, ref v1alpha1.ObjectReference) bool {
	if !Holds(c, ref) {
		return false
	}
	c.Status.ActiveBacktrack = nil
	return true
}

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

// Claim notes that the object is about to ask RDS, and tells whether it may. It may not while the ledger has
// a claim of its wish that the object itself does not know: another operator may be calling at this moment.
func Claim(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack, claim v1alpha1.Claim) bool {
	entry := Find(c, b)
	known := b.Status.Claim
	if entry != nil && (known == nil || known.ClaimedAt != entry.ClaimedAt || entry.ID != "") {
		return false
	}
	if entry == nil {
		c.Status.Backtracks = append(c.Status.Backtracks, v1alpha1.LedgerEntry{})
		entry = &c.Status.Backtracks[len(c.Status.Backtracks)-1]
	}
	ref := Reference(b)
	*entry = v1alpha1.LedgerEntry{
		Status: StatusClaimed, RequestedBy: &ref, SpecHash: Hash(b.Spec), BacktrackTo: claim.BacktrackTo,
		ClaimedAt: claim.ClaimedAt, ClockSkew: claim.ClockSkew, Attempt: claim.Attempt,
	}
	return true
}

// Unclaim removes the claim, this very one, of the object's wish when RDS certainly did not accept it. It tells
// whether it was there.
func Unclaim(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack, claim v1alpha1.Claim) bool {
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

// Record puts RDS's record on the object's entry, and tells whether that changed anything. An entry that RDS's
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
		ref := Reference(b)
		c.Status.Backtracks = append(c.Status.Backtracks, v1alpha1.LedgerEntry{RequestedBy: &ref, SpecHash: Hash(b.Spec)})
		entry = &c.Status.Backtracks[len(c.Status.Backtracks)-1]
	}
	changed := apply(entry, record)
	return changed || len(kept) != before
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

func ended(status string) bool { return status == "completed" || status == "failed" }

// most is how many entries are kept at the most, within the schema's bound.
const most = 900

// Merge brings RDS's history into the ledger: records of ours are updated, others are added as made elsewhere.
// It returns those that it had not known, oldest first. Entries that are older than the longest backtrack
// window go, oldest first; younger ones stay.
func Merge(c *v1alpha1.AuroraCluster, history []v1alpha1.BacktrackRecord, now time.Time) (elsewhere []v1alpha1.LedgerEntry) {
	for _, record := range history {
		entry := byID(c, record.ID)
		if entry != nil {
			apply(entry, record)
			continue
		}
		if claimed(c, record) {
			continue // an object's claim is open: the object itself says whether the record is its own
		}
		added := v1alpha1.LedgerEntry{}
		apply(&added, record)
		if expired(added, now) || crowdedOut(c, added) {
			continue
		}
		c.Status.Backtracks = append(c.Status.Backtracks, added)
		elsewhere = append(elsewhere, added)
	}
	prune(c, now)
	return elsewhere
}

// window is RDS's longest backtrack window: an older entry can no longer matter to anyone.
const window = 72 * time.Hour

func expired(entry v1alpha1.LedgerEntry, now time.Time) bool {
	at := entry.RequestedAt.Time()
	if at.IsZero() {
		at = entry.ClaimedAt.Time()
	}
	return now.Sub(at) > window
}

// crowdedOut tells whether the ledger is full and had no room for a backtrack made elsewhere at that time.
func crowdedOut(c *v1alpha1.AuroraCluster, added v1alpha1.LedgerEntry) bool {
	if len(c.Status.Backtracks) < most {
		return false
	}
	for _, entry := range c.Status.Backtracks {
		if entry.RequestedBy == nil {
			return added.RequestedAt.Time().Before(entry.RequestedAt.Time())
		}
	}
	return true
}

func prune(c *v1alpha1.AuroraCluster, now time.Time) {
	kept := c.Status.Backtracks[:0:0]
	surplus := len(c.Status.Backtracks) - most
	for _, entry := range c.Status.Backtracks {
		foreign := entry.RequestedBy == nil
		if expired(entry, now) || (surplus > 0 && foreign) {
			surplus--
			continue
		}
		kept = append(kept, entry)
	}
	c.Status.Backtracks = kept
}

func byID(c *v1alpha1.AuroraCluster, id string) *v1alpha1.LedgerEntry {
	for i := range c.Status.Backtracks {
		if c.Status.Backtracks[i].ID == id && id != "" {
			return &c.Status.Backtracks[i]
		}
	}
	return nil
}

// claimed tells whether the open claim of the object that holds the lock may be the record's origin. An object
// that has ended without knowing what became of its claim says no more about it.
func claimed(c *v1alpha1.AuroraCluster, record v1alpha1.BacktrackRecord) bool {
	for _, entry := range c.Status.Backtracks {
		if entry.ID != "" || entry.Status != StatusClaimed || entry.RequestedBy == nil || !Holds(c, *entry.RequestedBy) {
			continue
		}
		if apart := record.RequestedAt.Time().Sub(entry.ClaimedAt.Time()); apart.Abs() < time.Hour {
			return true
		}
	}
	return false
}

// Accounted tells whether some object is known to have asked for the record.
func Accounted(c *v1alpha1.AuroraCluster, id string) bool {
	entry := byID(c, id)
	return entry != nil && entry.RequestedBy != nil
}

// AccountedToOther tells whether the record is known to belong to another object, or to nobody here.
func AccountedToOther(c *v1alpha1.AuroraCluster, id string, b *v1alpha1.AuroraBacktrack) bool {
	entry := byID(c, id)
	return entry != nil && entry.RequestedBy != nil && entry != Find(c, b)
}
