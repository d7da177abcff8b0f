package backtrack

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// replay looks in the ledger for an earlier run of this object's name and spec: re-created by GitOps after
// its TTL, restored by a backup tool without its status, replaced by force. A rewind that came true is not
// made again. One whose outcome is open is taken over: its claim becomes this object's, which then looks in
// RDS's history, and does not call. It tells whether it decided anything.
func (x *run) replay(ctx context.Context) (outcome, bool) {
	cluster, err := x.auroraCluster(ctx)
	if err != nil {
		return failed(err), true
	}
	if cluster == nil || x.called() || x.leaving() {
		return outcome{}, false
	}
	entry := ledger.Find(cluster, x.object)
	if entry == nil {
		out := x.startAnew(ctx)
		return out, out.kind != goOn
	}
	record := recordOf(entry)
	over := !x.started() && !x.leftHalfWay()
	switch {
	case entry.Status == rds.StatusCompleted && over:
		x.object.Status.Backtrack = &record
		x.complete(metav1.ConditionTrue, v1alpha1.ReasonAlreadyApplied, fmt.Sprintf(
			"this rewind ran before: RDS completed it as backtrack %s, requested at %s by %s; nothing was done", entry.ID, entry.RequestedAt, entry.RequestedBy.Name))
		return done(v1alpha1.ReasonAlreadyApplied, "this rewind ran before; nothing was done"), true
	case entry.Status == rds.StatusFailed && over:
		x.object.Status.Backtrack = &record
		return halted(v1alpha1.ReasonFailed, fmt.Sprintf("this rewind ran before and RDS reported backtrack %s as failed: to try again, create an AuroraBacktrack with a new name", entry.ID)), true
	}
	out := done("", "")
	if !x.leftHalfWay() { // an AuroraCluster that is being deleted waits for its holder and is not looked at any more
		out = x.clusterReady()
	}
	if out.kind == goOn {
		out = x.takeLock(ctx)
	}
	if out.kind != goOn {
		return out, true
	}
	x.adoptClaim(entry)
	x.object.Status.StartedAt = entry.ClaimedAt
	x.set(v1alpha1.ConditionPreflightPassed, metav1.ConditionTrue, v1alpha1.ReasonPassed, "passed in an earlier run of this object")
	x.set(v1alpha1.ConditionDependentsPaused, metav1.ConditionTrue, v1alpha1.ReasonPaused, "decided in an earlier run of this object")
	if err := x.knowDependents(ctx); err != nil {
		log.FromContext(ctx).Error(err, "the dependents are shown later; they are looked for again before they are needed")
	}
	return done(v1alpha1.ReasonAdmitted, "follows an earlier run of this object, whose call to RDS may have been accepted"), true
}

// startAnew resumes what the object had paused before its status was taken away: it holds the lock and does not know
// it. Otherwise a suspension, a cancel or a wait would leave that paused.
func (x *run) startAnew(ctx context.Context) outcome {
	if x.started() || !ledger.Holds(x.cluster, ledger.Reference(x.object)) {
		return done("", "")
	}
	paused, err := x.Workloads.PausedBy(ctx, x.cluster, x.object.UID)
	if err != nil {
		return failed(fmt.Errorf("finding what was paused before the status was taken away: %w", err))
	}
	if len(paused) == 0 {
		return done("", "")
	}
	// Another process that believes to lead writes the object before it pauses: what it paused is not for this one to
	// resume, and then the object is not as it was read.
	if err := x.unchanged(ctx); err != nil {
		return failed(err)
	}
	if _, err := x.Workloads.Resume(ctx, x.object.UID, paused); err != nil {
		return failed(fmt.Errorf("resuming what was paused before the status was taken away: %w", err))
	}
	return done("", "")
}

// leaving tells whether the object is on its way out and can't be held any more.
func (x *run) leaving() bool {
	return !x.object.DeletionTimestamp.IsZero() && !controllerutil.ContainsFinalizer(x.object, v1alpha1.Finalizer)
}

// leftHalfWay tells whether the earlier run still has the lock: it was cut off before its end, with dependents
// paused or not yet restarted, whatever became of its record.
func (x *run) leftHalfWay() bool {
	holder := x.cluster.Status.ActiveBacktrack
	return holder != nil && holder.Namespace == x.object.Namespace && holder.Name == x.object.Name
}

// adoptClaim makes the ledger's claim this object's own.
func (x *run) adoptClaim(entry *v1alpha1.LedgerEntry) {
	x.object.Status.Claim = &v1alpha1.Claim{
		ClaimedAt: entry.ClaimedAt, BacktrackTo: v1alpha1.NewTimestamp(x.target()),
		Attempt: max(entry.Attempt, 1), ClockSkew: entry.ClockSkew,
	}
	if entry.ID != "" {
		record := recordOf(entry)
		x.object.Status.Backtrack = &record
	}
}

func recordOf(entry *v1alpha1.LedgerEntry) v1alpha1.BacktrackRecord {
	return v1alpha1.BacktrackRecord{
		ID: entry.ID, RequestedAt: entry.RequestedAt, BacktrackTo: entry.BacktrackTo,
		BacktrackedFrom: entry.BacktrackedFrom, Status: entry.Status,
	}
}

// knowDependents finds the dependents of a run that is taken over half way: its own list was lost with its status.
// Until they are known the run neither asks RDS nor ends, since some of them may be paused.
func (x *run) knowDependents(ctx context.Context) error {
	status := x.object.Status
	takenOver := status.Plan == nil && meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionPreflightPassed)
	if !takenOver || len(status.Dependents) > 0 || x.cluster == nil {
		return nil
	}
	dependents, _, err := x.Workloads.Find(ctx, x.cluster)
	if err != nil {
		return fmt.Errorf("finding the dependents of the earlier run: %w", err)
	}
	x.object.Status.Dependents = dependents
	return nil
}
