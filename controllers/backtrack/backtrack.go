package backtrack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// mostAttempts bounds how often an object may claim.
const mostAttempts = 5

// backtrack asks RDS once and follows the record to its end. Which of the three is due, the facts say: a
// record is followed, a claim without a record is looked for, and only without a claim is RDS asked.
func (x *run) backtrack(ctx context.Context) outcome {
	switch status := x.object.Status; {
	case status.Backtrack != nil:
		return x.follow(ctx)
	case status.Claim != nil:
		return x.look(ctx)
	}
	cluster, err := x.auroraCluster(ctx)
	if err != nil {
		return failed(err)
	}
	if cluster != nil && ledger.Find(cluster, x.object) != nil {
		// A claim in the ledger and none here: whoever wrote it may have gone on to call.
		x.adoptClaim(ledger.Find(cluster, x.object))
		return waiting(look, v1alpha1.ReasonVerifyingOutcome, "the ledger has a claim of this object; RDS's history is looked at")
	}
	return x.ask(ctx, 1)
}

// ask looks at everything once more, stores the claim, and calls RDS.
func (x *run) ask(ctx context.Context, attempt int32) outcome {
	if out := x.clearToAsk(ctx); out.kind != goOn {
		return x.notForever(out)
	}
	begun := x.now()
	claim := v1alpha1.Claim{
		ClaimedAt:   v1alpha1.NewTimestamp(begun),
		BacktrackTo: v1alpha1.NewTimestamp(x.target()),
		Attempt:     attempt,
		ClockSkew:   int64(x.RDS.Skew(rds.TargetOf(x.cluster)) / time.Second),
	}
	if err := x.claim(ctx, claim); err != nil {
		return failed(err)
	}
	log.FromContext(ctx).Info("asking RDS for the backtrack", "to", claim.BacktrackTo, "attempt", attempt)
	// Others count on the call being over this long after the claim. A process that was held up in between
	// does not call any more: another one may have taken the claim for dead, and called.
	left := x.RDS.CallTimeout() - x.now().Sub(begun)
	if left <= 0 {
		return waiting(x.Settings.Poll, v1alpha1.ReasonVerifyingOutcome, "storing the claim took too long to call RDS on it; its history is watched before it is asked again")
	}
	inTime, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	spec := x.object.Spec
	record, err := x.RDS.Backtrack(inTime, rds.TargetOf(x.cluster), rds.Request{
		To: x.target(), Force: spec.Force, UseEarliest: spec.UseEarliestTimeOnPointInTimeUnavailable,
	})
	if err != nil {
		return x.refusedOrLost(ctx, err)
	}
	x.object.Status.Backtrack = &record
	if err := x.persist(ctx); err != nil {
		return failed(err) // the claim is stored; the next walk finds the record in RDS's history
	}
	return x.enter(ctx, record)
}

// clearToAsk checks, right before the call, everything that may have changed since the preflight.
func (x *run) clearToAsk(ctx context.Context) outcome {
	x.clusterRead = false // what was read for the preflight may have been withdrawn since
	if out := x.stillWanted(ctx); out.kind != goOn {
		return out
	}
	for _, check := range []func() outcome{func() outcome { return x.approved(ctx) }, x.insideWindow} {
		if out := check(); out.kind != goOn {
			return x.notForever(out)
		}
	}
	if !ledger.Holds(x.cluster, ledger.Reference(x.object)) {
		if out := x.takeLock(ctx); out.kind != goOn {
			return out
		}
	}
	observed, err := x.describe(ctx)
	if err != nil {
		return x.rdsTrouble(err)
	}
	if plan := x.object.Status.Plan; plan != nil && observed.ResourceID != plan.DBClusterResourceID {
		return halted(v1alpha1.ReasonClusterReplaced, fmt.Sprintf("Aurora cluster %s was deleted and created again since the preflight (%s, was %s); RDS was not asked", observed.Identifier, observed.ResourceID, plan.DBClusterResourceID))
	}
	if out := x.reachable(observed); out.kind != goOn {
		return out
	}
	if out := x.idle(ctx, observed); out.kind != goOn {
		return out
	}
	if out := x.notDoneElsewhere(ctx); out.kind != goOn { // somebody may have done it while this one paused
		return out
	}
	return x.quiet(ctx)
}

