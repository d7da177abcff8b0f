package backtrack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// unstorable reports whether the API server refuses the status as it is, now and later: its schema does (422), or it is too
// large for the API server (413) or for etcd. An API server that has just started refuses with the same 422 what an admission
// policy looks at, until it has read the policy's parameters; that passes.
func unstorable(err error) bool {
	starting := err != nil && strings.Contains(err.Error(), "not yet synced to use for admission")
	return apierrors.IsInvalid(err) && !starting || apierrors.IsRequestEntityTooLargeError(err) ||
		err != nil && strings.Contains(err.Error(), "etcdserver: request is too large")
}

// writeMinimal ends a run whose status can't be stored. What it paused is resumed and its lock given back first, so that
// nothing depends on whether a status can be stored at all; then the shortest status is tried. After the call the claim
// and RDS's record are kept, and the outcome is said to be unknown.
func (r *Reconciler) writeMinimal(ctx context.Context, s *store, cause error) error {
	f := s.facts
	if c := f.Cluster.Value(); c != nil {
		if err := r.Workloads.ResumeAll(ctx, c, f.Object.UID); err != nil {
			return fmt.Errorf("resuming what a run whose status can't be stored has paused: %w", errors.Join(err, cause))
		}
	}
	if _, err := r.Workloads.Resume(ctx, f.Object.UID, f.Object.Status.Dependents); err != nil {
		return fmt.Errorf("resuming what a run whose status can't be stored has paused: %w", errors.Join(err, cause))
	}
	ref := lock.Reference(f.Object)
	if err := s.changeClusterAnyway(ctx, func(c *v1alpha1.AuroraCluster) bool { return lock.Release(c, ref) }); err != nil {
		return err
	}
	reason, message := v1alpha1.ReasonInvalidSpec, "the status of this object can't be stored, so it does not run; the database was not touched: create a new AuroraBacktrack with other values"
	if f.CalledRDS() {
		reason, message = v1alpha1.ReasonOutcomeUnknown, "the status of this object can't be stored, so what became of the call to RDS is not followed: look at the data, and at the cluster in RDS"
	}
	old := f.Object.Status
	f.Object.Status = v1alpha1.AuroraBacktrackStatus{Claim: storableClaim(old.Claim), StartedAt: old.StartedAt}
	begin(f)
	steps.Complete(f, metav1.ConditionFalse, reason, message)
	if err := s.persist(ctx); err != nil {
		return fmt.Errorf("the shortest status can't be stored either: %w", errors.Join(err, cause))
	}
	return nil
}

// storableClaim keeps of a claim what the API server has stored before.
func storableClaim(c *v1alpha1.Claim) *v1alpha1.Claim {
	if c == nil {
		return nil
	}
	return &v1alpha1.Claim{ClaimedAt: c.ClaimedAt, BacktrackTo: c.BacktrackTo, Attempt: c.Attempt, ClockSkew: c.ClockSkew}
}
