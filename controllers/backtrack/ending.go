package backtrack

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
)

// succeed is the end that everybody wants.
func (x *run) succeed(ctx context.Context) outcome {
	if err := x.release(ctx); err != nil {
		return failed(err)
	}
	b := x.object.Status.Backtrack
	x.complete(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, fmt.Sprintf(
		"rewound to %s, the cluster is available and every dependent is up; to go forward again, backtrack to %s", b.BacktrackTo, b.BacktrackedFrom))
	return done("", "")
}

// unwind brings back whatever the run had begun to touch, and then ends it with the verdict of the step that
// failed.
func (x *run) unwind(ctx context.Context, verdict metav1.Condition) outcome {
	message := verdict.Message
	timeout, err := x.reconnectTimeout(ctx)
	if err != nil {
		return failed(err)
	}
	if err := x.knowDependents(ctx); err != nil {
		return waiting(look, v1alpha1.ReasonResuming, fmt.Sprintf("ends without success (%s); %v", verdict.Reason, err))
	}
	if x.touched() {
		bringBack := x.undoPause
		if x.called() {
			bringBack = x.bringBack
		}
		up, err := bringBack(ctx)
		late := x.now().Sub(verdict.LastTransitionTime.Time) > timeout
		if verdict.Type == v1alpha1.ConditionDependentsReconnected {
			late = true // it had its time; what is still paused is tried for as long as the object is there
		}
		switch {
		case up:
			x.set(v1alpha1.ConditionDependentsReconnected, metav1.ConditionTrue, v1alpha1.ReasonResumed, "every dependent is as before")
		case !late && err != nil:
			return waiting(look, v1alpha1.ReasonResuming, fmt.Sprintf("ends without success (%s); bringing dependents back: %v", verdict.Reason, err))
		case !late:
			return waiting(look, v1alpha1.ReasonResuming, fmt.Sprintf("ends without success (%s); bringing dependents back: %s", verdict.Reason, x.stragglers(v1alpha1.DependentReady)))
		case verdict.Type != v1alpha1.ConditionDependentsReconnected:
			message += "; not every dependent is up: " + x.stragglers(v1alpha1.DependentReady)
		}
	}
	if !x.called() {
		x.leaveAlone()
	}
	if err := x.release(ctx); err != nil {
		return failed(err)
	}
	x.complete(metav1.ConditionFalse, verdict.Reason, message)
	return done("", "")
}

// touched tells whether the run came as far as the dependents.
func (x *run) touched() bool {
	return meta.IsStatusConditionTrue(x.object.Status.Conditions, v1alpha1.ConditionPreflightPassed) && len(x.object.Status.Dependents) > 0
}

// release gives the lock back and leaves the outcome in the ledger, in one write.
func (x *run) release(ctx context.Context) error {
	return x.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool {
		changed := ledger.Release(c, ledger.Reference(x.object))
		if b := x.object.Status.Backtrack; b != nil && x.called() {
			changed = ledger.Record(c, x.object, *b) || changed
		}
		return changed
	})
}

const (
	// afterglow is for how long after its end an object is still looked after: longer than a deposed leader
	// can go on.
	afterglow = time.Minute
	// insist is how often the resume of a workload that refuses it is tried again after the object's end.
	insist = time.Minute
)

// retire looks after a finished object: nothing it paused stays so, its finalizer goes, its time to live runs.
func (x *run) retire(ctx context.Context) (ctrl.Result, error) {
	x.announce(ctx)
	age := x.now().Sub(x.object.Status.CompletedAt.Time())
	watched := age < afterglow && x.started() && x.count(v1alpha1.StrategyPause) > 0
	if x.stillPaused() || watched {
		if err := x.sweep(ctx); err != nil {
			log.FromContext(ctx).Error(err, "resuming after the end; it is tried again")
			return ctrl.Result{RequeueAfter: insist}, x.persist(ctx)
		}
		if err := x.persist(ctx); err != nil {
			return x.again(ctx, err)
		}
	}
	if err := x.letGo(ctx); err != nil {
		return x.again(ctx, err)
	}
	if watched {
		return ctrl.Result{RequeueAfter: afterglow - age}, nil
	}
	return x.expire(ctx, age)
}

// sweep resumes whatever still carries our mark, also what the status says is up again: a deposed leader may
// have paused it since.
func (x *run) sweep(ctx context.Context) error {
	anew := slices.Clone(x.object.Status.Dependents)
	for i := range anew {
		anew[i].State = v1alpha1.DependentPending
	}
	resumed, err := x.Workloads.Resume(ctx, x.object.UID, anew)
	if err != nil {
		return fmt.Errorf("resuming what is still paused: %w", err)
	}
	if !resumed {
		return errNotYet
	}
	for i := range x.object.Status.Dependents {
		if d := &x.object.Status.Dependents[i]; leftPaused(*d) {
			d.State, d.Message = anew[i].State, anew[i].Message
		}
	}
	return nil
}

// stillPaused tells whether the object ended while a workload refused to be resumed.
func (x *run) stillPaused() bool {
	return x.started() && x.touched() && slices.ContainsFunc(x.object.Status.Dependents, leftPaused)
}

func leftPaused(d v1alpha1.DependentStatus) bool {
	return d.State == v1alpha1.DependentPausing || d.State == v1alpha1.DependentPaused
}

// letGo removes the finalizer.
func (x *run) letGo(ctx context.Context) error {
	if !controllerutil.ContainsFinalizer(x.object, v1alpha1.Finalizer) {
		return nil
	}
	err := x.updateMeta(ctx, func(b *v1alpha1.AuroraBacktrack) { controllerutil.RemoveFinalizer(b, v1alpha1.Finalizer) })
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// expire deletes the object when its time to live has passed.
func (x *run) expire(ctx context.Context, age time.Duration) (ctrl.Result, error) {
	ttl := x.object.Spec.TTLSecondsAfterFinished
	if ttl == nil || !x.object.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	if left := time.Duration(*ttl)*time.Second - age; left > 0 {
		return ctrl.Result{RequeueAfter: left}, nil
	}
	uid := x.object.UID
	err := x.Client.Delete(ctx, x.object, client.Preconditions{UID: &uid})
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, nil
	}
	if err != nil {
		return x.again(ctx, fmt.Errorf("deleting the object after its time to live: %w", err))
	}
	return ctrl.Result{}, nil
}
