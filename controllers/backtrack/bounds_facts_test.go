package backtrack

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/verification"
)

// factsAt are the facts of an object for which nothing stands in the way, but for what is given.
func factsAt(t *testing.T, given func(*steps.Facts)) *steps.Facts {
	t.Helper()
	m := newPureModel(t, 0, 0)
	m.create("undo")
	b := m.objects["undo"]
	b.Spec.Suspend, b.Spec.SafetyCopy = false, nil
	f := &steps.Facts{Now: start, CallTimeout: callTime, Settings: DefaultSettings(), Object: b, HistoryAt: start}
	begin(f)
	// A suspended object's plan is made in its second reconciliation.
	steps.PutCondition(f, v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, v1alpha1.ReasonSuspended, "seen before")
	f.Cluster, f.NamespaceAllowed, f.Approval = fact.Known(m.cluster), fact.Known(true), fact.Known("")
	f.Lock = fact.Known(lock.View{Position: 1})
	f.History = fact.Known[[]v1alpha1.BacktrackRecord](nil)
	f.LeftPaused = fact.Known[[]v1alpha1.DependentStatus](nil)
	f.Dependents = fact.Known(steps.Found{Dependents: []v1alpha1.DependentStatus{{Kind: "Deployment", Name: "worker", Strategy: v1alpha1.StrategyPause}}})
	reads("available")(f)
	f.Paused, f.Quiet = fact.Known(true), fact.Known(true)
	given(f)
	return f
}

func all(given ...func(*steps.Facts)) func(*steps.Facts) {
	return func(f *steps.Facts) {
		for _, g := range given {
			g(f)
		}
	}
}

// through says that all steps up to the condition are done.
func through(condition string) func(*steps.Facts) {
	return func(f *steps.Facts) {
		f.Object.Status.StartedAt, f.Object.Status.StartableSince = v1alpha1.NewTimestamp(start), v1alpha1.NewTimestamp(start)
		f.Object.Status.Dependents = f.Dependents.Value().Dependents
		f.Object.Status.Plan = &v1alpha1.Plan{DBClusterResourceID: "cluster-1"}
		lock.Hold(f.Cluster.Value(), lock.Reference(f.Object))
		for _, s := range lifecycle {
			steps.PutCondition(f, s.condition, metav1.ConditionTrue, "Done", "")
			if s.condition == condition {
				return
			}
		}
	}
}

// checkedData has the data checked, by a Job that runs.
func checkedData(f *steps.Facts) {
	f.Object.Spec.Verify = &v1alpha1.Verify{JobFrom: v1alpha1.JobSource{CronJob: "check"}}
	f.Verifiable = fact.Known(steps.Obstacle{})
	f.Check = fact.Known(verification.State{Exists: true, UID: "job", Message: "Job check checks the data"})
}

// copied says that everything is paused, and that the plan has a clone, which RDS does not show yet.
func copied(f *steps.Facts) {
	through(v1alpha1.ConditionDependentsPaused)(f)
	f.Object.Status.Plan.SafetyCopy = &v1alpha1.PlannedCopy{Type: v1alpha1.CopyClone, Identifier: rds.CopyIdentifier(string(f.Object.UID)), Timeout: "30m", KeepFor: "168h"}
	steps.PutCondition(f, v1alpha1.ConditionCopied, metav1.ConditionUnknown, v1alpha1.ReasonWaiting, "")
	f.SafetyCopy = fact.Absent[rds.Copy]()
	// No wait of this step is for what startWithin bounds.
	f.Cluster.Value().Spec.Policy.StartWithin = "100h"
}

// copyReading is the object's copy with the status.
func copyReading(f *steps.Facts, status string) rds.Copy {
	return rds.Copy{Identifier: rds.CopyIdentifier(string(f.Object.UID)), Status: status, Shares: true, Tags: map[string]string{
		v1alpha1.CopyUIDTag: string(f.Object.UID), v1alpha1.CopyTimeTag: string(v1alpha1.NewTimestamp(start)),
	}}
}

func reads(status string) func(*steps.Facts) {
	return func(f *steps.Facts) {
		f.Observed = fact.Known(rds.Cluster{Identifier: "testcluster", ResourceID: "cluster-1", Status: status, Engine: "aurora-mysql", BacktrackWindow: 7200, Instances: 1})
		f.Polled = fact.Known(rds.Observation{Cluster: f.Observed.Value(), At: start})
	}
}

func trouble(reason string) func(*steps.Facts) {
	return func(f *steps.Facts) {
		err := &rds.Error{Operation: "DescribeDBClusters", Reason: reason, Message: "no"}
		f.Observed, f.Polled = fact.Unknown[rds.Cluster](err), fact.Unknown[rds.Observation](err)
		f.History = fact.Unknown[[]v1alpha1.BacktrackRecord](err)
	}
}

func asks(trouble string) func(*steps.Facts) {
	return func(f *steps.Facts) {
		f.Cluster.Value().Spec.Policy.Approval = v1alpha1.ApprovalRequired
		f.Approval = fact.Known(trouble)
	}
}

// called says that RDS was asked, and that the answer was lost.
func called(f *steps.Facts) {
	through(v1alpha1.ConditionDependentsPaused)(f)
	f.Object.Status.Claim = &v1alpha1.Claim{ClaimedAt: v1alpha1.NewTimestamp(start), BacktrackTo: f.Object.Spec.BacktrackTo, Attempt: 1, DBClusterResourceID: "cluster-1"}
	claim.Enter(f.Cluster.Value(), f.Object, *f.Object.Status.Claim)
}

// record says that RDS lists the call's record with the status.
func record(status string) func(*steps.Facts) {
	return func(f *steps.Facts) {
		r := v1alpha1.BacktrackRecord{ID: "b1", RequestedAt: v1alpha1.NewTimestamp(start), BacktrackTo: f.Object.Spec.BacktrackTo, Status: status}
		f.Object.Status.Backtrack = &r
		f.History = fact.Known([]v1alpha1.BacktrackRecord{r})
		claim.Record(f.Cluster.Value(), f.Object, r)
	}
}

// fullLedger has nothing in it that could be dropped.
func fullLedger(f *steps.Facts) {
	c := f.Cluster.Value()
	for i := range 900 {
		c.Status.Backtracks = append(c.Status.Backtracks, v1alpha1.LedgerEntry{
			Status: claim.StatusClaimed, RequestedBy: &v1alpha1.ObjectReference{Namespace: "game", Name: fmt.Sprint("other-", i), UID: "other"}, ClaimedAt: v1alpha1.NewTimestamp(start),
		})
	}
}
