package workload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Pause does one round of pausing: every Pause dependent of the lowest order that is not paused yet is set
// to zero (in one write with the record of how it was) and watched until its pods are gone; then the next
// order. It updates states and messages. done when every one is Paused or Skipped, pods gone. After the
// deadline, Jobs of CronJobs that say deleteRunningJobs are deleted, which takes a few rounds more.
//
// All dependents of an order are tried; the errors come back joined. Two among them are final: a
// *RevertedError says that somebody undid a pause, which is not done again; an *UnsupportedError, that a
// pause would destroy something since the workload was changed after it was found. Others may pass.
func (w *Workloads) Pause(ctx context.Context, owner types.UID, deps []v1alpha1.DependentStatus, deadlinePassed bool) (done bool, err error) {
	p := pausing{c: w.Client, owner: owner, deadlinePassed: deadlinePassed, deps: deps}
	for _, group := range byOrder(deps) {
		if err := errors.Join(p.pause(ctx, group.workloads), p.pause(ctx, group.autoscalers)); err != nil {
			return false, err
		}
		if slices.ContainsFunc(slices.Concat(group.workloads, group.autoscalers), isNotPaused) {
			return false, nil
		}
	}
	return true, nil
}

func isNotPaused(dep *v1alpha1.DependentStatus) bool {
	return dep.State != v1alpha1.DependentPaused && dep.State != v1alpha1.DependentSkipped
}

// pausing is one round.
type pausing struct {
	c              client.Client
	owner          types.UID
	deadlinePassed bool
	deps           []v1alpha1.DependentStatus
}

// pause does the round for some dependents: it writes what is not at zero, and looks for what still runs of
// those that are.
func (p *pausing) pause(ctx context.Context, deps []*v1alpha1.DependentStatus) error {
	var waiting []*v1alpha1.DependentStatus
	for _, dep := range deps {
		if isNotPaused(dep) {
			waiting = append(waiting, dep)
		}
	}
	targets := readTargets(ctx, p.c, waiting)
	errs, atZero := make([]error, len(targets)), make([]bool, len(targets))
	_ = each(len(targets), func(i int) error { // the errors are in errs
		atZero[i], errs[i] = p.pauseOne(ctx, targets[i])
		return nil
	})
	var quiet []*target
	var whose []int
	for i, t := range targets {
		if atZero[i] && errs[i] == nil {
			quiet, whose = append(quiet, t), append(whose, i)
		}
	}
	running, runErrs := stillRunning(ctx, p.c, quiet)
	for j, i := range whose {
		errs[i] = p.wait(ctx, quiet[j], running[j], runErrs[j])
	}
	for i, t := range targets {
		errs[i] = pauseFailed(t.dep, errs[i])
	}
	return errors.Join(errs...)
}

// pauseFailed writes an error into the dependent's status.
func pauseFailed(dep *v1alpha1.DependentStatus, err error) error {
	var undone *RevertedError
	var destroys *UnsupportedError
	switch {
	case err == nil:
	case errors.As(err, &undone), errors.As(err, &destroys):
		set(dep, v1alpha1.DependentFailed, err.Error())
	default:
		err = fmt.Errorf("pause %s: %w", nameOf(dep), err)
		set(dep, cmp.Or(dep.State, v1alpha1.DependentPending), err.Error())
	}
	return err
}

// pauseOne sets the target to zero, and reports whether it stood there already.
func (p *pausing) pauseOne(ctx context.Context, t *target) (atZero bool, err error) {
	if t.presence == present {
		err = change(ctx, p.c, t, func() error {
			atZero, err = p.pauseRead(ctx, t)
			return err
		})
		t.leaves(ctx, p.c, err)
	}
	switch t.presence {
	case present:
		return atZero, err
	case absent:
		t.skip()
		return false, nil
	default:
		return false, t.err
	}
}

// pauseRead decides on the target as it was read. The state before tells a workload that nobody has touched
// yet from one whose pause, record and all, was undone.
func (p *pausing) pauseRead(ctx context.Context, t *target) (atZero bool, err error) {
	field := t.kind.pauseField
	record, err := readRecord(t.obj, field)
	if err != nil {
		return false, errors.New(unreadable(t.dep, field, err))
	}
	switch {
	case record != nil && record.Owner != p.owner:
		return false, errors.New(pausedByOther(t.dep, field, record.Owner))
	case field.isPaused(t.obj, p.owner):
		return true, nil
	case record != nil && p.isHeldByKEDA(ctx, t):
		// KEDA acted once more between the pause of its target and its own. It takes that back itself; if not,
		// Verify says so right before the rewind.
		set(t.dep, v1alpha1.DependentPausing, "waiting for KEDA to scale it to zero")
		return false, nil
	case record != nil || t.dep.State == v1alpha1.DependentPausing || t.dep.State == v1alpha1.DependentFailed:
		return false, reverted(t.dep, t.kind, t.obj)
	}
	return false, p.write(ctx, t)
}

// isHeldByKEDA reports whether it was KEDA that woke the target, although its ScaledObject is paused by now.
func (p *pausing) isHeldByKEDA(ctx context.Context, t *target) bool {
	if t.kind.isAutoscaler() || !lastManager(t.obj, t.kind.pauseField.path).isKEDA() {
		return false
	}
	autoscalers := pointers(p.deps, func(dep *v1alpha1.DependentStatus) bool {
		return dep.Namespace == t.dep.Namespace && dep.Strategy == v1alpha1.StrategyPause && isAutoscaler(dep)
	})
	for _, a := range readTargets(ctx, p.c, autoscalers) {
		if a.presence != present || !a.kind.scaleTarget(a.obj).names(t.dep) {
			continue
		}
		if a.dep.State != v1alpha1.DependentPaused || a.kind.pauseField.isPaused(a.obj, p.owner) {
			return true
		}
	}
	return false
}

// write sets the value that pauses. Value and record are one write, and only onto the object that was read:
// whatever crashes, a workload that is at zero because of us says so, and says what it had before.
func (p *pausing) write(ctx context.Context, t *target) error {
	if t.kind.destroys != nil {
		why, err := t.kind.destroys(t.obj)
		if err != nil {
			return err
		}
		if why != "" {
			return &UnsupportedError{Workload: nameOf(t.dep), Why: why}
		}
	}
	body, err := pausePatch(t.obj, t.kind.pauseField, p.owner)
	if err != nil {
		return err
	}
	if err := patch(ctx, p.c, t.obj, body); err != nil {
		return missingRight(err, "patch on it")
	}
	switch {
	case t.kind.isAutoscaler():
		set(t.dep, v1alpha1.DependentPaused, "")
	case t.kind.running != nil:
		set(t.dep, v1alpha1.DependentPausing, "waiting for its running Jobs to end")
	default:
		set(t.dep, v1alpha1.DependentPausing, "waiting for its pods to end")
	}
	return nil
}

// wait settles the state of a target at zero, by what still runs of it.
func (p *pausing) wait(ctx context.Context, t *target, running string, err error) error {
	if t.leaves(ctx, p.c, err) {
		t.skip()
		return nil
	}
	if err != nil {
		return err
	}
	if running == "" {
		set(t.dep, v1alpha1.DependentPaused, "")
		return nil
	}
	set(t.dep, v1alpha1.DependentPausing, fmt.Sprintf("waiting for %s to end", running))
	if p.deadlinePassed && t.dep.DeleteRunningJobs && t.kind.endRunning != nil {
		return t.kind.endRunning(ctx, p.c, t.obj)
	}
	return nil
}