// quiet looks whether everything is still paused. A run that was taken over finds it resumed, and pauses it
// only now that RDS is to be asked once more.
func (x *run) quiet(ctx context.Context) outcome {
	if err := x.knowDependents(ctx); err != nil {
		return inTheWay(look, v1alpha1.ReasonPausing, "pausing", err.Error())
	}
	id, dependents := x.object.UID, x.object.Status.Dependents
	paused, err := x.Workloads.Pause(ctx, id, dependents, false)
	if err == nil && !paused {
		return inTheWay(look, v1alpha1.ReasonPausing, "pausing", x.stragglers(v1alpha1.DependentPaused))
	}
	if err == nil {
		err = x.Workloads.Verify(ctx, id, dependents)
	}
	var reverted *workload.RevertedError
	if errors.As(err, &reverted) {
		return revertedBy(reverted)
	}
	if err != nil {
		return inTheWay(look, v1alpha1.ReasonPausing, "not everything is quiet", err.Error())
	}
	return done("", "")
}

// notForever ends a wait, or trouble that does not pass, that keeps applications down: after the pause's
// timeout everything is resumed.
func (x *run) notForever(out outcome) outcome {
	timeout, message := defaultPauseTimeout, cmp.Or(out.cause, out.message)
	if x.cluster != nil {
		timeout = x.cluster.Spec.PauseTimeout.Or(defaultPauseTimeout)
	}
	switch {
	case out.kind == fault:
		message = out.err.Error()
	case out.kind != wait:
		return out
	}
	since := v1alpha1.ConditionDependentsPaused
	if !meta.IsStatusConditionTrue(x.object.Status.Conditions, since) {
		since = v1alpha1.ConditionPreflightPassed
	}
	if x.count(v1alpha1.StrategyPause) == 0 || x.now().Sub(x.since(since)) <= timeout {
		return out
	}
	return halted(v1alpha1.ReasonPauseTimedOut, fmt.Sprintf("RDS could not be asked within %s of the pause (spec.pauseTimeout of AuroraCluster %s), so what was paused is resumed: %s", timeout, x.object.Spec.ClusterRef.Name, message))
}

// claim stores the claim, first in the ledger, under the lock, then in the object. Each write carries an
// optimistic lock, so of several operators that hold the object in hand only one gets to call. What the AuroraCluster
// allows is still what was looked at, or nothing is claimed.
func (x *run) claim(ctx context.Context, claim v1alpha1.Claim) error {
	ref, lookedAt, claimed := ledger.Reference(x.object), x.cluster.Generation, false
	err := x.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool {
		claimed = c.Generation == lookedAt && ledger.Holds(c, ref) && ledger.Claim(c, x.object, claim)
		return claimed
	})
	if err != nil {
		return err
	}
	if !claimed {
		return errLost
	}
	before := x.object.Status.Claim
	x.object.Status.Claim = &claim
	x.set(v1alpha1.ConditionBacktracked, metav1.ConditionUnknown, v1alpha1.ReasonClaimed, "the claim is stored; RDS is being asked")
	err = x.persist(ctx)
	if apierrors.IsConflict(err) { // certainly not written, so certainly not called
		x.object.Status.Claim = before
		if undo := x.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool { return ledger.Unclaim(c, x.object, claim) }); undo != nil {
			err = errors.Join(err, undo)
		}
	}
	return err
}

// refusedOrLost sorts out a call that brought no record. What RDS certainly refused is unclaimed; anything
// else may have been accepted, and is looked for.
func (x *run) refusedOrLost(ctx context.Context, err error) outcome {
	var refusal *rds.Error
	if !errors.As(err, &refusal) || !refusal.Refused {
		return waiting(x.Settings.Poll, v1alpha1.ReasonVerifyingOutcome, "RDS's answer was lost ("+err.Error()+"); its history is watched for the record, and it is not asked again meanwhile")
	}
	if undo := x.unclaim(ctx); undo != nil {
		return failed(undo)
	}
	if refusal.Passing {
		return x.notForever(inTheWay(x.backOff(), v1alpha1.ReasonRetrying, "RDS refused for now; it is asked again", refusal.Error()))
	}
	reason := refusal.Reason
	if reason == v1alpha1.ReasonRDSUnreachable {
		reason = v1alpha1.ReasonRejected
	}
	message, _ := rds.Explain(refusal)
	return halted(reason, "RDS refused, and nothing was rewound: "+message)
}
