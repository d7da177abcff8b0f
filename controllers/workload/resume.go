package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Resume does one round of resuming for a run that ends without RDS having been asked, highest order first,
// without waiting for one before the next: each Pause dependent that carries our record with our UID, and
// still has the value that we set, gets its earlier value back and loses the record in the same write. A
// value that somebody changed meanwhile is left as it is; only the record goes. Where the record is lost,
// the field manager says whether the value is still ours. Then the operator gives up the ownership of the
// field, so that its owner can apply it again without a conflict. Nothing is restarted.
//
// It needs nothing but deps, so it works when everything else is gone. All are tried, whatever fails; the
// errors come back joined. done when no write is left to do; whether the rollouts are complete, Ready
// says. What cannot be resumed for good (an unreadable record) becomes Failed with what to do by hand, and
// does not hold up done. Only what is known not to exist is Skipped: one that cannot be read stays as it is.
func (w *Workloads) Resume(ctx context.Context, owner types.UID, deps []v1alpha1.DependentStatus) (done bool, err error) {
	r := resuming{round: w.newRound(), c: w.Client, clock: w.Clock, owner: owner}
	err = r.all(ctx, deps)
	return err == nil, err
}

// ResumeAfterCall is Resume for a run that has asked RDS. A dependent that was paused when RDS was asked, and
// that somebody brought back before the operator did, ran on the database while it was rewound: it is
// restarted as part of this (its strategy stays Pause, its state becomes Restarting), and woken says who it
// was. So is one that was deleted and created again. Call Restart and Ready after it, with the same deps, as
// after Resume.
//
// Each is reported in the round that finds it, and again if that round's status was not stored. The field of
// what is resumed stays the operator's own until Ready finds it up: a round that is repeated after a crash
// recognises by that what it has resumed itself.
func (w *Workloads) ResumeAfterCall(ctx context.Context, owner types.UID, deps []v1alpha1.DependentStatus) (woken []Woken, done bool, err error) {
	r := resuming{round: w.newRound(), c: w.Client, clock: w.Clock, owner: owner, afterCall: true}
	err = r.all(ctx, deps)
	return r.woken, err == nil, err
}

// ResumeAll resumes what the owner has paused among the cluster's dependents, for a run whose own list is lost.
func (w *Workloads) ResumeAll(ctx context.Context, cluster *v1alpha1.AuroraCluster, owner types.UID) error {
	paused, err := w.PausedBy(ctx, cluster, owner)
	_, resumeErr := w.Resume(ctx, owner, paused) // what cannot be read does not keep the others down
	return errors.Join(err, resumeErr)
}

// resuming is one round.
type resuming struct {
	round     *round
	c         client.Client
	clock     clock.PassiveClock
	owner     types.UID
	afterCall bool
	woken     []Woken
}

func (r *resuming) all(ctx context.Context, deps []v1alpha1.DependentStatus) error {
	groups := byOrder(deps)
	slices.Reverse(groups)
	var errs []error
	for _, group := range groups {
		// What scales a workload goes first: it would hold down what is resumed under it.
		errs = append(errs, r.some(ctx, group.autoscalers), r.some(ctx, group.workloads))
	}
	return errors.Join(errs...)
}

// some resumes dependents that nothing orders.
func (r *resuming) some(ctx context.Context, deps []*v1alpha1.DependentStatus) error {
	deps = slices.DeleteFunc(slices.Clone(deps), func(dep *v1alpha1.DependentStatus) bool { return !r.isDue(dep) })
	targets := r.round.targets(ctx, deps)
	woken := make([]*Woken, len(targets))
	err := each(len(targets), func(i int) (err error) {
		woken[i], err = r.target(ctx, targets[i])
		return err
	})
	for _, w := range woken {
		if w != nil {
			r.woken = append(r.woken, *w)
		}
	}
	if r.afterCall {
		return err // Ready gives the fields up
	}
	return errors.Join(err, each(len(targets), func(i int) error { return r.giveUp(ctx, targets[i]) }))
}

// isDue reports whether the dependent is not resumed yet. After the call, one that was gone may be back.
func (r *resuming) isDue(dep *v1alpha1.DependentStatus) bool {
	switch dep.State {
	case v1alpha1.DependentResuming, v1alpha1.DependentReady, v1alpha1.DependentRestarting:
		return false
	case v1alpha1.DependentSkipped:
		return r.afterCall
	default:
		return true
	}
}

// target resumes one.
func (r *resuming) target(ctx context.Context, t *target) (woken *Woken, err error) {
	if t.presence == present {
		err = change(ctx, r.c, t, func() error {
			woken, err = r.read(ctx, t)
			return err
		})
		t.leaves(ctx, r.c, err)
	}
	switch {
	case t.presence == absent:
		t.skip()
		return nil, nil
	case t.presence == unknown:
		err = t.err
	}
	if err != nil {
		err = fmt.Errorf("resume %s: %w", nameOf(t.dep), missingRight(err, "patch on it"))
		set(t.dep, t.dep.State, err.Error())
	}
	return woken, err
}

// read decides on the target as it was read.
func (r *resuming) read(ctx context.Context, t *target) (*Woken, error) {
	field := t.kind.pauseField
	record, err := readRecord(t.obj, field)
	atZero := field.isPaused(t.obj, r.owner)
	owned, _ := ownedByOperator(t.obj, field.path)
	switch {
	case err != nil:
		set(t.dep, v1alpha1.DependentFailed, unreadable(t.dep, field, err))
		return nil, nil
	case record != nil && record.Owner != r.owner:
		set(t.dep, v1alpha1.DependentSkipped, pausedByOther(t.dep, field, record.Owner))
		return nil, nil
	case record != nil && atZero:
		return nil, restore(ctx, r.c, t, record.Restore, "")
	case r.afterCall && isWoken(t, record, r.owner):
		return restartWoken(ctx, r.c, t, record, string(r.owner), r.clock.Now())
	case record != nil:
		return nil, dropRecord(ctx, r.c, t)
	case wasTouched(t.dep) && atZero && owned:
		// The record was taken away, but the value is still the one that we wrote, and nobody's since.
		return nil, restore(ctx, r.c, t, field.fallback(t.dep), "its pause record was gone; restored to what it had in the plan")
	case r.afterCall && t.dep.State == v1alpha1.DependentPending && restartsBy(t.obj, string(r.owner)) > 0:
		return nil, nil // it was woken, and its restart was reverted: Restart sees to it
	}
	set(t.dep, v1alpha1.DependentResuming, "")
	return nil, nil
}

// wasTouched reports whether the run came as far as to pause the dependent, by its state.
func wasTouched(dep *v1alpha1.DependentStatus) bool {
	switch dep.State {
	case v1alpha1.DependentPausing, v1alpha1.DependentPaused, v1alpha1.DependentFailed:
		return true
	default:
		return false
	}
}

// giveUp ends the operator's ownership of the field, where the target was resumed.
func (r *resuming) giveUp(ctx context.Context, t *target) error {
	if t.presence != present || t.dep.State != v1alpha1.DependentResuming {
		return nil
	}
	if err := giveUpField(ctx, r.c, t); err != nil {
		set(t.dep, t.dep.State, err.Error())
	}
	return nil
}
