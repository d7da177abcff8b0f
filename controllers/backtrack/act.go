package backtrack

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/verification"
)

// performer does what a decision asked for, and leaves the result in the facts.
type performer struct {
	*Reconciler
	*store
}

// do does one action. An error is one that is worth a retry.
func (a *performer) do(ctx context.Context, action steps.Action) error {
	f := a.facts
	ref := steps.LockReference(f)
	switch action {
	case steps.TakeLock:
		return a.takeLock(ctx, ref)
	case steps.ReleaseLock:
		f.Lock = fact.Fact[lock.View]{}
		return a.changeClusterAnyway(ctx, func(c *v1alpha1.AuroraCluster) bool { return lock.Release(c, ref) })
	case steps.InheritLock:
		return a.inheritLock(ctx, ref)
	case steps.ClearHolder:
		return a.clearHolder(ctx)
	case steps.RegainLock:
		return a.regainLock(ctx, ref)
	case steps.ResumeLeft:
		return a.resumeLeft(ctx)
	case steps.ReadAgain:
		f.ReadAgain()
	case steps.MakeCopy:
		return a.makeCopy(ctx)
	case steps.MakeInstance:
		return a.makeInstance(ctx)
	case steps.Call:
		return a.call(ctx)
	case steps.WithdrawClaim:
		return a.withdrawClaim(ctx)
	case steps.EnterRecord:
		record := *f.Object.Status.Backtrack
		return a.changeClusterAnyway(ctx, func(c *v1alpha1.AuroraCluster) bool { return claim.Record(c, f.Object, record) })
	case steps.StartCheck:
		f.CheckStarted = fact.Of(true, a.Verification.Start(ctx, f.Object, f.Cluster.Value()))
		f.Check = fact.Fact[verification.State]{}
	case steps.MakeUndo:
		f.UndoMade = fact.Of(true, a.makeUndo(ctx))
		f.Undo = fact.Fact[*v1alpha1.AuroraBacktrack]{}
	case steps.ReleaseFinished:
		return a.releaseFinished(ctx, lock.Reference(f.Object))
	case steps.Pause, steps.VerifyPaused, steps.ResumePaused, steps.BringBack:
		return a.doWorkloads(ctx, action)
	}
	return nil
}

// takeLock takes the lock if it is free.
func (a *performer) takeLock(ctx context.Context, ref v1alpha1.ObjectReference) error {
	own := ref.UID == a.facts.Object.UID // an undo runs under the lock of what it undoes, and never takes it
	return a.hold(ctx, ref, func(c *v1alpha1.AuroraCluster) bool {
		return own && c.Status.ActiveBacktrack == nil && lock.Hold(c, ref)
	})
}

// inheritLock takes the lock over from an earlier run of this wish, in one write: without the lock nobody would know that
// the run was ended half way.
func (a *performer) inheritLock(ctx context.Context, ref v1alpha1.ObjectReference) error {
	cluster := a.facts.Cluster.Value()
	holder := *cluster.Status.ActiveBacktrack
	if err := a.keeper().ResumeForVanished(ctx, cluster); err != nil {
		return err //nolint:wrapcheck // says what it was doing itself
	}
	return a.hold(ctx, ref, func(c *v1alpha1.AuroraCluster) bool { return lock.Release(c, holder) && lock.Hold(c, ref) })
}

// hold stores the finalizer, so that a deletion from here on is followed to its end, and then takes the lock.
func (a *performer) hold(ctx context.Context, ref v1alpha1.ObjectReference, take func(*v1alpha1.AuroraCluster) bool) error {
	f := a.facts
	if !controllerutil.ContainsFinalizer(f.Object, v1alpha1.Finalizer) {
		err := a.updateMeta(ctx, func(b *v1alpha1.AuroraBacktrack) { controllerutil.AddFinalizer(b, v1alpha1.Finalizer) })
		if err != nil {
			return err
		}
	}
	if err := a.changeCluster(ctx, take); err != nil {
		return err
	}
	if c := f.Cluster.Value(); c == nil || !lock.Holds(c, ref) {
		return errLockLost
	}
	f.Lock, f.LockTaken = fact.Fact[lock.View]{}, true
	return nil
}

// clearHolder frees the lock of a holder that has finished or is gone.
func (a *performer) clearHolder(ctx context.Context) error {
	cluster := a.facts.Cluster.Value()
	if err := a.keeper().ResumeForVanished(ctx, cluster); err != nil {
		return err
	}
	holder := *cluster.Status.ActiveBacktrack
	a.facts.Lock = fact.Fact[lock.View]{}
	return a.changeClusterAnyway(ctx, func(c *v1alpha1.AuroraCluster) bool { return lock.Release(c, holder) })
}

