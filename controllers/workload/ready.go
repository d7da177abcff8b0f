package workload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Ready checks whether each dependent that was resumed or restarted is up: its controller has seen the
// change, all its pods are updated and available, and none from before is left. It updates states and
// messages, and evicts old pods that their controller does not replace by itself. done when every
// dependent is Ready or Skipped. A dependent that is Failed is checked again in the next round: it may
// recover, and how long to wait is the caller's to decide; but for a *RestartRevertedError, which does not
// pass by itself. id is the one given to Restart, which for a run is the UID that paused.
func (w *Workloads) Ready(ctx context.Context, id string, deps []v1alpha1.DependentStatus) (done bool, err error) {
	return w.ready(ctx, w.newRound(), id, deps)
}

func (w *Workloads) ready(ctx context.Context, in *round, id string, deps []v1alpha1.DependentStatus) (done bool, err error) {
	targets := in.targets(ctx, pointers(deps, isBegun))
	errs := make([]error, len(targets))
	var open []*rolloutCheck
	var sets []podSet
	var whose []int
	for i, t := range targets {
		c, err := startCheck(id, t)
		if c == nil {
			errs[i] = err
			continue
		}
		own, err := t.kind.pods(ctx, w.Client, t.obj)
		if errs[i] = err; err == nil {
			open, sets, whose = append(open, c), append(sets, own), append(whose, i)
		}
	}
	pods, podErrs := allPods(ctx, w.Client, sets)
	_ = each(len(open), func(j int) error { // the errors are in errs
		if errs[whose[j]] = podErrs[j]; podErrs[j] == nil {
			errs[whose[j]] = open[j].judge(ctx, w.Client, pods[j])
		}
		return nil
	})
	for i, t := range targets {
		if t.leaves(ctx, w.Client, errs[i]) {
			t.skip()
			errs[i] = nil
		}
		errs[i] = checkFailed(t.dep, errs[i])
	}
	_ = each(len(targets), func(i int) error { finish(ctx, w.Client, targets[i]); return nil })
	err = errors.Join(errs...)
	for i := range deps {
		if deps[i].State != v1alpha1.DependentReady && deps[i].State != v1alpha1.DependentSkipped {
			return false, err
		}
	}
	return err == nil, err
}

// finish gives up the pause field of a target that was resumed and is up.
func finish(ctx context.Context, c client.Client, t *target) {
	if t.presence != present || t.dep.State != v1alpha1.DependentReady || t.dep.Strategy != v1alpha1.StrategyPause {
		return
	}
	if err := giveUpField(ctx, c, t); err != nil {
		set(t.dep, v1alpha1.DependentReady, err.Error())
	}
}

func checkFailed(dep *v1alpha1.DependentStatus, err error) error {
	var undone *RestartRevertedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &undone):
		set(dep, v1alpha1.DependentFailed, err.Error())
		return err
	}
	return fmt.Errorf("check the rollout of %s: %w", nameOf(dep), err)
}

// isBegun reports whether there is a rollout to check: not before the dependent was resumed or restarted,
// and not after it was found complete.
func isBegun(dep *v1alpha1.DependentStatus) bool {
	switch dep.State {
	case v1alpha1.DependentResuming, v1alpha1.DependentRestarting, v1alpha1.DependentFailed:
		return true
	default:
		return false
	}
}

// rolloutCheck is one check of a dependent that was resumed or restarted.
type rolloutCheck struct {
	*target
	id        string
	restarted bool
	progress  progress
}

// startCheck reads what the workload itself says. It gives no check where that settles the state.
func startCheck(id string, t *target) (*rolloutCheck, error) {
	switch t.presence {
	case absent:
		t.skip()
		return nil, nil
	case unknown:
		return nil, t.err
	default:
	}
	c := &rolloutCheck{target: t, id: id}
	times := restartsBy(t.obj, id)
	c.restarted = t.dep.Strategy == v1alpha1.StrategyRestart || t.dep.State == v1alpha1.DependentRestarting || times > 0
	if c.isStillPaused() {
		return nil, nil
	}
	if c.restarted && (t.kind.restart == nil || !t.kind.restart.inForce(t.obj, id)) {
		return nil, c.reverted(times)
	}
	var err error
	if c.progress, err = t.kind.progress(t.obj, c.restarted); err != nil {
		return nil, err
	}
	if c.progress.unseen || c.progress.complete && !c.restarted {
		c.settle()
		return nil, nil
	}
	return c, nil
}

// reverted settles a restart that is not on the workload any more. It is repeated once.
func (c *rolloutCheck) reverted(times int) error {
	switch {
	case c.kind.restart == nil: // Restart has said why
	case times > 0 && times < maxRestarts:
		set(c.dep, v1alpha1.DependentPending, fmt.Sprintf("its restart was reverted (the last to write there was %s): it is restarted once more", lastManagerNear(c.obj, c.kind.restart.path)))
	case times == 0 && c.dep.State == v1alpha1.DependentFailed: // it may never have been restarted
	default: // twice, or so that nothing on the workload says how often
		return restartReverted(c.dep, c.kind, c.obj)
	}
	return nil
}

// isStillPaused reports whether the workload is paused after all, whatever the state says.
func (c *rolloutCheck) isStillPaused() bool {
	record, err := readRecord(c.obj, c.kind.pauseField)
	switch {
	case err != nil:
		set(c.dep, v1alpha1.DependentFailed, unreadable(c.dep, c.kind.pauseField, err))
	case record == nil:
		return false
	case string(record.Owner) == c.id:
		set(c.dep, v1alpha1.DependentPaused, "not resumed yet")
	default:
		set(c.dep, v1alpha1.DependentFailed, pausedByOther(c.dep, c.kind.pauseField, record.Owner))
	}
	return true
}

// judge decides by what the status does not say: old pods that are still there, and why new ones do not come up.
func (c *rolloutCheck) judge(ctx context.Context, api client.Client, pods []corev1.Pod) error {
	if c.kind.podProgress != nil {
		c.progress = c.kind.podProgress(c.obj, pods)
	}
	isOld := func(*corev1.Pod) bool { return false } // one that was paused has none: they were seen gone
	if c.restarted {
		isOld = c.kind.restart.isOld(c.obj, c.id)
	}
	var before, after []corev1.Pod
	for i := range pods {
		if isOld(&pods[i]) {
			before = append(before, pods[i])
		} else {
			after = append(after, pods[i])
		}
	}
	if c.progress.complete && len(before) > 0 {
		c.progress = waitingFor("%d old pods are still there, such as %s", len(before), before[0].Name)
	}
	if c.kind.stuck != nil && !c.progress.complete && c.restarted {
		held, err := evict(ctx, api, c.kind.stuck(c.obj, pods, isOld))
		if err != nil {
			return err
		}
		c.progress.message = join(c.progress.message, held)
	}
	if !c.progress.complete {
		message, failing := trouble(after)
		c.progress.message, c.progress.failed = join(c.progress.message, message), c.progress.failed || failing
	}
	c.settle()
	return nil
}

// settle writes the progress into the dependent's state.
func (c *rolloutCheck) settle() {
	p := c.progress
	switch {
	case p.complete:
		set(c.dep, v1alpha1.DependentReady, "")
	case p.failed:
		set(c.dep, v1alpha1.DependentFailed, p.message)
	case c.restarted:
		set(c.dep, v1alpha1.DependentRestarting, p.message)
	default:
		set(c.dep, v1alpha1.DependentResuming, p.message)
	}
}

// join puts two messages together, either of which can be empty.
func join(a, b string) string {
	return strings.Trim(a+"; "+b, "; ")
}
