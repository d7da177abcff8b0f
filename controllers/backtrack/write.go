package backtrack

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
)

// begin gives a new object all its conditions, in the order of the lifecycle, so that it reads as under way
// from the first write on.
func begin(f *steps.Facts) {
	for _, s := range lifecycle {
		if meta.FindStatusCondition(f.Object.Status.Conditions, s.condition) == nil {
			steps.PutCondition(f, s.condition, metav1.ConditionUnknown, v1alpha1.ReasonWaiting, "waits for an earlier step")
		}
	}
	if meta.FindStatusCondition(f.Object.Status.Conditions, v1alpha1.ConditionSucceeded) == nil {
		// The first write may come before what is about to be done.
		summarize(f, steps.Waiting(0, v1alpha1.ReasonWaiting, "reconciled for the first time"))
	}
}

// summarize derives the root condition and its two companions from the decision. Reconciling and Stalled exist
// only while they are True, as kstatus reads them.
func summarize(f *steps.Facts, d steps.Decision) {
	f.Object.Status.ObservedGeneration = f.Object.Generation
	if f.Finished() {
		return // its end was written
	}
	reason, message := d.Reason, d.Message
	switch d.Kind {
	case steps.Halt:
		reason, message = v1alpha1.ReasonResuming, "ends without success ("+d.Reason+"): "+d.Message
	case steps.Fault:
		reason, message = v1alpha1.ReasonRetrying, d.Err.Error()
	default:
	}
	switch {
	case cancelTooLate(f.Object):
		message += "; the cancel came too late: RDS was asked before it, so this goes on to its end"
	case f.Object.Spec.Cancel && f.CalledRDS():
		message += "; cancelled: if RDS recorded no backtrack for the call, it is not asked again"
	}
	steps.PutCondition(f, v1alpha1.ConditionSucceeded, metav1.ConditionUnknown, reason, message)
	steps.PutCondition(f, v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message)
	meta.RemoveStatusCondition(&f.Object.Status.Conditions, v1alpha1.ConditionStalled)
}

// cancelTooLate reports whether the object was cancelled although RDS has taken the call.
func cancelTooLate(b *v1alpha1.AuroraBacktrack) bool {
	return b.Spec.Cancel && b.Status.Claim != nil && b.Status.Backtrack != nil
}

// write stores the status. One that can't be stored, whatever the reason, must not keep the lock or an application down: the
// run ends, in a form that can be.
func (r *Reconciler) write(ctx context.Context, s *store) error {
	err := s.persist(ctx)
	if unstorable(err) {
		log.FromContext(ctx).Error(err, "the status can't be stored; the run ends, and what can be is")
		err = r.writeMinimal(ctx, s, err)
	}
	if err != nil {
		return errors.Join(err, r.resumeTooLate(ctx, s, err))
	}
	return nil
}

// resumeTooLate is for a process that stood still while another one led: it may have paused for an object that by
// then had come to its end, or was gone. Nobody else would look for that any more.
func (r *Reconciler) resumeTooLate(ctx context.Context, s *store, err error) error {
	if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		return nil
	}
	object, now := s.facts.Object, &v1alpha1.AuroraBacktrack{}
	err = r.Live.Get(ctx, client.ObjectKeyFromObject(object), now)
	if client.IgnoreNotFound(err) != nil {
		return err //nolint:wrapcheck // says what it was doing itself
	}
	if err == nil && now.UID == object.UID && now.Status.CompletedAt == "" {
		return nil
	}
	if _, err := r.Workloads.Resume(ctx, object.UID, object.Status.Dependents); err != nil {
		return fmt.Errorf("resuming what was paused too late: %w", err)
	}
	return nil
}

// conflictRetry is how soon a write that met another one is tried again.
const conflictRetry = 10 * time.Millisecond

// retryLater is what follows an error. A conflict is no fault: somebody wrote in between, and the next reconciliation sees it.
func retryLater(ctx context.Context, s *store, err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) || errors.Is(err, errLockLost) || errors.Is(err, errStale) {
		log.FromContext(ctx).V(1).Info("the object or its cluster changed meanwhile; reconciling again", "detail", err.Error())
		return ctrl.Result{RequeueAfter: conflictRetry}, nil
	}
	if apierrors.IsNotFound(err) { // the object went while it was reconciled
		return ctrl.Result{RequeueAfter: conflictRetry}, nil
	}
	return ctrl.Result{}, fmt.Errorf("rewinding %s: %w", s.facts.Object.Spec.ClusterRef.Name, err)
}
