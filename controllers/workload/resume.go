package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Resume does one round of resuming, highest order first, without waiting for one before the next: each
// Pause dependent that carries our mark with our UID, and still has the value that we set, gets its earlier
// value back and loses the mark in the same write. A value that somebody changed meanwhile is left as it
// is; only the mark goes. Where the mark is lost, the field manager tells whether the value is still ours.
//
// It needs nothing but deps, so it works when everything else is gone. All are tried, whatever fails; the
// errors come back joined. done when no write is left to do; whether the rollouts are complete, Ready
// tells. What cannot be resumed for good (an unreadable mark) becomes Failed with what to do by hand, and
// does not hold up done.
func (w *Workloads) Resume(ctx context.Context, owner types.UID, deps []v1alpha1.DependentStatus) (done bool, err error) {
	groups := byOrder(deps)
	slices.Reverse(groups)
	var errs []error
	for _, group := range groups {
		// What scales a workload goes first: it would hold down what is resumed under it.
		for _, part := range [][]*v1alpha1.DependentStatus{group.autoscalers, group.workloads} {
			errs = append(errs, each(len(part), func(i int) error { return w.resume(ctx, owner, part[i]) }))
		}
	}
	err = errors.Join(errs...)
	return err == nil, err
}

// ResumeAll resumes what the owner has paused among the cluster's dependents, for a run whose own list is lost.
func (w *Workloads) ResumeAll(ctx context.Context, cluster *v1alpha1.AuroraCluster, owner types.UID) error {
	paused, err := w.PausedBy(ctx, cluster, owner)
	_, resumeErr := w.Resume(ctx, owner, paused) // what cannot be read does not keep the others down
	return errors.Join(err, resumeErr)
}

// PausedBy finds what carries the mark of the owner among the cluster's dependents. The mark decides, not what the strategy
// is by now. One that is gone, or whose mark cannot be read, is not among them.
// With an error come those that could be looked at.
func (w *Workloads) PausedBy(ctx context.Context, cluster *v1alpha1.AuroraCluster, owner types.UID) ([]v1alpha1.DependentStatus, error) {
	deps, _, err := w.Find(ctx, cluster)
	if err != nil {
		return nil, err
	}
	ours := make([]bool, len(deps))
	err = each(len(deps), func(i int) error {
		if deps[i].State == v1alpha1.DependentSkipped {
			return nil
		}
		k, err := w.kindOf(ctx, &deps[i])
		if err != nil {
			return ignoreGone(err)
		}
		u, err := w.get(ctx, k, &deps[i])
		if err != nil {
			return ignoreGone(err)
		}
		m, err := readMark(u, k.lever)
		ours[i] = err == nil && m != nil && m.Owner == owner
		return nil
	})
	var paused []v1alpha1.DependentStatus
	for i, dep := range deps {
		if ours[i] {
			dep.Strategy = v1alpha1.StrategyPause
			paused = append(paused, dep)
		}
	}
	return paused, err
}

func ignoreGone(err error) error {
	if gone(err) {
		return nil
	}
	return err
}

func (w *Workloads) resume(ctx context.Context, owner types.UID, dep *v1alpha1.DependentStatus) error {
	if dep.State == v1alpha1.DependentResuming || dep.State == v1alpha1.DependentReady || dep.State == v1alpha1.DependentSkipped {
		return nil
	}
	k, err := w.kindOf(ctx, dep)
	if err == nil {
		err = retryConflicts(func() error { return w.resumeOne(ctx, k, owner, dep) })
	}
	switch {
	case gone(err):
		set(dep, v1alpha1.DependentSkipped, "it does not exist any more")
		return nil
	case err != nil:
		err = fmt.Errorf("resume %s: %w", nameOf(dep), err)
		set(dep, dep.State, err.Error())
	}
	return err
}

func (w *Workloads) resumeOne(ctx context.Context, k *kind, owner types.UID, dep *v1alpha1.DependentStatus) error {
	u, err := w.get(ctx, k, dep)
	if err != nil {
		return err
	}
	m, err := readMark(u, k.lever)
	off := k.lever.isOff(u, owner)
	touched := dep.State == v1alpha1.DependentPausing || dep.State == v1alpha1.DependentPaused || dep.State == v1alpha1.DependentFailed
	switch {
	case err != nil:
		set(dep, v1alpha1.DependentFailed, unreadable(dep, k.lever, err))
		return nil
	case m != nil && m.Owner != owner:
		set(dep, v1alpha1.DependentSkipped, foreign(dep, k.lever, m.Owner))
		return nil
	case m != nil && off:
		return w.restore(ctx, k, u, dep, m.Restore, "")
	case m != nil:
		return w.unmark(ctx, k, u, dep)
	case touched && off && ownedByUs(u, k.lever.path):
		// The mark was taken away, but the value is still the one that we wrote, and nobody's since.
		return w.restore(ctx, k, u, dep, k.lever.unmarked(dep), "its mark was gone; restored to what it had in the plan")
	}
	set(dep, v1alpha1.DependentResuming, "")
	return nil
}

// restore sets the earlier value and takes the mark away in one write.
func (w *Workloads) restore(ctx context.Context, k *kind, u *unstructured.Unstructured, dep *v1alpha1.DependentStatus, value any, message string) error {
	body, err := k.lever.write(u, value, "")
	if err != nil {
		return err
	}
	if err := w.patch(ctx, u, body); err != nil {
		return err
	}
	set(dep, v1alpha1.DependentResuming, message)
	return nil
}

// unmark takes the mark away from a workload that somebody else has already changed.
func (w *Workloads) unmark(ctx context.Context, k *kind, u *unstructured.Unstructured, dep *v1alpha1.DependentStatus) error {
	left := fmt.Sprintf("%s is %s since %s changed it", k.lever.field(), shown(k.lever.value(u)), lastManager(u, k.lever.path).name())
	body, err := markOnly(map[string]any{}, u, "")
	if err != nil {
		return err
	}
	if err := w.patch(ctx, u, body); err != nil {
		return err
	}
	set(dep, v1alpha1.DependentResuming, left)
	return nil
}
