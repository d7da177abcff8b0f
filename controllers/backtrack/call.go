package backtrack

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// call stores the claim and asks RDS. What came of the call is a fact; an error says that the claim was not stored for
// certain, and that RDS was not asked.
func (a *performer) call(ctx context.Context) error {
	f := a.facts
	begun, target := a.Clock.Now(), rds.TargetOf(f.Cluster.Value())
	spec := f.Object.Spec
	claimed := v1alpha1.Claim{
		ClaimedAt: v1alpha1.NewTimestamp(begun), BacktrackTo: v1alpha1.NewTimestamp(spec.BacktrackTo.Time()), Attempt: steps.Attempt(f),
		ClockSkew: int64(a.RDS.Skew(target) / time.Second), DBClusterResourceID: f.Observed.Value().ResourceID,
	}
	if err := a.storeClaim(ctx, claimed); err != nil {
		return err
	}
	log.FromContext(ctx).Info("asking RDS for the backtrack", "to", claimed.BacktrackTo, "attempt", claimed.Attempt)
	// Others count on the call being over this long after the claim. A process that was held up in between
	// does not call any more: another one may have taken the claim for dead, and called.
	left := a.RDS.CallTimeout() - a.Clock.Now().Sub(begun)
	if left <= 0 {
		f.Called = fact.Unknown[bool](steps.ErrClaimTooSlow)
		return nil
	}
	inTime, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	record, err := a.RDS.Backtrack(inTime, target, rds.Request{
		To: spec.BacktrackTo.Time(), Force: spec.Force, UseEarliest: spec.UseEarliestTimeOnPointInTimeUnavailable,
	})
	f.Called = fact.Of(true, err)
	f.Observed = fact.Fact[rds.Cluster]{} // it was asked before the call
	if err != nil {
		return nil //nolint:nilerr // what came of the call is a fact
	}
	f.Object.Status.Backtrack = &record // stored at the end of this reconciliation; without it, it is found in RDS's history
	return nil
}

// storeClaim stores the claim, first in the ledger, under the lock, then in the object. Each write carries an
// optimistic lock, so of several operators that hold the object in hand only one gets to call. What the AuroraCluster
// allows is still what was read, or nothing is claimed.
func (a *performer) storeClaim(ctx context.Context, claimed v1alpha1.Claim) error {
	f := a.facts
	ref, entered := steps.LockReference(f), false
	err := a.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool {
		entered = lock.Holds(c, ref) && claim.Enter(c, f.Object, claimed)
		return entered
	})
	if err != nil {
		return err
	}
	if !entered {
		return errLockLost
	}
	before := f.Object.Status.Claim
	f.Object.Status.Claim = &claimed
	steps.SetCondition(f, v1alpha1.ConditionBacktracked, metav1.ConditionUnknown, v1alpha1.ReasonClaimed, "the claim is stored; RDS is being asked")
	err = a.persist(ctx)
	if apierrors.IsConflict(err) { // certainly not written, so certainly not called
		f.Object.Status.Claim = before
		if undo := a.changeClusterAnyway(ctx, func(c *v1alpha1.AuroraCluster) bool { return claim.Withdraw(c, f.Object, claimed) }); undo != nil {
			err = errors.Join(err, undo)
		}
	}
	return err
}

// withdrawClaim takes the object's claim back, in the ledger and here, when RDS certainly did not accept the call.
func (a *performer) withdrawClaim(ctx context.Context) error {
	f := a.facts
	if f.Object.Status.Claim == nil {
		return nil
	}
	claimed := *f.Object.Status.Claim
	if err := a.changeClusterAnyway(ctx, func(c *v1alpha1.AuroraCluster) bool { return claim.Withdraw(c, f.Object, claimed) }); err != nil {
		return err
	}
	f.Object.Status.Claim = nil
	return nil
}
