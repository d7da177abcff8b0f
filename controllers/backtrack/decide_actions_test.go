package backtrack

import (
	"errors"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/verification"
)

// callTime is how long a call to RDS may take in the model.
const callTime = 30 * time.Second

// actions are an action's writes, one after the other. The process may die between any two, and another one may write.
func (p *pureProcess) actions(action steps.Action) []func() error {
	f, m := p.f, p.m
	ref := lock.Reference(f.Object)
	switch action {
	case steps.TakeLock:
		return p.hold(ref, func(c *v1alpha1.AuroraCluster) bool { return c.Status.ActiveBacktrack == nil && lock.Hold(c, ref) })
	case steps.InheritLock:
		holder := *f.Cluster.Value().Status.ActiveBacktrack
		resume := func() error { m.resume(holder.UID); return nil }
		return append([]func() error{resume}, p.hold(ref, func(c *v1alpha1.AuroraCluster) bool { return lock.Release(c, holder) && lock.Hold(c, ref) })...)
	case steps.ReleaseLock:
		f.Lock = fact.Fact[lock.View]{}
		return p.clusterChange(func(c *v1alpha1.AuroraCluster) bool { return lock.Release(c, ref) })
	case steps.ClearHolder:
		holder := *f.Cluster.Value().Status.ActiveBacktrack
		f.Lock = fact.Fact[lock.View]{}
		return []func() error{
			func() error { m.resume(holder.UID); return nil },
			func() error {
				return p.changeCluster(true, func(c *v1alpha1.AuroraCluster) bool { return lock.Release(c, holder) })
			},
		}
	case steps.RegainLock:
		return []func() error{func() error {
			if stored := m.objects[f.Object.Name]; stored == nil || stored.ResourceVersion != p.saved.ResourceVersion {
				return errPureConflict
			}
			return p.changeCluster(false, func(c *v1alpha1.AuroraCluster) bool {
				held := c.Status.ActiveBacktrack == nil && lock.Hold(c, ref)
				noted := claim.Find(c, f.Object) == nil && f.Object.Status.Backtrack == nil && claim.Enter(c, f.Object, *f.Object.Status.Claim)
				return held || noted
			})
		}}
	case steps.ResumeLeft:
		return []func() error{func() error {
			if stored := m.objects[f.Object.Name]; stored == nil || stored.ResourceVersion != p.saved.ResourceVersion {
				return errPureConflict
			}
			m.resume(f.Object.UID)
			f.LeftPaused = fact.Known[[]v1alpha1.DependentStatus](nil)
			return nil
		}}
	case steps.StartCheck:
		return []func() error{func() error {
			f.CheckStarted = fact.Of(true, m.startCheck(f.Object))
			f.Check = fact.Fact[verification.State]{}
			return nil
		}}
	case steps.ReadAgain:
		f.ReadAgain()
	case steps.MakeCopy:
		return p.makeCopy()
	case steps.MakeInstance:
		return p.makeInstance()
	case steps.MakeUndo:
		m.t.Fatal("no object of the model asks for an undo")
	case steps.Call:
		return p.call(ref)
	case steps.WithdrawClaim:
		claimed := *f.Object.Status.Claim
		return append(p.clusterChange(func(c *v1alpha1.AuroraCluster) bool { return claim.Withdraw(c, f.Object, claimed) }),
			func() error { f.Object.Status.Claim = nil; return nil })
	case steps.EnterRecord:
		record := *f.Object.Status.Backtrack
		return p.clusterChange(func(c *v1alpha1.AuroraCluster) bool { return claim.Record(c, f.Object, record) })
	case steps.ReleaseFinished:
		return append(p.clusterChange(func(c *v1alpha1.AuroraCluster) bool {
			changed := lock.Release(c, ref)
			if b := f.Object.Status.Backtrack; b != nil && f.CalledRDS() {
				changed = claim.Record(c, f.Object, *b) || changed
			}
			return changed
		}), func() error { f.Released = true; return nil })
	case steps.Pause, steps.VerifyPaused, steps.ResumePaused, steps.BringBack:
		return p.workloads(action)
	}
	return nil
}

