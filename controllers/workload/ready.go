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

func (w *Workloads) readyOne(ctx context.Context, id string, dep *v1alpha1.DependentStatus) error {
	k, err := w.kindOf(ctx, dep)
	if err != nil {
		return err
	}
	u, err := w.get(ctx, k, dep)
	if err != nil {
		return err
	}
	restarted := dep.Strategy == v1alpha1.StrategyRestart
	if stillMarked(dep, k, u, id) {
		return nil
	}
	if restarted && !isRestarted(k, u, id) {
		set(dep, v1alpha1.DependentPending, "the annotation of its restart was removed from its pod template: it is restarted again")
		return nil
	}
	p, pods, err := w.progressOf(ctx, k, u, restarted)
	if err != nil {
		return err
	}
	if p.unseen || p.complete && !restarted {
		return settle(dep, p)
	}
	if pods == nil {
		if pods, err = w.podsOf(ctx, k, u); err != nil {
			return err
		}
	}
	return w.judgePods(ctx, k, u, id, dep, p, pods)
}

// stillMarked answers whether the workload is paused after all, whatever the state says.
func stillMarked(dep *v1alpha1.DependentStatus, k *kind, u *unstructured.Unstructured, id string) bool {
	m, err := readMark(u, k.lever)
	switch {
	case err != nil:
		set(dep, v1alpha1.DependentFailed, unreadable(dep, k.lever, err))
	case m == nil:
		return false
	case string(m.Owner) == id:
		set(dep, v1alpha1.DependentPaused, "not resumed yet")
	default:
		set(dep, v1alpha1.DependentFailed, foreign(dep, k.lever, m.Owner))
	}
	return true
}

// progressOf reads the progress from the workload's status, or else from its pods, which it then returns.
func (w *Workloads) progressOf(ctx context.Context, k *kind, u *unstructured.Unstructured, restarted bool) (progress, []corev1.Pod, error) {
	if k.progress != nil {
		p, err := k.progress(u, restarted)
		return p, nil, err
	}
	observed, reported, _ := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	if reported && observed < u.GetGeneration() {
		return notObserved, nil, nil
	}
	pods, err := w.podsOf(ctx, k, u)
	if err != nil {
		return progress{}, nil, err
	}
	want, _ := k.lever.value(u).(int64)
	ready := int64(len(keep(pods, isReady)))
	if ready < want {
		return waiting("%d of %d pods are ready", ready, want), pods, nil
	}
	return progress{complete: true}, pods, nil
}

func (w *Workloads) podsOf(ctx context.Context, k *kind, u *unstructured.Unstructured) ([]corev1.Pod, error) {
	own, err := k.pods(ctx, w, u)
	if err != nil {
		return nil, err
	}
	return w.allPods(ctx, own)
}

// judgePods looks at what the status does not tell: old pods that are still there, and why new ones do not come up.
func (w *Workloads) judgePods(ctx context.Context, k *kind, u *unstructured.Unstructured, id string, dep *v1alpha1.DependentStatus, p progress, pods []corev1.Pod) error {
	old := oldPods(k, u, id, dep)
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
	if k.stuck != nil && !p.complete && dep.Strategy == v1alpha1.StrategyRestart {
		held, err := w.evict(ctx, k.stuck(u, pods, old))
		if err != nil {
			return err
		}
		p.message = join(p.message, held)
	}
	if !p.complete {
		message, failing := trouble(after)
		p.message, p.failed = join(p.message, message), p.failed || failing
	}
	return settle(dep, p)
}

// oldPods answers for a pod whether it is from before the restart. A workload that was paused has none: they
// were seen gone.
func oldPods(k *kind, u *unstructured.Unstructured, id string, dep *v1alpha1.DependentStatus) func(*corev1.Pod) bool {
	if dep.Strategy != v1alpha1.StrategyRestart {
		return func(*corev1.Pod) bool { return false }
	}
	if k.restart == byTime {
		at, _ := restartTime(u)
		return func(pod *corev1.Pod) bool { return pod.CreationTimestamp.Time.Before(at) }
	}
	return func(pod *corev1.Pod) bool { return !isFresh(pod, id) }
}

// settle writes the progress into the dependent's state.
func settle(dep *v1alpha1.DependentStatus, p progress) error {
	switch {
	case p.complete:
		set(dep, v1alpha1.DependentReady, "")
	case p.failed:
		set(dep, v1alpha1.DependentFailed, p.message)
	case dep.Strategy == v1alpha1.StrategyRestart:
		set(dep, v1alpha1.DependentRestarting, p.message)
	default:
		set(dep, v1alpha1.DependentResuming, p.message)
	}
	return nil
}

// join puts two messages together, either of which can be empty.
func join(a, b string) string {
	return strings.Trim(a+"; "+b, "; ")
}
