package kubelet

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// container is one container of a pod: what it is to be, and what it has come to. Only its pod's worker touches it.
type container struct {
	spec    *corev1.Container
	isInit  bool
	restart corev1.RestartPolicy

	// process is there while it runs.
	process   *process
	startedAt time.Time
	// ended is how its last run ended; nil before the first end.
	ended *corev1.ContainerStateTerminated
	// previous is how the run before the one that is shown ended.
	previous *corev1.ContainerStateTerminated
	restarts int32
	backoff  backoff
	// startAt is when it may be started again.
	startAt time.Time
	// waiting says why it does not run although it should.
	waiting corev1.ContainerStateWaiting

	// stopping is true from the moment it was told to end; killAt is when patience ends, stopReason why.
	stopping bool
	killAt   time.Time
	killed   bool
	// cancelHook ends its preStop hook.
	cancelHook func()

	// surroundings are what its processes are given since its last start.
	surroundings surroundings

	startup, readiness, liveness *probe
}

func newContainer(spec *corev1.Container, isInit bool, pod *corev1.Pod, limits backoff) *container {
	c := &container{
		spec: spec, isInit: isInit, restart: pod.Spec.RestartPolicy, backoff: limits, cancelHook: func() {},
		waiting: corev1.ContainerStateWaiting{Reason: "ContainerCreating"},
	}
	if isInit {
		c.waiting.Reason = "PodInitializing"
		// An init container that is to be restarted always is a sidecar; every other one has succeeded once.
		if c.restart == corev1.RestartPolicyAlways {
			c.restart = corev1.RestartPolicyOnFailure
		}
		if c.isSidecar() {
			c.restart = corev1.RestartPolicyAlways
		}
	}
	return c
}

// isSidecar reports an init container that goes on running beside the others.
func (c *container) isSidecar() bool {
	return c.isInit && c.spec.RestartPolicy != nil && *c.spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// resume takes up what the pod's status says about the container. A process that ran under an earlier kubelet has
// ended with it.
func (c *container) resume(status corev1.ContainerStatus, now time.Time) {
	c.restarts = status.RestartCount
	switch {
	case status.State.Running != nil:
		c.ended = &corev1.ContainerStateTerminated{
			ExitCode: 137, Reason: "ContainerStatusUnknown", Message: "The kubelet ended while the container ran",
			StartedAt: status.State.Running.StartedAt, FinishedAt: metav1.NewTime(now), ContainerID: status.ContainerID,
		}
	case status.State.Terminated != nil:
		c.ended = status.State.Terminated
	case status.LastTerminationState.Terminated != nil:
		c.ended = status.LastTerminationState.Terminated
		// It was waiting for its next start.
		c.startAt = now
	}
	c.previous = c.ended
}

// running reports whether there is a process.
func (c *container) running() bool { return c.process != nil }

// succeeded and done report how its last run ended, if it does not run.
func (c *container) succeeded() bool { return !c.running() && c.ended != nil && c.ended.ExitCode == 0 }

// done reports that it has ended and is not to be started again.
func (c *container) done() bool {
	if c.running() || c.ended == nil {
		return false
	}
	return c.restart == corev1.RestartPolicyNever || (c.restart == corev1.RestartPolicyOnFailure && c.ended.ExitCode == 0)
}

// started reports that it runs and that its startup probe, if it has one, has passed.
func (c *container) started() bool { return c.running() && c.startup.passed() }

// ready reports what counts for the pod's readiness.
func (c *container) ready() bool {
	if c.isInit && !c.isSidecar() {
		return c.succeeded()
	}
	return c.started() && !c.stopping && c.readiness.passed()
}

// began notes that a process was started.
func (c *container) began(p *process, now time.Time) {
	if c.ended != nil {
		c.restarts++
	}
	c.previous = c.ended
	c.process, c.startedAt = p, now
	c.stopping, c.killed = false, false
	c.startup, c.readiness, c.liveness = nil, nil, nil
	if c.spec.StartupProbe != nil {
		c.startup = newProbe(c.spec.StartupProbe, now, false)
	}
	if c.spec.ReadinessProbe != nil {
		c.readiness = newProbe(c.spec.ReadinessProbe, now, true)
	}
	if c.spec.LivenessProbe != nil {
		c.liveness = newProbe(c.spec.LivenessProbe, now, false)
	}
}

// finished notes that its process is gone, and how long it has to wait if it is to be started again.
func (c *container) finished(exitCode int32, now time.Time) {
	reason := "Completed"
	if exitCode != 0 {
		reason = "Error"
	}
	c.cancelHook()
	c.ended = &corev1.ContainerStateTerminated{
		ExitCode: exitCode, Reason: reason, ContainerID: c.process.containerID(),
		StartedAt: metav1.NewTime(c.startedAt), FinishedAt: metav1.NewTime(now),
	}
	c.process, c.stopping = nil, false
	c.startAt = now.Add(c.backoff.ended(now.Sub(c.startedAt)))
}

// status is what a kubelet reports of it.
func (c *container) status() corev1.ContainerStatus {
	started := c.started()
	status := corev1.ContainerStatus{
		Name: c.spec.Name, Image: c.spec.Image, RestartCount: c.restarts, Ready: c.ready(), Started: &started,
	}
	switch {
	case c.running():
		status.ContainerID = c.process.containerID()
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(c.startedAt)}
		if c.previous != nil {
			status.LastTerminationState.Terminated = c.previous
		}
	case c.ended != nil && (c.done() || c.waiting.Reason == ""):
		status.ContainerID = c.ended.ContainerID
		status.State.Terminated = c.ended
		if c.previous != c.ended && c.previous != nil {
			status.LastTerminationState.Terminated = c.previous
		}
	default:
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: c.waiting.Reason, Message: c.waiting.Message}
		if c.ended != nil {
			status.ContainerID = c.ended.ContainerID
			status.LastTerminationState.Terminated = c.ended
		}
	}
	return status
}
