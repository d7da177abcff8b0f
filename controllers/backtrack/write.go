package backtrack

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

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
// then had come to its end, was gone, or had not begun, since its status was taken away. Nobody else would look for that any more.
func (r *Reconciler) resumeTooLate(ctx context.Context, s *store, err error) error {
	if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		return nil
	}
	object, now := s.facts.Object, &v1alpha1.AuroraBacktrack{}
	err = r.Live.Get(ctx, client.ObjectKeyFromObject(object), now)
	if client.IgnoreNotFound(err) != nil {
		return err //nolint:wrapcheck // says what it was doing itself
	}
	if err == nil && now.UID == object.UID && now.Status.StartedAt != "" && now.Status.CompletedAt == "" {
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
