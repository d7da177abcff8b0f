package verification

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// verdict is what the Job and its pods say.
type verdict struct {
	outcome v1alpha1.VerificationOutcome // empty while the check runs
	message string
	// pod and container are whose log tells more; empty where none does.
	pod, container string
}

// judge decides from the Job and its pods, which were read after it. Failed is only what a container said itself, by its exit
// code: whatever kept it from running, or ended it from outside, leaves open what the data is.
func judge(job *batchv1.Job, pods []corev1.Pod) verdict {
	slices.SortFunc(pods, func(a, b corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	v := verdict{}
	if len(pods) > 0 {
		last := &pods[len(pods)-1]
		v.pod, v.container = last.Name, firstContainer(job)
	}
	if conditionOf(job, batchv1.JobComplete) != nil {
		v.outcome, v.message = v1alpha1.VerificationPassed, fmt.Sprintf("Job %s completed", job.Name)
		return v
	}
	if job.DeletionTimestamp != nil {
		v.outcome, v.message = v1alpha1.VerificationInconclusive, fmt.Sprintf("Job %s was deleted before it ended", job.Name)
		return v
	}
	for i := range pods {
		if status := ownExit(job, &pods[i]); status != nil {
			return verdict{
				outcome: v1alpha1.VerificationFailed, pod: pods[i].Name, container: status.Name,
				message: fmt.Sprintf("container %s of Job %s exited with code %d", status.Name, job.Name, status.State.Terminated.ExitCode),
			}
		}
	}
	why := troubleOf(job, pods)
	if failed := conditionOf(job, batchv1.JobFailed); failed != nil {
		v.outcome = v1alpha1.VerificationInconclusive
		v.message = fmt.Sprintf("Job %s was ended (%s), and not by an exit code of its own: %s", job.Name, failed.Reason, cmp.Or(why, failed.Message))
		return v
	}
	v.message = fmt.Sprintf("Job %s checks the data", job.Name)
	if why != "" {
		v.message += ": " + why
	}
	return v
}

func conditionOf(job *batchv1.Job, name batchv1.JobConditionType) *batchv1.JobCondition {
	for i := range job.Status.Conditions {
		if c := &job.Status.Conditions[i]; c.Type == name && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// ownExit gives the container of the template that exited by itself with a code other than 0; nil without one. Sidecars, init
// containers and what admission has added to the pod are not the check.
func ownExit(job *batchv1.Job, pod *corev1.Pod) *corev1.ContainerStatus {
	if pod.DeletionTimestamp != nil || pod.Status.Reason != "" || disruption(pod) != "" {
		return nil // whoever ends the pod ends its containers, which may answer with any code
	}
	for i := range pod.Status.ContainerStatuses {
		status := &pod.Status.ContainerStatuses[i]
		checks := slices.ContainsFunc(job.Spec.Template.Spec.Containers, func(c corev1.Container) bool { return c.Name == status.Name })
		if t := status.State.Terminated; checks && t != nil && exitedByItself(t) && t.ExitCode != 0 {
			return status
		}
	}
	return nil
}

// ranReasons are the reasons of a container's end of which the container itself knows: it ran, and exited. The kubelet has others
// for one that never ran (StartError, ContainerCannotRun) and one that the kernel ended (OOMKilled).
var ranReasons = []string{"", "Error", "Completed"}

// exitedByItself reports whether the exit code is the container's own. 128 and a signal's number says that a signal ended it, and
// 128 alone that it never started.
func exitedByItself(t *corev1.ContainerStateTerminated) bool {
	const started, lastSignal = 128, 128 + 64
	signalled := t.Signal != 0 || t.ExitCode >= started && t.ExitCode <= lastSignal
	return slices.Contains(ranReasons, t.Reason) && !signalled
}

// disruption says who ends the pod from outside; empty where nobody does.
func disruption(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return cmp.Or(c.Reason, string(c.Type))
		}
	}
	return ""
}

// troubleOf says what keeps the newest pod from running, or what ended it; empty where nothing is known.
func troubleOf(job *batchv1.Job, pods []corev1.Pod) string {
	if len(pods) == 0 {
		return "it has no pod yet: where that lasts, kubectl describe job " + job.Name + " says what refuses it"
	}
	pod := &pods[len(pods)-1]
	switch {
	case disruption(pod) != "":
		return fmt.Sprintf("pod %s was ended from outside (%s)", pod.Name, disruption(pod))
	case pod.Status.Reason != "":
		return fmt.Sprintf("pod %s reads %s: %s", pod.Name, pod.Status.Reason, pod.Status.Message)
	case pod.DeletionTimestamp != nil:
		return fmt.Sprintf("pod %s was deleted", pod.Name)
	}
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		t, w := status.State.Terminated, status.State.Waiting
		switch {
		case t != nil && t.ExitCode != 0:
			return strings.TrimSpace(fmt.Sprintf("container %s ended with %s (%d) %s", status.Name, cmp.Or(t.Reason, "no reason"), t.ExitCode, t.Message))
		case w != nil && w.Reason != "" && w.Reason != "PodInitializing" && w.Reason != "ContainerCreating":
			return fmt.Sprintf("container %s does not start: %s %s", status.Name, w.Reason, w.Message)
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return fmt.Sprintf("pod %s is not scheduled: %s", pod.Name, c.Message)
		}
	}
	return ""
}

func firstContainer(job *batchv1.Job) string {
	if len(job.Spec.Template.Spec.Containers) == 0 {
		return ""
	}
	return job.Spec.Template.Spec.Containers[0].Name
}
