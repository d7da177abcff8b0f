package workload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Pause does one round of pausing: every Pause dependent of the lowest order that is not paused yet is set
// to zero (in one write with the mark that says how it was) and watched until its pods are gone; then the
// next order. It updates states and messages. done when every one is Paused or Skipped, pods gone. After
// the deadline, Jobs of CronJobs that say deleteRunningJobs are ended, which takes a few rounds more.
//
// All dependents of an order are tried; the errors come back joined. A *RevertedError among them says that
// somebody undid a pause: it is not done again. Other errors may pass.
func (w *Workloads) Pause(ctx context.Context, owner types.UID, deps []v1alpha1.DependentStatus, deadlinePassed bool) (done bool, err error) {
	p := pausing{w: w, owner: owner, endJobs: deadlinePassed, keda: sets.New[string]()}
	for i := range deps {
		if isAutoscaler(&deps[i]) {
			p.keda.Insert(deps[i].Namespace)
		}
	}
	for _, group := range byOrder(deps) {
		if err := group.each(func(dep *v1alpha1.DependentStatus) error { return p.pause(ctx, dep) }); err != nil {
			return false, err
		}
		for _, dep := range append(group.workloads, group.autoscalers...) {
			if !isPaused(dep) {
				return false, nil
			}
		}
	}
	return true, nil
}

func isPaused(dep *v1alpha1.DependentStatus) bool {
	return dep.State == v1alpha1.DependentPaused || dep.State == v1alpha1.DependentSkipped
}

// orderGroup is what is paused and resumed together.
type orderGroup struct{ workloads, autoscalers []*v1alpha1.DependentStatus }

// byOrder groups the Pause dependents by their order, lowest first.
func byOrder(deps []v1alpha1.DependentStatus) []orderGroup {
	groups := map[int32]*orderGroup{}
	var orders []int32
	for i := range deps {
		dep := &deps[i]
		if dep.Strategy != v1alpha1.StrategyPause {
			continue
		}
		group := groups[dep.Order]
		if group == nil {
			group = &orderGroup{}
			groups[dep.Order] = group
			orders = append(orders, dep.Order)
		}
		if isAutoscaler(dep) {
			group.autoscalers = append(group.autoscalers, dep)
		} else {
			group.workloads = append(group.workloads, dep)
		}
	}
	slices.SortFunc(orders, cmp.Compare)
	sorted := make([]orderGroup, len(orders))
	for i, order := range orders {
		sorted[i] = *groups[order]
	}
	return sorted
}

// each calls f for all workloads and then for all that scale them.
func (g orderGroup) each(f func(*v1alpha1.DependentStatus) error) error {
	return errors.Join(
		each(len(g.workloads), func(i int) error { return f(g.workloads[i]) }),
		each(len(g.autoscalers), func(i int) error { return f(g.autoscalers[i]) }))
}

// pausing is one round.
type pausing struct {
	w       *Workloads
	owner   types.UID
	endJobs bool
	keda    sets.Set[string] // namespaces in which a ScaledObject is paused too
}

func (p *pausing) pause(ctx context.Context, dep *v1alpha1.DependentStatus) error {
	if isPaused(dep) {
		return nil
	}
	k, err := p.w.kindOf(ctx, dep)
	if err == nil {
		err = retryConflicts(func() error { return p.pauseOne(ctx, k, dep) })
	}
	var reverted *RevertedError
	switch {
	case gone(err):
		set(dep, v1alpha1.DependentSkipped, "it does not exist any more")
		return nil
	case errors.As(err, &reverted):
		set(dep, v1alpha1.DependentFailed, err.Error())
	case err != nil:
		err = fmt.Errorf("pause %s: %w", nameOf(dep), err)
		set(dep, cmp.Or(dep.State, v1alpha1.DependentPending), err.Error())
	}
	return err
}

// pauseOne sets the workload to zero, or looks whether its pods are gone if it is there already. The state
// before tells a workload that nobody has touched yet from one whose pause, mark and all, was undone.
func (p *pausing) pauseOne(ctx context.Context, k *kind, dep *v1alpha1.DependentStatus) error {
	u, err := p.w.get(ctx, k, dep)
	if err != nil {
		return err
	}
	m, err := readMark(u, k.lever)
	if err != nil {
		return errors.New(unreadable(dep, k.lever, err))
	}
	off := k.lever.isOff(u, p.owner)
	switch {
	case m != nil && m.Owner != p.owner:
		return errors.New(foreign(dep, k.lever, m.Owner))
	case off:
		return p.watch(ctx, k, u, dep)
	case m != nil && p.keda.Has(dep.Namespace) && !k.autoscaler:
		// KEDA acted once more between the pause of its target and its own. It takes that back itself; if not,
		// the last look before the rewind says so.
		set(dep, v1alpha1.DependentPausing, "waiting for KEDA to scale it to zero")
		return nil
	case m != nil || dep.State == v1alpha1.DependentPausing || dep.State == v1alpha1.DependentFailed:
		return reverted(dep, k, u)
	}
	return p.write(ctx, k, u, dep)
}

// write pulls the lever. Value and mark are one write, and only onto the object that was read: whatever
// crashes, a workload that is at zero because of us says so, and says what it had before.
func (p *pausing) write(ctx context.Context, k *kind, u *unstructured.Unstructured, dep *v1alpha1.DependentStatus) error {
	text, err := mark{Owner: p.owner, Restore: k.lever.value(u)}.text()
	if err != nil {
		return err
	}
	body, err := k.lever.write(u, k.lever.off(p.owner), text)
	if err != nil {
		return err
	}
	if err := p.w.patch(ctx, u, body); err != nil {
		return err
	}
	if k.autoscaler {
		set(dep, v1alpha1.DependentPaused, "")
		return nil
	}
	what := "pods"
	if k.startsJobs {
		what = "running Jobs"
	}
	set(dep, v1alpha1.DependentPausing, "waiting for its "+what+" to end")
	return nil
}

// watch looks whether the workload's pods are gone.
func (p *pausing) watch(ctx context.Context, k *kind, u *unstructured.Unstructured, dep *v1alpha1.DependentStatus) error {
	if k.podsSeen != nil && k.podsSeen(u) {
		set(dep, v1alpha1.DependentPausing, "waiting for its pods to end")
		return nil
	}
	left, err := p.w.stillRuns(ctx, k, u)
	if err != nil {
		return err
	}
	if left == "" {
		set(dep, v1alpha1.DependentPaused, "")
		return nil
	}
	set(dep, v1alpha1.DependentPausing, fmt.Sprintf("waiting for %s to end", left))
	if p.endJobs && dep.DeleteRunningJobs {
		return p.w.endJobs(ctx, u)
	}
	return nil
}

// stillRuns names something of the workload that still runs; "" when nothing does.
func (w *Workloads) stillRuns(ctx context.Context, k *kind, u *unstructured.Unstructured) (string, error) {
	switch {
	case k.startsJobs:
		return w.runningJob(ctx, u)
	case k.pods == nil:
		return "", nil
	}
	own, err := k.pods(ctx, w, u)
	if err != nil {
		return "", err
	}
	pod, err := w.firstPod(ctx, own)
	if pod == "" || err != nil {
		return "", err
	}
	return "pod " + pod, nil
}
