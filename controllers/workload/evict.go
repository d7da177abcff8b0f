package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
)

// Some controllers replace old pods only when somebody takes them away. The functions here pick those
// pods; which of them may really go is up to their PodDisruptionBudgets.

// statefulSetStuck picks one pod at a time where the set keeps its pods in order. Such a set makes no
// progress at all while one of its pods is not ready (its controller stops at the first one), and after a
// rewind that is the usual state of an application that does not reconnect by itself: a rolling update
// alone would wait for ever.
func statefulSetStuck(u *unstructured.Unstructured, pods []corev1.Pod, old func(*corev1.Pod) bool) []corev1.Pod {
	update, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type")
	management, _, _ := unstructured.NestedString(u.Object, "spec", "podManagementPolicy")
	onDelete, inOrder := update == string(appsv1.OnDeleteStatefulSetStrategyType), management != string(appsv1.ParallelPodManagement)
	if !inOrder {
		if onDelete {
			return keep(pods, old)
		}
		return nil
	}
	byOrdinal := slices.Clone(pods)
	slices.SortFunc(byOrdinal, func(a, b corev1.Pod) int { return ordinal(&a) - ordinal(&b) })
	if slices.ContainsFunc(byOrdinal, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil }) {
		return nil
	}
	// The controller waits for the lowest one that is not ready, so that one goes first.
	if broken := keep(byOrdinal, func(p *corev1.Pod) bool { return old(p) && !isReady(p) }); len(broken) > 0 {
		return broken[:1]
	}
	allReady := !slices.ContainsFunc(byOrdinal, func(p corev1.Pod) bool { return !isReady(&p) })
	if healthy := keep(byOrdinal, old); onDelete && allReady && len(healthy) > 0 {
		return healthy[len(healthy)-1:]
	}
	return nil
}

func daemonSetStuck(u *unstructured.Unstructured, pods []corev1.Pod, old func(*corev1.Pod) bool) []corev1.Pod {
	if update, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type"); update != string(appsv1.OnDeleteDaemonSetStrategyType) {
		return nil
	}
	return keep(pods, old)
}

// replicaSetStuck: a ReplicaSet never replaces a pod because its template changed.
func replicaSetStuck(_ *unstructured.Unstructured, pods []corev1.Pod, old func(*corev1.Pod) bool) []corev1.Pod {
	return keep(pods, old)
}

// rolloutStuck: Argo restarts only as many pods as its maxUnavailable leaves room for, which is none while
// the old ones are not available.
func rolloutStuck(_ *unstructured.Unstructured, pods []corev1.Pod, old func(*corev1.Pod) bool) []corev1.Pod {
	return keep(pods, func(p *corev1.Pod) bool { return old(p) && !isReady(p) })
}

func keep(pods []corev1.Pod, which func(*corev1.Pod) bool) []corev1.Pod {
	var kept []corev1.Pod
	for i := range pods {
		if pods[i].DeletionTimestamp == nil && which(&pods[i]) {
			kept = append(kept, pods[i])
		}
	}
	return kept
}

// ordinal is the number at the end of a StatefulSet pod's name.
func ordinal(pod *corev1.Pod) int {
	n, err := strconv.Atoi(pod.Name[strings.LastIndex(pod.Name, "-")+1:])
	if err != nil {
		return 0
	}
	return n
}

// +kubebuilder:rbac:groups="",resources=pods/eviction,verbs=create

// evict asks for the pods to be evicted. held says which one a PodDisruptionBudget keeps for now.
func (w *Workloads) evict(ctx context.Context, pods []corev1.Pod) (held string, err error) {
	var errs []error
	for i := range pods {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: pods[i].Namespace, Name: pods[i].Name}}
		err := w.Client.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
			DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(pods[i].UID)}},
		})
		switch {
		case apierrors.IsTooManyRequests(err):
			held = fmt.Sprintf("a PodDisruptionBudget holds pod %s back for now", pod.Name)
		case err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err): // gone, or another one by now
			errs = append(errs, fmt.Errorf("evict pod %s/%s: %w", pod.Namespace, pod.Name, err))
		}
	}
	return held, errors.Join(errs...)
}
