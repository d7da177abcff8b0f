package backtrack

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// recoverRun folds what an earlier run left into the facts: a ledger entry without a status, marks on workloads, a lock from
// before, an AuroraCluster that was created again. No step knows of any of it.
func recoverRun(f *steps.Facts, s step) steps.Decision {
	if steps.WellFormed(f).Kind != steps.Continue { // a guard ends it
		return steps.Passed()
	}
	cluster, d := steps.ClusterOf(f)
	if s.condition == v1alpha1.ConditionAdmitted && d.Kind != steps.Continue {
		return d // what came true before is not denied, whatever the guards say: so it is looked up first
	}
	if d.Kind == steps.Need {
		return d
	}
	if cluster == nil {
		return steps.Passed()
	}
	switch s.condition {
	case v1alpha1.ConditionAdmitted:
		return replay(f, cluster)
	case v1alpha1.ConditionBacktracked:
		return passOr(recoverCall(f, cluster), func() steps.Decision { return recoverDependents(f) })
	case v1alpha1.ConditionClusterAvailable, v1alpha1.ConditionVerified:
		return recoverLock(f, cluster)
	case v1alpha1.ConditionDependentsReconnected:
		return recoverDependents(f)
	}
	return steps.Passed()
}

// replay looks in the ledger for an earlier run of this object's name and spec: re-created by GitOps after
// its TTL, restored by a backup tool without its status, replaced by force. A rewind that came true is not
// made again. One whose outcome is open is taken over: its claim becomes this object's, which then looks in
// RDS's history, and does not call.
func replay(f *steps.Facts, cluster *v1alpha1.AuroraCluster) steps.Decision {
	leaving := !f.Object.DeletionTimestamp.IsZero() && !controllerutil.ContainsFinalizer(f.Object, v1alpha1.Finalizer)
	if f.CalledRDS() || leaving {
		return steps.Passed()
	}
	entry := claim.Find(cluster, f.Object)
	if entry == nil {
		return resumeLeft(f, cluster)
	}
	cutOff := lock.HeldByName(cluster, f.Object) // the earlier run has the lock: it was ended half way
	record := claim.RecordOf(entry)
	over := !f.Started() && !cutOff
	switch {
	case entry.Status == rds.StatusCompleted && over:
		f.Object.Status.Backtrack = &record
		steps.SetCondition(f, v1alpha1.ConditionAdmitted, metav1.ConditionTrue, v1alpha1.ReasonAlreadyApplied, "this rewind ran before; nothing was done")
		steps.Complete(f, metav1.ConditionTrue, v1alpha1.ReasonAlreadyApplied, fmt.Sprintf(
			"this rewind ran before: RDS completed it as backtrack %s, requested at %s by %s; nothing was done", entry.ID, entry.RequestedAt, entry.RequestedBy.Name))
		return steps.Ended()
	case entry.Status == rds.StatusFailed && over:
		f.Object.Status.Backtrack = &record
		return steps.Halted(v1alpha1.ReasonFailed, fmt.Sprintf("this rewind ran before and RDS reported backtrack %s as failed: to try again, create an AuroraBacktrack with a new name", entry.ID))
	}
	if !cutOff { // an AuroraCluster that is being deleted waits for its holder and is not observed any more
		if d := steps.ClusterReady(f, cluster); d.Kind != steps.Continue {
			return d
		}
	}
	if cutOff && !lock.Holds(cluster, lock.Reference(f.Object)) {
		return steps.Doing(steps.InheritLock)
	}
	if d := steps.Locked(f, cluster); d.Kind != steps.Continue {
		return d
	}
	adopt(f, entry)
	f.Object.Status.StartedAt, f.Object.Status.QueuePosition = entry.ClaimedAt, nil
	steps.SetCondition(f, v1alpha1.ConditionAdmitted, metav1.ConditionTrue, v1alpha1.ReasonAdmitted, "follows an earlier run of this object, whose call to RDS may have been accepted")
	steps.SetCondition(f, v1alpha1.ConditionPreflightPassed, metav1.ConditionTrue, v1alpha1.ReasonPassed, "passed in an earlier run of this object")
	steps.SetCondition(f, v1alpha1.ConditionDependentsPaused, metav1.ConditionTrue, v1alpha1.ReasonPaused, "decided in an earlier run of this object")
	return steps.DecideAgain()
}

// resumeLeft resumes what the object had paused before its status was taken away: it holds the lock and does not know
// it. Otherwise a suspension, a cancel or a wait would leave that paused.
func resumeLeft(f *steps.Facts, cluster *v1alpha1.AuroraCluster) steps.Decision {
	if f.Started() || f.LockTaken || !lock.Holds(cluster, lock.Reference(f.Object)) {
		return steps.Passed()
	}
	if !f.LeftPaused.Read() {
		return steps.Needed(steps.LeftPaused)
	}
	if err := f.LeftPaused.Err(); err != nil {
		return steps.Failed(fmt.Errorf("finding what was paused before the status was taken away: %w", err))
	}
	if len(f.LeftPaused.Value()) == 0 {
		return steps.Passed()
	}
	return steps.Doing(steps.ResumeLeft)
}

// recoverCall takes over what the ledger has of the object's call and the object has not: its claim, a later one, or its
// record. Whoever wrote it died before the second write, or may be calling at this moment.
func recoverCall(f *steps.Facts, cluster *v1alpha1.AuroraCluster) steps.Decision {
	if d := recoverLock(f, cluster); d.Kind != steps.Continue {
		return d
	}
	entry, known := claim.Find(cluster, f.Object), f.Object.Status.Claim
	switch {
	case entry == nil || f.Called.Read() || f.Object.Status.Backtrack != nil:
		return steps.Passed()
	case known == nil:
		adopt(f, entry)
		return steps.Waiting(steps.WorkloadPoll, v1alpha1.ReasonVerifyingOutcome, "the ledger has a claim of this object; RDS's history is searched for its record")
	case entry.ID != "" || entry.ClaimedAt != known.ClaimedAt || entry.Attempt != known.Attempt:
		adopt(f, entry)
		return steps.Waiting(steps.WorkloadPoll, v1alpha1.ReasonVerifyingOutcome, "the ledger knows more of this object's call than the object itself; RDS's history is searched for its record")
	}
	return steps.Passed()
}

// recoverLock takes the lock back for a run that asked RDS and whose AuroraCluster was taken away by force and created
// again: its next rewind waits for this one.
func recoverLock(f *steps.Facts, cluster *v1alpha1.AuroraCluster) steps.Decision {
	if !f.CalledRDS() || cluster.Status.ActiveBacktrack != nil {
		return steps.Passed()
	}
	return steps.Doing(steps.RegainLock)
}

// recoverDependents finds the dependents of a run that was taken over half way.
func recoverDependents(f *steps.Facts) steps.Decision {
	if _, d := steps.ClusterOf(f); d.Kind == steps.Need {
		return d
	}
	if !steps.TakenOver(f) {
		return steps.Passed()
	}
	if !f.Dependents.Read() {
		return steps.Needed(steps.Dependents)
	}
	if found, ok := f.Dependents.Get(); ok {
		f.Object.Status.Dependents = found.Dependents
	}
	return steps.Passed()
}

func adopt(f *steps.Facts, entry *v1alpha1.LedgerEntry) {
	adopted := claim.Adopted(entry, v1alpha1.NewTimestamp(f.Object.Spec.BacktrackTo.Time()))
	f.Object.Status.Claim = &adopted
	if entry.ID != "" {
		record := claim.RecordOf(entry)
		f.Object.Status.Backtrack = &record
	}
}
