package kubelet

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// phaseOf is the pod's phase, by the rules of
// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
func phaseOf(inits, containers []*container) corev1.PodPhase {
	for _, c := range inits {
		switch {
		case c.isSidecar() && c.started(), c.succeeded():
		case !c.isSidecar() && c.done():
			return corev1.PodFailed
		default:
			return corev1.PodPending
		}
	}
	var running, ended, failed, finished int
	for _, c := range containers {
		switch {
		case c.running():
			running++
		case c.ended != nil:
			ended++
			if c.done() {
				finished++
			}
			if !c.succeeded() {
				failed++
			}
		}
	}
	switch {
	case running+ended < len(containers):
		return corev1.PodPending
	case finished < len(containers):
		return corev1.PodRunning
	case failed > 0:
		return corev1.PodFailed
	}
	return corev1.PodSucceeded
}

// conditionsOf are the conditions that a kubelet keeps. The times of those that did not change are taken from before.
func conditionsOf(pod *corev1.Pod, phase corev1.PodPhase, inits, containers []*container, before []corev1.PodCondition, now metav1.Time) []corev1.PodCondition {
	initialized := condition(corev1.PodInitialized, notReady("ContainersNotInitialized", "incomplete status", inits, func(c *container) bool {
		return c.succeeded() || (c.isSidecar() && c.started())
	}))
	ready := condition(corev1.ContainersReady, notReady("ContainersNotReady", "unready status", containers, (*container).ready))
	switch phase {
	case corev1.PodSucceeded:
		ready = condition(corev1.ContainersReady, problem{"PodCompleted", ""})
	case corev1.PodFailed:
		ready = condition(corev1.ContainersReady, problem{"PodFailed", ""})
	default:
	}
	podReady := ready
	podReady.Type = corev1.PodReady
	for _, gate := range pod.Spec.ReadinessGates {
		if !isTrue(pod.Status.Conditions, gate.ConditionType) && podReady.Status == corev1.ConditionTrue {
			podReady = condition(corev1.PodReady, problem{"ReadinessGatesNotReady",
				fmt.Sprintf("the status of pod readiness gate %q is not \"True\"", gate.ConditionType)})
		}
	}
	conditions := []corev1.PodCondition{condition(corev1.PodReadyToStartContainers, problem{}), initialized, ready, podReady}
	for i := range conditions {
		conditions[i].ObservedGeneration = pod.Generation
		conditions[i].LastTransitionTime = now
		for _, old := range before {
			if old.Type == conditions[i].Type && old.Status == conditions[i].Status {
				conditions[i].LastTransitionTime = old.LastTransitionTime
			}
		}
	}
	return conditions
}

// problem is why a condition is not true; the zero value is that it is.
type problem struct{ reason, message string }

func condition(kind corev1.PodConditionType, p problem) corev1.PodCondition {
	if p == (problem{}) {
		return corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue}
	}
	return corev1.PodCondition{Type: kind, Status: corev1.ConditionFalse, Reason: p.reason, Message: p.message}
}

func notReady(reason, what string, all []*container, good func(*container) bool) problem {
	var bad []string
	for _, c := range all {
		if !good(c) {
			bad = append(bad, c.spec.Name)
		}
	}
	if len(bad) == 0 {
		return problem{}
	}
	return problem{reason, fmt.Sprintf("containers with %s: [%s]", what, strings.Join(bad, " "))}
}

func isTrue(conditions []corev1.PodCondition, kind corev1.PodConditionType) bool {
	for _, c := range conditions {
		if c.Type == kind {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func statusesOf(all []*container) []corev1.ContainerStatus {
	var statuses []corev1.ContainerStatus
	for _, c := range all {
		statuses = append(statuses, c.status())
	}
	return statuses
}
