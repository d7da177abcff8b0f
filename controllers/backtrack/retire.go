package backtrack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

const (
	// postCompletionWatch is for how long after its end an object is still reconciled: longer than a deposed leader
	// can go on.
	postCompletionWatch = time.Minute
	// resumeRetryInterval is how often the resume of a workload that refuses it is tried again after the object's end.
	resumeRetryInterval = time.Minute
	// heldByWorkloads is for how long after its end an object whose own namespace is being deleted keeps its finalizer
	// for a workload in another namespace that refuses to be resumed.
	heldByWorkloads = 10 * time.Minute
)

var errNotResumed = errors.New("some are not resumed yet")

// retirer looks after a finished object: nothing it paused stays so, its finalizer goes, its time to live runs.
type retirer struct {
	*Reconciler
	*store
}

func (r *retirer) retire(ctx context.Context) (ctrl.Result, error) {
	f := r.facts
	r.announce(ctx, r.store)
	age := r.Clock.Now().Sub(f.Object.Status.CompletedAt.Time())
	watched := age < postCompletionWatch && f.Started() && f.Count(v1alpha1.StrategyPause) > 0
	if steps.StillPaused(f) || watched {
		r.reveal(ctx, r.store)
		err := r.resumeMarked(ctx)
		switch {
		case err == nil:
		case age < heldByWorkloads || !r.leaves(ctx):
			log.FromContext(ctx).Error(err, "resuming after the end; it is tried again")
			return ctrl.Result{RequeueAfter: resumeRetryInterval}, r.persist(ctx)
		default:
			log.FromContext(ctx).Error(err, "the object's namespace is being deleted, so it is not resumed: set what is left at zero as it should be, and remove the annotation "+v1alpha1.PausedAnnotation)
		}
		if err := r.persist(ctx); err != nil {
			return retryLater(ctx, r.store, err)
		}
	}
	if err := r.removeFinalizer(ctx); err != nil {
		return retryLater(ctx, r.store, err)
	}
	if watched {
		return ctrl.Result{RequeueAfter: postCompletionWatch - age}, nil
	}
	r.Events.Forget(f.Object.UID)
	r.hidden.forget(client.ObjectKeyFromObject(f.Object))
	return r.expire(ctx, age)
}

// resumeMarked resumes whatever still carries our mark, also what the status says is up again: a deposed leader may
// have paused it since.
func (r *retirer) resumeMarked(ctx context.Context) error {
	object := r.facts.Object
	anew := slices.Clone(object.Status.Dependents)
	for i := range anew {
		if gone := workload.IsHidden(&anew[i]) && anew[i].State == v1alpha1.DependentSkipped; !gone {
			anew[i].State = v1alpha1.DependentPending
		}
	}
	resumed, err := r.Workloads.Resume(ctx, object.UID, anew)
	if err != nil {
		return fmt.Errorf("resuming what is still paused: %w", err)
	}
	if !resumed {
		return errNotResumed
	}
	steps.TakeOver(r.facts, anew)
	return nil
}

// leaves reports whether the object goes with its namespace, which is being deleted.
func (r *retirer) leaves(ctx context.Context) bool {
	return !r.facts.Object.DeletionTimestamp.IsZero() && r.Workloads.NamespaceLeaves(ctx, r.facts.Object.Namespace)
}

func (r *retirer) removeFinalizer(ctx context.Context) error {
	if !controllerutil.ContainsFinalizer(r.facts.Object, v1alpha1.Finalizer) {
		return nil
	}
	err := r.updateMeta(ctx, func(b *v1alpha1.AuroraBacktrack) { controllerutil.RemoveFinalizer(b, v1alpha1.Finalizer) })
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// expire deletes the object when its time to live has passed.
func (r *retirer) expire(ctx context.Context, age time.Duration) (ctrl.Result, error) {
	object := r.facts.Object
	ttl := object.Spec.TTLSecondsAfterFinished
	if ttl == nil || !object.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	if left := time.Duration(*ttl)*time.Second - age; left > 0 {
		return ctrl.Result{RequeueAfter: left}, nil
	}
	uid := object.UID
	err := r.Client.Delete(ctx, object, client.Preconditions{UID: &uid})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) && r.Workloads.NamespaceLeaves(ctx, object.Namespace) {
		return ctrl.Result{}, nil // it is gone, or goes with its namespace
	}
	if err != nil {
		return retryLater(ctx, r.store, fmt.Errorf("deleting the object after its time to live: %w", err))
	}
	return ctrl.Result{}, nil
}