// regainLock takes the lock and notes the claim once more, unless another process has brought the object to its end.
func (a *performer) regainLock(ctx context.Context, ref v1alpha1.ObjectReference) error {
	if err := a.unchanged(ctx); err != nil {
		return err
	}
	object := a.facts.Object
	return a.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool {
		held := c.Status.ActiveBacktrack == nil && lock.Hold(c, ref)
		noted := claim.Find(c, object) == nil && object.Status.Backtrack == nil && claim.Enter(c, object, *object.Status.Claim)
		return held || noted
	})
}

// resumeLeft resumes what was paused before the status was taken away. Another process that believes to lead writes the
// object before it pauses: what it paused is not for this one to resume, and then the object is not as it was read.
func (a *performer) resumeLeft(ctx context.Context) error {
	if err := a.unchanged(ctx); err != nil {
		return err
	}
	f := a.facts
	if _, err := a.Workloads.Resume(ctx, f.Object.UID, f.LeftPaused.Value()); err != nil {
		return fmt.Errorf("resuming what was paused before the status was taken away: %w", err)
	}
	f.LeftPaused = fact.Known[[]v1alpha1.DependentStatus](nil)
	return nil
}

// releaseFinished gives the lock back and leaves the outcome in the ledger, in one write.
func (a *performer) releaseFinished(ctx context.Context, ref v1alpha1.ObjectReference) error {
	f := a.facts
	err := a.changeClusterAnyway(ctx, func(c *v1alpha1.AuroraCluster) bool {
		changed := lock.Release(c, ref)
		if b := f.Object.Status.Backtrack; b != nil && f.CalledRDS() {
			changed = claim.Record(c, f.Object, *b) || changed
		}
		return changed
	})
	f.Released = err == nil
	return err
}

// makeUndo makes the AuroraBacktrack that brings the data forward again. That it is there already is no error.
func (a *performer) makeUndo(ctx context.Context) error {
	undo := steps.UndoFor(a.facts.Object)
	err := a.client.Create(ctx, undo, client.FieldOwner(v1alpha1.FieldManager))
	if err == nil || apierrors.IsAlreadyExists(err) {
		return nil
	}
	return fmt.Errorf("creating AuroraBacktrack %s/%s: %w", undo.Namespace, undo.Name, err)
}

// doWorkloads does one round of work on the dependents. What fails there is a fact, and not an error.
func (a *performer) doWorkloads(ctx context.Context, action steps.Action) error {
	f := a.facts
	switch action {
	case steps.Pause:
		// What is about to be paused must be on record before the first one is: it is what a resume goes by.
		if err := a.persist(ctx); err != nil {
			return err
		}
		f.Paused = fact.Of(a.Workloads.Pause(ctx, f.Object.UID, f.Object.Status.Dependents, steps.PausingLate(f)))
	case steps.VerifyPaused:
		paused, err := a.Workloads.Pause(ctx, f.Object.UID, f.Object.Status.Dependents, false)
		if err == nil && paused {
			err = a.Workloads.Verify(ctx, f.Object.UID, f.Object.Status.Dependents)
		}
		f.Quiet = fact.Of(paused, err)
	case steps.ResumePaused:
		f.Up = fact.Of(a.resumePaused(ctx))
	default:
		f.Up = fact.Of(a.bringBack(ctx))
	}
	return nil
}

// bringBack does one round of resuming, of restarting where the database's connections are dead, and of
// watching the rollouts. It reports whether every dependent is up. One that fails does not keep the others down. What
// somebody else brought back during the rewind is restarted too, and told.
func (a *performer) bringBack(ctx context.Context) (bool, error) {
	object := a.facts.Object
	woken, up, err := a.Workloads.BringBack(ctx, object.UID, object.Status.Dependents)
	a.woken = append(a.woken, woken...)
	return up, err //nolint:wrapcheck // says what it was doing itself
}

// resumePaused does one round of resuming what was paused, for a run that RDS was not asked for, or that it
// refused: connections live, so nothing is restarted.
func (a *performer) resumePaused(ctx context.Context) (bool, error) {
	object := a.facts.Object
	var paused []v1alpha1.DependentStatus
	for _, d := range object.Status.Dependents {
		if d.Strategy == v1alpha1.StrategyPause {
			paused = append(paused, d)
		}
	}
	resumed, resumeErr := a.Workloads.Resume(ctx, object.UID, paused)
	ready, readyErr := a.Workloads.Ready(ctx, string(object.UID), paused)
	for i := range object.Status.Dependents {
		if object.Status.Dependents[i].Strategy == v1alpha1.StrategyPause {
			object.Status.Dependents[i], paused = paused[0], paused[1:]
		}
	}
	return resumed && ready, errors.Join(resumeErr, readyErr)
}
