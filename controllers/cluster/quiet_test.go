package cluster

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// TestWorthWriting has which changes of the status are written: those that a person or a rule looks at.
func TestWorthWriting(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1alpha1.AuroraClusterStatus)

		want bool
	}{
		"nothing":               {change: func(*v1alpha1.AuroraClusterStatus) {}},
		"when RDS was asked":    {change: func(s *v1alpha1.AuroraClusterStatus) { s.ObservedAt = v1alpha1.NewTimestamp(start) }},
		"its change records":    {change: func(s *v1alpha1.AuroraClusterStatus) { s.BacktrackConsumedChangeRecords = 7 }},
		"the earliest, a bit":   {change: earliest(time.Second)},
		"the earliest, a step":  {change: earliest(time.Hour), want: true},
		"the earliest is gone":  {change: func(s *v1alpha1.AuroraClusterStatus) { s.EarliestBacktrackTime = "" }, want: true},
		"its status":            {change: func(s *v1alpha1.AuroraClusterStatus) { s.ClusterStatus = "modifying" }, want: true},
		"its window":            {change: func(s *v1alpha1.AuroraClusterStatus) { s.BacktrackWindow = 3600 }, want: true},
		"the ledger":            {change: func(s *v1alpha1.AuroraClusterStatus) { s.Backtracks = []v1alpha1.LedgerEntry{{ID: "a"}} }, want: true},
		"the lock":              {change: func(s *v1alpha1.AuroraClusterStatus) { s.ActiveBacktrack = &v1alpha1.ObjectReference{} }, want: true},
		"a condition's message": {change: func(s *v1alpha1.AuroraClusterStatus) { s.Conditions[0].Message = "other" }, want: true},
	} {
		saved := observed()
		saved.Spec.DBClusterIdentifier = "testcluster"
		saved.Status.BacktrackWindow = 7200
		earliest(0)(&saved.Status)
		saved.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue}}
		changed := saved.DeepCopy()
		test.change(&changed.Status)
		if got := worthWriting(saved, changed); got != test.want {
			t.Errorf("%s: worth writing %v, want %v", name, got, test.want)
		}
	}
}

// beginningOfStep is a time at which the earliest time that is shown for the cluster changes.
var beginningOfStep = func() time.Time {
	cluster := rds.Cluster{Identifier: "testcluster", BacktrackWindow: 7200}
	for at := start; ; at = at.Add(time.Second) {
		cluster.Earliest = at
		if rds.StepEarliest(at.Add(-time.Second), cluster).Equal(at) {
			return at
		}
	}
}()

// earliest moves the earliest time on, from the beginning of a step.
func earliest(by time.Duration) func(*v1alpha1.AuroraClusterStatus) {
	return func(s *v1alpha1.AuroraClusterStatus) {
		s.EarliestBacktrackTime = v1alpha1.NewTimestamp(beginningOfStep.Add(by))
	}
}

// TestHolderAskedRDS has for which AuroraClusters the history is left to the object that holds the lock.
func TestHolderAskedRDS(t *testing.T) {
	ref := v1alpha1.ObjectReference{Namespace: "game", Name: "undo", UID: "1"}
	for name, test := range map[string]struct {
		holder  *v1alpha1.ObjectReference
		entries []v1alpha1.LedgerEntry

		want bool
	}{
		"nobody holds it":             {entries: []v1alpha1.LedgerEntry{entry("a", "completed", time.Minute, ours)}},
		"the holder has not asked":    {holder: &ref, entries: []v1alpha1.LedgerEntry{entry("a", "completed", time.Minute)}},
		"another one has":             {holder: &v1alpha1.ObjectReference{Name: "other", UID: "2"}, entries: []v1alpha1.LedgerEntry{entry("a", "completed", time.Minute, ours)}},
		"it has claimed":              {holder: &ref, entries: []v1alpha1.LedgerEntry{entry("", "claimed", time.Minute, ours)}, want: true},
		"its backtrack is under way":  {holder: &ref, entries: []v1alpha1.LedgerEntry{entry("a", "applying", time.Minute, ours)}, want: true},
		"it has completed, and holds": {holder: &ref, entries: []v1alpha1.LedgerEntry{entry("a", "completed", time.Minute, ours)}, want: true},
	} {
		c := observed(test.entries...)
		c.Status.ActiveBacktrack = test.holder
		if got := holderAskedRDS(c); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
