package claim

import (
	"slices"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// claimNear is how far a record's request may lie from an open claim that may be its origin.
const claimNear = time.Hour

// Merge brings RDS's history into the ledger: records of ours are updated, others are added as made elsewhere.
// It returns those that it had not known, oldest first, and keeps records in the order of their requests. Entries that are
// older than the longest backtrack window go, oldest first; younger ones stay.
func Merge(c *v1alpha1.AuroraCluster, history []v1alpha1.BacktrackRecord, now time.Time) (elsewhere []v1alpha1.LedgerEntry) {
	known := index(c)
	for _, record := range history {
		if i, ok := known[record.ID]; ok {
			apply(&c.Status.Backtracks[i], record)
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
		insert(c, added)
		known = index(c)
		elsewhere = append(elsewhere, added)
	}
	c.Status.Backtracks = slices.DeleteFunc(c.Status.Backtracks, func(e v1alpha1.LedgerEntry) bool { return expired(e, now) })
	for len(c.Status.Backtracks) > capacity && dropOne(c) {
	}
	return elsewhere
}

// index is where the ledger has each record: nearly all of a history is known, and both may be long.
func index(c *v1alpha1.AuroraCluster) map[string]int {
	known := make(map[string]int, len(c.Status.Backtracks))
	for i, entry := range c.Status.Backtracks {
		if _, ok := known[entry.ID]; !ok && entry.ID != "" {
			known[entry.ID] = i
		}
	}
	return known
}

// insert puts a record before those that were requested later: a backtrack made elsewhere may be heard of late.
func insert(c *v1alpha1.AuroraCluster, added v1alpha1.LedgerEntry) {
	at := added.RequestedAt.Time()
	i := slices.IndexFunc(c.Status.Backtracks, func(e v1alpha1.LedgerEntry) bool { return e.ID != "" && e.RequestedAt.Time().After(at) })
	if i < 0 {
		i = len(c.Status.Backtracks)
	}
	c.Status.Backtracks = slices.Insert(c.Status.Backtracks, i, added)
}

func expired(entry v1alpha1.LedgerEntry, now time.Time) bool {
	at := entry.RequestedAt.Time()
	if at.IsZero() {
		at = entry.ClaimedAt.Time()
	}
	return now.Sub(at) > v1alpha1.LongestBacktrackWindow
}

// crowdedOut reports whether the ledger is full and had no room for a backtrack made elsewhere at that time.
func crowdedOut(c *v1alpha1.AuroraCluster, added v1alpha1.LedgerEntry) bool {
	if len(c.Status.Backtracks) < capacity {
		return false
	}
	i := droppable(c)
	return i < 0 || c.Status.Backtracks[i].RequestedBy != nil || added.RequestedAt.Time().Before(c.Status.Backtracks[i].RequestedAt.Time())
}

// claimed reports whether the open claim of the object that holds the lock may be the record's origin. An object
// that has ended without knowing what became of its claim says no more about it.
func claimed(c *v1alpha1.AuroraCluster, record v1alpha1.BacktrackRecord) bool {
	for _, entry := range c.Status.Backtracks {
		if entry.ID != "" || entry.Status != StatusClaimed || entry.RequestedBy == nil || !lock.Holds(c, *entry.RequestedBy) {
			continue
		}
		if record.RequestedAt.Time().Sub(entry.ClaimedAt.Time()).Abs() < claimNear {
			return true
		}
	}
	return false
}
