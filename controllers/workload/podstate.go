package workload

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// keep gives those pods that are not being deleted and that which accepts.
func keep(pods []corev1.Pod, which func(*corev1.Pod) bool) []corev1.Pod {
	var kept []corev1.Pod
	for i := range pods {
		if pods[i].DeletionTimestamp == nil && which(&pods[i]) {
			kept = append(kept, pods[i])
		}
	}
	return kept
}

// trouble says why one of the pods does not come up, in the pod's own words; "" when nothing is known.
// failing is set where it will hardly come up by itself.
func trouble(pods []corev1.Pod) (message string, failing bool) {
	for i := range pods {
		pod := &pods[i]
		for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			if text := containerTrouble(pod, &c); text != "" {
				return text, true
			}
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && message == "" {
				message = fmt.Sprintf("pod %s: %s: %s", pod.Name, c.Reason, c.Message)
			}
		}
	}
	return message, false
}

// containerTrouble says why the container does not start; "" where it does, or is just starting.
func containerTrouble(pod *corev1.Pod, c *corev1.ContainerStatus) string {
	w := c.State.Waiting
	if w == nil || w.Reason == "" || w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" {
		return ""
	}
	text := fmt.Sprintf("pod %s, container %s: %s", pod.Name, c.Name, w.Reason)
	if last := c.LastTerminationState.Terminated; last != nil {
		text += fmt.Sprintf(" (exit code %d, %d restarts)", last.ExitCode, c.RestartCount)
	}
	if w.Message != "" {
		text += ": " + w.Message
	}
	return text
}
