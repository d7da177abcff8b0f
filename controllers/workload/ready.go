package workload

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Ready looks whether each dependent that was resumed or restarted is up: its controller has seen the
// change, all its pods are updated and available, and none from before is left. It updates states and
// messages, and evicts old pods that their controller does not replace by itself. done when every
// dependent is Ready or Skipped. A dependent that is Failed is looked at again in the next round: it may
// recover, and how long to wait is the caller's to decide. id is the one given to Restart, which for a
// run is the UID that paused.
func (w *Workloads) Ready(ctx context.Context, id string, deps []v1alpha1.DependentStatus) (done bool, err error) {
	err = each(len(deps), func(i int) error {
		dep := &deps[i]
		if !begun(dep) {
			return nil
		}
		err := w.readyOne(ctx, id, dep)
		if gone(err) {
			set(dep, v1alpha1.DependentSkipped, "it does not exist any more")
			return nil
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", nameOf(dep), err)
		}
		return nil
	})
	for i := range deps {
		if deps[i].State != v1alpha1.DependentReady && deps[i].State != v1alpha1.DependentSkipped {
			return false, err
		}
	}
	return err == nil, err
}

// begun answers whether there is a rollout to look at: not before the dependent was resumed or restarted,
// and not after it was found complete.
func begun(dep *v1alpha1.DependentStatus) bool {
	switch dep.State {
	case v1alpha1.DependentResuming, v1alpha1.DependentRestarting, v1alpha1.DependentFailed:
		return true
	default:
		return false
	}
}

// look is one look at a dependent that was resumed or restarted.
type look struct {
	w   *Workloads
	k   *kind
	u   *unstructured.Unstructured
	dep *v1alpha1.DependentStatus
	id  string
}

func (w *Workloads) readyOne(ctx context.Context, id string, dep *v1alpha1.DependentStatus) error {
	k, err := w.kindOf(ctx, dep)
	if err != nil {
		return err
	}
	u, err := w.get(ctx, k, dep)
	if err != nil {
		return err
	}
	l := look{w: w, k: k, u: u, dep: dep, id: id}
	if l.stillMarked() {
		return nil
	}
	if l.restarted() && !isRestarted(k, u, id) {
		set(dep, v1alpha1.DependentPending, "the annotation of its restart was removed: it is restarted again")
		return nil
	}
	p, pods, err := l.progress(ctx)
	if err != nil {
		return err
	}
	if p.unseen || p.complete && !l.restarted() {
		l.settle(p)
		return nil
	}
	if pods == nil {
		if pods, err = l.pods(ctx); err != nil {
			return err
		}
	}
	return l.judge(ctx, p, pods)
}

func (l look) restarted() bool { return l.dep.Strategy == v1alpha1.StrategyRestart }

// stillMarked answers whether the workload is paused after all, whatever the state says.
func (l look) stillMarked() bool {
	m, err := readMark(l.u, l.k.lever)
	switch {
	case err != nil:
		set(l.dep, v1alpha1.DependentFailed, unreadable(l.dep, l.k.lever, err))
	case m == nil:
		return false
	case string(m.Owner) == l.id:
		set(l.dep, v1alpha1.DependentPaused, "not resumed yet")
	default:
		set(l.dep, v1alpha1.DependentFailed, foreign(l.dep, l.k.lever, m.Owner))
	}
	return true
}

// progress reads it from the workload's status, or else from its pods, which come back too.
func (l look) progress(ctx context.Context) (progress, []corev1.Pod, error) {
	if l.k.progress != nil {
		p, err := l.k.progress(l.u, l.restarted())
		return p, nil, err
	}
	observed, reported, _ := unstructured.NestedInt64(l.u.Object, "status", "observedGeneration")
	if reported && observed < l.u.GetGeneration() {
		return notObserved, nil, nil
	}
	pods, err := l.pods(ctx)
	if err != nil {
		return progress{}, nil, err
	}
	want, _ := l.k.lever.value(l.u).(int64)
	ready := int64(len(keep(pods, isReady)))
	if ready < want {
		return waiting("%d of %d pods are ready", ready, want), pods, nil
	}
	return progress{complete: true}, pods, nil
}

func (l look) pods(ctx context.Context) ([]corev1.Pod, error) {
	own, err := l.k.pods(ctx, l.w, l.u)
	if err != nil {
		return nil, err
	}
	return l.w.allPods(ctx, own)
}

// judge looks at what the status does not tell: old pods that are still there, and why new ones do not come up.
func (l look) judge(ctx context.Context, p progress, pods []corev1.Pod) error {
	old := l.oldPods()
	var before, after []corev1.Pod
	for i := range pods {
		if old(&pods[i]) {
			before = append(before, pods[i])
		} else {
			after = append(after, pods[i])
		}
	}
	if p.complete && len(before) > 0 {
		p = waiting("%d old pods are still there, such as %s", len(before), before[0].Name)
	}
	if l.k.stuck != nil && !p.complete && l.restarted() {
		held, err := l.w.evict(ctx, l.k.stuck(l.u, pods, old))
		if err != nil {
			return err
		}
		p.message = join(p.message, held)
	}
	if !p.complete {
		message, failing := trouble(after)
		p.message, p.failed = join(p.message, message), p.failed || failing
	}
	l.settle(p)
	return nil
}

// oldPods answers for a pod whether it is from before the restart. A workload that was paused has none: they
// were seen gone.
func (l look) oldPods() func(*corev1.Pod) bool {
	switch {
	case !l.restarted():
		return func(*corev1.Pod) bool { return false }
	case l.k.restart == byTime:
		at, _ := restartTime(l.u)
		return func(pod *corev1.Pod) bool { return pod.CreationTimestamp.Time.Before(at) }
	}
	return func(pod *corev1.Pod) bool { return !isFresh(pod, l.id) }
}

// settle writes the progress into the dependent's state.
func (l look) settle(p progress) {
	switch {
	case p.complete:
		set(l.dep, v1alpha1.DependentReady, "")
	case p.failed:
		set(l.dep, v1alpha1.DependentFailed, p.message)
	case l.restarted():
		set(l.dep, v1alpha1.DependentRestarting, p.message)
	default:
		set(l.dep, v1alpha1.DependentResuming, p.message)
	}
}

// join puts two messages together, either of which can be empty.
func join(a, b string) string {
	return strings.Trim(a+"; "+b, "; ")
}
