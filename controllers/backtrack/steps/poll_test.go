package steps

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

var claimedAt = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

// underWayAt are the facts of a run whose record is known, so long after its claim.
func underWayAt(after time.Duration) *Facts {
	b := &v1alpha1.AuroraBacktrack{}
	b.Status.StartedAt = v1alpha1.NewTimestamp(claimedAt)
	b.Status.Claim = &v1alpha1.Claim{ClaimedAt: v1alpha1.NewTimestamp(claimedAt), DBClusterResourceID: "cluster-1"}
	b.Status.Backtrack = &v1alpha1.BacktrackRecord{ID: "b1", Status: "applying", RequestedAt: v1alpha1.NewTimestamp(claimedAt)}
	return &Facts{Now: claimedAt.Add(after), Settings: DefaultSettings(), Object: b, Cluster: fact.Known(&v1alpha1.AuroraCluster{})}
}

// seen is an answer of the poller, that was asked for so long after the claim. Negative: backtracking was not seen.
func seen(status string, asked, backtracking time.Duration) fact.Fact[rds.Observation] {
	o := rds.Observation{Cluster: rds.Cluster{Identifier: "testcluster", ResourceID: "cluster-1", Status: status}, At: claimedAt.Add(asked)}
	if backtracking >= 0 {
		o.Backtracking = claimedAt.Add(backtracking)
	}
	return fact.Known(o)
}

// TestHistoryDue has when the history is read to follow a record.
func TestHistoryDue(t *testing.T) {
	const never = -1
	for name, test := range map[string]struct {
		after, last time.Duration // the time, and when it was read last
		polled      fact.Fact[rds.Observation]

		want bool
	}{
		"this process has not read it":   {after: 5 * time.Second, last: never, polled: seen("backtracking", 5*time.Second, 5*time.Second), want: true},
		"backtracking":                   {after: 9 * time.Second, last: 0, polled: seen("backtracking", 9*time.Second, 9*time.Second)},
		"backtracking for ten seconds":   {after: 10 * time.Second, last: 0, polled: seen("backtracking", 9*time.Second, 9*time.Second), want: true},
		"not backtracking yet":           {after: 5 * time.Second, last: 0, polled: seen("available", 5*time.Second, never)},
		"it backtracked before the call": {after: 5 * time.Second, last: 0, polled: seen("available", 5*time.Second, 0)},
		"it has ended":                   {after: 15 * time.Second, last: 14 * time.Second, polled: seen("available", 15*time.Second, 13*time.Second), want: true},
		"it has ended, and was read":     {after: 15 * time.Second, last: 15 * time.Second, polled: seen("available", 15*time.Second, 13*time.Second)},
		"… a second ago":                 {after: 16 * time.Second, last: 15 * time.Second, polled: seen("available", 15*time.Second, 13*time.Second), want: true},
		"RDS does not answer":            {after: 5 * time.Second, last: 0, polled: fact.Unknown[rds.Observation](errors.New("no"))},
		"… for ten seconds":              {after: 10 * time.Second, last: 0, polled: fact.Unknown[rds.Observation](errors.New("no")), want: true},
	} {
		f := underWayAt(test.after)
		f.Polled = test.polled
		if test.last >= 0 {
			f.LastHistory = claimedAt.Add(test.last)
		}
		if due, d := historyDue(f); due != test.want || d.Kind != Continue {
			t.Errorf("%s: due %v, %+v", name, due, d)
		}
	}
}

// TestAvailableIsBelieved has which answer says that the cluster is available after its backtrack: not one that may have been
// asked for before it.
func TestAvailableIsBelieved(t *testing.T) {
	const never = -1
	asked := func(status string) fact.Fact[rds.Cluster] {
		return fact.Known(rds.Cluster{Identifier: "testcluster", ResourceID: "cluster-1", Status: status})
	}
	for name, test := range map[string]struct {
		polled   fact.Fact[rds.Observation]
		observed fact.Fact[rds.Cluster]

		want Kind
	}{
		"it was seen backtracking":             {polled: seen("available", 15*time.Second, 14*time.Second), want: Continue},
		"it backtracks":                        {polled: seen("backtracking", 15*time.Second, 15*time.Second), want: Wait},
		"something else follows the backtrack": {polled: seen("modifying", 15*time.Second, 14*time.Second), want: Wait},
		"asked before the call":                {polled: seen("available", 0, never), want: Need},
		"asked, and never seen backtracking":   {polled: seen("available", 15*time.Second, never), want: Need},
		"an earlier backtrack was seen":        {polled: seen("available", 15*time.Second, 0), want: Need},
		"asked now":                            {polled: seen("available", 0, never), observed: asked("available"), want: Continue},
		"asked now, and not yet":               {polled: seen("available", 0, never), observed: asked("backtracking"), want: Wait},
		"RDS does not answer":                  {polled: fact.Unknown[rds.Observation](errors.New("no")), want: Wait},
	} {
		f := underWayAt(16 * time.Second)
		f.Object.Status.Backtrack.Status = rds.StatusCompleted
		f.Polled, f.Observed = test.polled, test.observed
		d := BecomeAvailable(f)
		if d.Kind != test.want || d.Kind == Need && d.Fact != Observed {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// TestUnderWay has for which objects the poller asks at short intervals.
func TestUnderWay(t *testing.T) {
	with := func(condition string, status metav1.ConditionStatus) func(*Facts) {
		return func(f *Facts) { PutCondition(f, condition, status, "Because", "") }
	}
	for name, test := range map[string]struct {
		change func(*Facts)

		want bool
	}{
		"RDS took it":               {change: func(*Facts) {}, want: true},
		"the record has ended":      {change: with(v1alpha1.ConditionBacktracked, metav1.ConditionTrue), want: true},
		"the answer was lost":       {change: func(f *Facts) { f.Object.Status.Backtrack = nil }},
		"the cluster is available":  {change: with(v1alpha1.ConditionClusterAvailable, metav1.ConditionTrue)},
		"the backtrack failed":      {change: with(v1alpha1.ConditionBacktracked, metav1.ConditionFalse)},
		"it ran before":             {change: with(v1alpha1.ConditionAdmitted, metav1.ConditionFalse)},
		"it has come to its end":    {change: func(f *Facts) { f.Object.Status.CompletedAt = "2023-12-23T14:11:00Z" }},
		"it never became available": {change: with(v1alpha1.ConditionClusterAvailable, metav1.ConditionFalse)},
	} {
		f := underWayAt(time.Second)
		test.change(f)
		if got := UnderWay(f); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
