package claim

import (
	"fmt"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// many is as many entries as the CRD admits in a ledger, and as many records as a history may have.
const many = 1000

// full is a ledger of many entries of one object each, a history with their records, and the object of the oldest.
func full() (*v1alpha1.AuroraCluster, []v1alpha1.BacktrackRecord, *v1alpha1.AuroraBacktrack) {
	c := &v1alpha1.AuroraCluster{}
	var history []v1alpha1.BacktrackRecord
	for i := range many {
		b, r := object(fmt.Sprintf("undo-%d", i), fmt.Sprintf("uid-%d", i)), record(fmt.Sprintf("b-%d", i), "completed", time.Duration(many-i)*time.Minute)
		ref := v1alpha1.ObjectReference{Namespace: b.Namespace, Name: b.Name, UID: b.UID}
		entry := v1alpha1.LedgerEntry{RequestedBy: &ref, SpecHash: Hash(b.Spec), ClaimedAt: r.RequestedAt, Attempt: 1}
		apply(&entry, r)
		c.Status.Backtracks, history = append(c.Status.Backtracks, entry), append(history, r)
	}
	return c, history, object("undo-0", "uid-0")
}

// BenchmarkFind looks for the oldest entry, which is found last.
func BenchmarkFind(b *testing.B) {
	c, _, oldest := full()
	b.ReportAllocs()
	for b.Loop() {
		if Find(c, oldest) == nil {
			b.Fatal("not found")
		}
	}
}

// BenchmarkMerge brings in a history in which nothing is new, as nearly every one is.
func BenchmarkMerge(b *testing.B) {
	c, history, _ := full()
	// A ledger that is full keeps less than the CRD admits.
	c.Status.Backtracks, history = c.Status.Backtracks[many-capacity:], history[many-capacity:]
	b.ReportAllocs()
	for b.Loop() {
		if added := Merge(c, history, now); len(added) != 0 || len(c.Status.Backtracks) != capacity {
			b.Fatalf("%d were added, and %d entries are left", len(added), len(c.Status.Backtracks))
		}
	}
}

// BenchmarkEnterWhenFull makes a claim in a full ledger, which drops its oldest entry for it.
func BenchmarkEnterWhenFull(b *testing.B) {
	filled, _, _ := full()
	fresh := object("undo", "uid")
	b.ReportAllocs()
	for b.Loop() {
		c := &v1alpha1.AuroraCluster{Status: v1alpha1.AuroraClusterStatus{Backtracks: filled.Status.Backtracks[:capacity:capacity]}}
		if !Enter(c, fresh, newClaim(1, 0)) {
			b.Fatal("there was no room")
		}
	}
}

// BenchmarkMatch looks for a claim's record in a history in which all others belong to others.
func BenchmarkMatch(b *testing.B) {
	c, history, _ := full()
	search := Search{Tolerance: time.Minute, Delivery: delivery, Accounted: func(id string) bool { return Accounted(c, id) }}
	history = append(history, record("mine", "applying", 0))
	b.ReportAllocs()
	for b.Loop() {
		if v := search.Match(newClaim(1, time.Second), history); len(v.Candidates) != 1 {
			b.Fatalf("%d candidates", len(v.Candidates))
		}
	}
}
