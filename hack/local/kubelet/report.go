package kubelet

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// publish tells the API server what became of the pod if that is news, and lets the pod go once it is deleted and none
// of its processes is left.
func (w *worker) publish(ctx context.Context, now time.Time) {
	if w.removed {
		return
	}
	status := w.status(metav1.NewTime(now))
	if w.published == nil || !equality.Semantic.DeepEqual(*w.published, status) {
		err := w.kubelet.patchStatus(ctx, w.pod, status)
		if w.gone(err) {
			return
		}
		if err != nil {
			w.kubelet.log.Warn("writing a pod's status", "pod", w.name(), "error", err)
			w.wake(now.Add(200 * time.Millisecond))
			return
		}
		w.published = &status
	}
	if w.pod.DeletionTimestamp == nil || w.anyRunning() {
		return
	}
	err := w.kubelet.config.Client.CoreV1().Pods(w.pod.Namespace).Delete(ctx, w.pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: ptr.To[int64](0), Preconditions: &metav1.Preconditions{UID: &w.pod.UID},
	})
	if err != nil && !w.gone(err) {
		w.kubelet.log.Warn("letting a pod go", "pod", w.name(), "error", err)
		w.wake(now.Add(200 * time.Millisecond))
	}
}

// gone notes that the API server does not know this pod any more, which the error may say. Another pod may have its
// name by now.
func (w *worker) gone(err error) bool {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		w.inbox.put(func() { w.removed = true })
		return true
	}
	return false
}

// status is the whole of what a kubelet says about a pod.
func (w *worker) status(now metav1.Time) corev1.PodStatus {
	phase := w.phase()
	var before []corev1.PodCondition
	if w.published != nil {
		before = w.published.Conditions
	} else {
		before = w.pod.Status.Conditions
	}
	return corev1.PodStatus{
		ObservedGeneration: w.pod.Generation,
		Phase:              phase, Reason: w.failed.reason, Message: w.failed.message,
		Conditions: conditionsOf(w.pod, phase, w.inits, w.containers, before, now),
		HostIP:     w.kubelet.network.nodeIP(), HostIPs: []corev1.HostIP{{IP: w.kubelet.network.nodeIP()}},
		PodIP: w.ip, PodIPs: []corev1.PodIP{{IP: w.ip}},
		StartTime:             ptr.To(metav1.NewTime(w.createdAt).Rfc3339Copy()),
		InitContainerStatuses: statusesOf(w.inits), ContainerStatuses: statusesOf(w.containers),
	}
}

// phase is the pod's phase. A pod that is ending has one of the two last ones as soon as nothing of it runs.
func (w *worker) phase() corev1.PodPhase {
	phase := phaseOf(w.inits, w.containers)
	if !w.ending() || w.anyRunning() || phase == corev1.PodSucceeded {
		return phase
	}
	if w.failed != (problem{}) {
		return corev1.PodFailed
	}
	for _, c := range w.containers {
		if !c.succeeded() {
			return corev1.PodFailed
		}
	}
	return corev1.PodSucceeded
}
