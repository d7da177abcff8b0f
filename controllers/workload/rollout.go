package workload

import (
	"context"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups=argoproj.io,resources=rollouts,verbs=get;list;patch

// rollout is Argo's, read and written by its API (argoproj.io/v1alpha1) without Argo's Go module. It is
// paused by its number of replicas and restarted by spec.restartAt.
//
// What a pause takes away: the pods of the stable and of the new version, and what lives as long as a pod
// (see deployment.go). A canary keeps its step and its weight, since a change of spec.replicas alone is no
// new rollout to Argo; analysis runs that are under way go on, and may fail for want of pods.
var rollout = kind{
	gvk:         schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"},
	pauseField:  replicasAt("spec", "replicas"),
	restart:     byTime,
	pods:        rolloutPods,
	reportsPods: reportsReplicas,
	progress:    rolloutProgress,
	stuck:       rolloutStuck,
	unsupported: rolloutUnsupported,
}

// byTime restarts by Argo's spec.restartAt. The time alone does not say who wrote it, so the annotation on
// the Rollout does.
var byTime = &restartMethod{
	path:  []string{"spec", "restartAt"},
	value: func(_ string, now time.Time) any { return now.UTC().Format(time.RFC3339) },
	inForce: func(u *unstructured.Unstructured, id string) bool {
		_, there := restartTime(u)
		return there && restartsBy(u, id) > 0
	},
	isOld: func(u *unstructured.Unstructured, _ string) func(*corev1.Pod) bool {
		at, _ := restartTime(u)
		return func(pod *corev1.Pod) bool { return pod.CreationTimestamp.Time.Before(at) }
	},
}

// rolloutPods finds a Rollout's pods by status.selector, which is there also where the pod template
// belongs to another object (spec.workloadRef) and the Rollout has no selector of its own.
func rolloutPods(_ context.Context, _ client.Client, u *unstructured.Unstructured) (podSet, error) {
	owns := throughReplicaSet(u.GetName(), "rollouts-pod-template-hash")
	text, _, _ := unstructured.NestedString(u.Object, "status", "selector")
	if text == "" {
		set, err := selected(u)
		set.owns = owns
		return set, err
	}
	selector, err := labels.Parse(text)
	if err != nil {
		return podSet{}, fmt.Errorf("Rollout %s/%s: status.selector: %w", u.GetNamespace(), u.GetName(), err)
	}
	return podSet{namespace: u.GetNamespace(), selector: selector, owns: owns}, nil
}

func rolloutUnsupported(_ context.Context, _ client.Client, u *unstructured.Unstructured, _ v1alpha1.Strategy) (string, error) {
	if paused, _, _ := unstructured.NestedBool(u.Object, "spec", "paused"); paused {
		return "is paused (spec.paused): resume it with kubectl argo rollouts promote, or give it strategy None", nil
	}
	return "", nil
}

// rolloutProgress follows what Argo's own plugin calls healthy. A Rollout that waits in the middle of a
// canary (phase Paused) is as complete as it was before.
func rolloutProgress(u *unstructured.Unstructured, restarted bool) (progress, error) {
	if !rolloutObserved(u) {
		return notObserved, nil
	}
	want, there, _ := unstructured.NestedInt64(u.Object, "spec", "replicas")
	if !there {
		want = 1
	}
	available, _, _ := unstructured.NestedInt64(u.Object, "status", "availableReplicas")
	updated, _, _ := unstructured.NestedInt64(u.Object, "status", "updatedReplicas")
	phase, _, _ := unstructured.NestedString(u.Object, "status", "phase")
	message, _, _ := unstructured.NestedString(u.Object, "status", "message")
	switch {
	case phase == "Degraded":
		return progress{failed: true, message: "Degraded: " + message}, nil
	case restarted && !rolloutRestarted(u):
		return waitingFor("Argo is replacing its pods"), nil
	case available < want:
		return waitingFor("%d of %d pods are available", available, want), nil
	case phase == "Progressing":
		return waitingFor("Progressing: %s", message), nil
	case phase == "" && updated < want: // Argo before 1.0 reports no phase
		return waitingFor("%d of %d pods are updated", updated, want), nil
	}
	return progress{complete: true}, nil
}

// rolloutStuck: Argo restarts only as many pods as its maxUnavailable leaves room for, which is none while
// the old ones are not available.
func rolloutStuck(_ *unstructured.Unstructured, pods []corev1.Pod, isOld func(*corev1.Pod) bool) []corev1.Pod {
	return keep(pods, func(p *corev1.Pod) bool { return isOld(p) && !isReady(p) })
}

// rolloutObserved reads status.observedGeneration, which Argo writes as a string.
func rolloutObserved(u *unstructured.Unstructured) bool {
	text, _, _ := unstructured.NestedString(u.Object, "status", "observedGeneration")
	observed, err := strconv.ParseInt(text, 10, 64)
	return err == nil && observed >= u.GetGeneration()
}

// rolloutRestarted reports whether Argo has replaced every pod that is older than spec.restartAt.
func rolloutRestarted(u *unstructured.Unstructured) bool {
	done, _, _ := unstructured.NestedString(u.Object, "status", "restartedAt")
	doneAt, err := time.Parse(time.RFC3339, done)
	wanted, there := restartTime(u)
	return err == nil && there && !doneAt.Before(wanted)
}

func restartTime(u *unstructured.Unstructured) (time.Time, bool) {
	text, _, _ := unstructured.NestedString(u.Object, "spec", "restartAt")
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}