func (p *pureProcess) clusterChange(change func(*v1alpha1.AuroraCluster) bool) []func() error {
	return []func() error{func() error { return p.changeCluster(true, change) }}
}

func (p *pureProcess) hold(ref v1alpha1.ObjectReference, take func(*v1alpha1.AuroraCluster) bool) []func() error {
	f := p.f
	return []func() error{
		func() error {
			if controllerutil.ContainsFinalizer(f.Object, v1alpha1.Finalizer) {
				return nil
			}
			changed := p.saved.DeepCopy()
			controllerutil.AddFinalizer(changed, v1alpha1.Finalizer)
			if err := p.m.writeObject(changed); err != nil {
				return err
			}
			status := f.Object.Status
			p.saved, f.Object = changed, changed.DeepCopy()
			f.Object.Status = status
			return nil
		},
		func() error {
			if err := p.changeCluster(false, take); err != nil {
				return err
			}
			if c := f.Cluster.Value(); c == nil || !lock.Holds(c, ref) {
				return errLockLost
			}
			f.Lock, f.LockTaken = fact.Fact[lock.View]{}, true
			return nil
		},
	}
}

func (p *pureProcess) call(ref v1alpha1.ObjectReference) []func() error {
	f := p.f
	claimed := v1alpha1.Claim{
		ClaimedAt: v1alpha1.NewTimestamp(p.m.now), BacktrackTo: v1alpha1.NewTimestamp(f.Object.Spec.BacktrackTo.Time()), Attempt: steps.Attempt(f),
		DBClusterResourceID: f.Observed.Value().ResourceID,
	}
	before := f.Object.Status.Claim
	return []func() error{
		func() error {
			entered := false
			err := p.changeCluster(false, func(c *v1alpha1.AuroraCluster) bool {
				entered = lock.Holds(c, ref) && claim.Enter(c, f.Object, claimed)
				return entered
			})
			if err == nil && !entered {
				err = errLockLost
			}
			return err
		},
		func() error {
			f.Object.Status.Claim = &claimed
			err := p.persist()
			if err == nil {
				return nil
			}
			f.Object.Status.Claim = before
			return errors.Join(err, p.changeCluster(true, func(c *v1alpha1.AuroraCluster) bool { return claim.Withdraw(c, f.Object, claimed) }))
		},
		func() error { p.ask(wishOf(f.Object)); return nil },
		func() error { return p.persist() },
	}
}

func (p *pureProcess) workloads(action steps.Action) []func() error {
	f, m := p.f, p.m
	set := func(state v1alpha1.DependentState) {
		for i := range f.Object.Status.Dependents {
			f.Object.Status.Dependents[i].State = state
		}
	}
	pause := func() error {
		if m.pausedBy != "" && m.pausedBy != f.Object.UID {
			f.Paused, f.Quiet = fact.Unknown[bool](errors.New("paused by another")), fact.Unknown[bool](errors.New("paused by another"))
			return nil
		}
		// A process that paused for an object that had ended or gone by then sees that at its next write, and resumes. That
		// it dies in between is left to the watch after the end, which this model cuts short.
		if stored := m.objects[f.Object.Name]; stored != nil && stored.UID == f.Object.UID {
			m.notePause(f.Object.UID)
		}
		set(v1alpha1.DependentPaused)
		quiet := m.rand.IntN(3) > 0
		f.Paused, f.Quiet = fact.Known(quiet), fact.Known(quiet)
		return nil
	}
	switch action {
	case steps.Pause:
		return []func() error{p.persist, pause}
	case steps.VerifyPaused:
		return []func() error{pause}
	default:
		return []func() error{func() error {
			m.resume(f.Object.UID)
			set(v1alpha1.DependentReady)
			f.Up = fact.Known(true)
			return nil
		}}
	}
}
