package workload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// podSet says which pods are a workload's own: those its selector finds, and that it really controls.
// Selectors of different workloads can overlap.
type podSet struct {
	namespace string
	selector  labels.Selector
	owns      func(pod metav1.Object) bool
}

// alive leaves out pods that have ended for good: an evicted pod stays listed as Failed for as long as
// nobody removes it, and holds no connection.
var alive = client.MatchingFieldsSelector{Selector: fields.AndSelectors(
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
	fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
)}

// errEnough ends a list early.
var errEnough = errors.New("enough")

// +kubebuilder:rbac:groups="",resources=pods,verbs=list

// firstPod names one pod of the set that has not ended; "" when all are gone.
func (w *Workloads) firstPod(ctx context.Context, set podSet) (string, error) {
	found := ""
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
	err := pages(ctx, w.Client, list, func(page *metav1.PartialObjectMetadataList) error {
		for i := range page.Items {
			if set.owns(&page.Items[i]) {
				found = page.Items[i].Name
				return errEnough
			}
		}
		return nil
	}, client.InNamespace(set.namespace), client.MatchingLabelsSelector{Selector: set.selector}, alive)
	if err != nil && !errors.Is(err, errEnough) {
		return "", fmt.Errorf("list pods in %s: %w", set.namespace, err)
	}
	return found, nil
}

// allPods reads the pods of the set that have not ended.
func (w *Workloads) allPods(ctx context.Context, set podSet) ([]corev1.Pod, error) {
	var found []corev1.Pod
	err := pages(ctx, w.Client, &corev1.PodList{}, func(page *corev1.PodList) error {
		for i := range page.Items {
			if set.owns(&page.Items[i]) {
				found = append(found, page.Items[i])
			}
		}
		return nil
	}, client.InNamespace(set.namespace), client.MatchingLabelsSelector{Selector: set.selector}, alive)
	if err != nil {
		return nil, fmt.Errorf("list pods in %s: %w", set.namespace, err)
	}
	return found, nil
}

// selected reads the label selector of a workload.
func selected(u *unstructured.Unstructured) (podSet, error) {
	raw, _, _ := unstructured.NestedMap(u.Object, "spec", "selector")
	if len(raw) == 0 {
		return podSet{}, fmt.Errorf("%s %s/%s has no spec.selector to find its pods by", u.GetKind(), u.GetNamespace(), u.GetName())
	}
	labelSelector, err := convert[metav1.LabelSelector](&unstructured.Unstructured{Object: raw})
	if err != nil {
		return podSet{}, err
	}
	selector, err := metav1.LabelSelectorAsSelector(labelSelector)
	if err != nil {
		return podSet{}, fmt.Errorf("%s %s/%s: spec.selector: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return podSet{namespace: u.GetNamespace(), selector: selector}, nil
}

// controlled are the pods whose controller is the workload itself.
func controlled(_ context.Context, _ *Workloads, u *unstructured.Unstructured) (podSet, error) {
	set, err := selected(u)
	uid := u.GetUID()
	set.owns = func(pod metav1.Object) bool {
		owner := metav1.GetControllerOf(pod)
		return owner != nil && owner.UID == uid
	}
	return set, err
}

// ofReplicaSets are the pods of a workload that works through ReplicaSets, which it names after itself and
// the hash that their pods carry in a label.
func ofReplicaSets(hashLabel string) func(context.Context, *Workloads, *unstructured.Unstructured) (podSet, error) {
	return func(_ context.Context, _ *Workloads, u *unstructured.Unstructured) (podSet, error) {
		set, err := selected(u)
		set.owns = throughReplicaSet(u.GetName(), hashLabel)
		return set, err
	}
}

func throughReplicaSet(name, hashLabel string) func(metav1.Object) bool {
	return func(pod metav1.Object) bool {
		owner, hash := metav1.GetControllerOf(pod), pod.GetLabels()[hashLabel]
		if owner == nil || owner.Kind != "ReplicaSet" || hash == "" {
			return false
		}
		base, cut := strings.CutSuffix(owner.Name, "-"+hash)
		// A name that would be too long is cut before the hash is put behind it.
		full := len(owner.Name) == validation.DNS1123SubdomainMaxLength && strings.HasPrefix(name, base)
		return cut && (base == name || full)
	}
}

// isFresh answers whether the pod was made from the template that the restart with this id annotated.
func isFresh(pod *corev1.Pod, id string) bool {
	return pod.Annotations[v1alpha1.RestartedByAnnotation] == id
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// trouble says why one of the pods does not come up, in the pod's own words; "" when nothing is known.
// failing is set where it will hardly come up by itself.
func trouble(pods []corev1.Pod) (message string, failing bool) {
	for i := range pods {
		pod := &pods[i]
		for _, c := range append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...) {
			w := c.State.Waiting
			if w == nil || w.Reason == "" || w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" {
				continue
			}
			text := fmt.Sprintf("pod %s, container %s: %s", pod.Name, c.Name, w.Reason)
			if last := c.LastTerminationState.Terminated; last != nil {
				text += fmt.Sprintf(" (exit code %d, %d restarts)", last.ExitCode, c.RestartCount)
			}
			if w.Message != "" {
				text += ": " + w.Message
			}
			return text, true
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && message == "" {
				message = fmt.Sprintf("pod %s: %s: %s", pod.Name, c.Reason, c.Message)
			}
		}
	}
	return message, false
}
