package kubelet

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// made makes a container from a letter: w never started, r running, 0 ended well, 1 ended badly.
func made(state rune, policy corev1.RestartPolicy, isInit bool) *container {
	pod := &corev1.Pod{Spec: corev1.PodSpec{RestartPolicy: policy}}
	c := newContainer(&corev1.Container{Name: "c"}, isInit, pod, backoff{first: time.Second, longest: time.Second})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if state != 'w' {
		c.began(&process{}, start)
		c.waiting = corev1.ContainerStateWaiting{}
	}
	if state == '0' || state == '1' {
		c.finished(state-'0', start.Add(time.Second))
	}
	return c
}

func TestPhase(t *testing.T) {
	const always, onFailure, never = corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever
	for name, test := range map[string]struct {
		policy            corev1.RestartPolicy
		inits, containers string
		want              corev1.PodPhase
		wantReady         bool
	}{
		"nothing started":                {always, "", "w", corev1.PodPending, false},
		"running":                        {always, "", "rr", corev1.PodRunning, true},
		"one not started":                {always, "", "rw", corev1.PodPending, false},
		"restarting after success":       {always, "", "0", corev1.PodRunning, false},
		"restarting after failure":       {onFailure, "", "1", corev1.PodRunning, false},
		"done":                           {onFailure, "", "0", corev1.PodSucceeded, false},
		"failed for good":                {never, "", "1", corev1.PodFailed, false},
		"one failed for good, one runs":  {never, "", "1r", corev1.PodRunning, false},
		"one failed, one done":           {never, "", "10", corev1.PodFailed, false},
		"initializing":                   {always, "r", "w", corev1.PodPending, false},
		"initialized":                    {always, "0", "r", corev1.PodRunning, true},
		"initializing failed, tries on":  {always, "1", "w", corev1.PodPending, false},
		"initializing failed for good":   {never, "1", "w", corev1.PodFailed, false},
		"one of two initialized":         {always, "0w", "w", corev1.PodPending, false},
		"initialized once, always again": {always, "0", "1", corev1.PodRunning, false},
	} {
		t.Run(name, func(t *testing.T) {
			var inits, containers []*container
			for _, state := range test.inits {
				inits = append(inits, made(state, test.policy, true))
			}
			for _, state := range test.containers {
				containers = append(containers, made(state, test.policy, false))
			}
			phase := phaseOf(inits, containers)
			if phase != test.want {
				t.Errorf("phase %s, want %s", phase, test.want)
			}
			conditions := conditionsOf(&corev1.Pod{}, phase, inits, containers, nil, metav1.Time{})
			if ready := isTrue(conditions, corev1.PodReady); ready != test.wantReady {
				t.Errorf("ready %t, want %t: %v", ready, test.wantReady, conditions)
			}
		})
	}
}

func TestConditionsKeepTheirTimes(t *testing.T) {
	first, second := metav1.Unix(1, 0), metav1.Unix(2, 0)
	containers := []*container{made('w', corev1.RestartPolicyAlways, false)}
	before := conditionsOf(&corev1.Pod{}, corev1.PodPending, nil, containers, nil, first)
	containers[0] = made('r', corev1.RestartPolicyAlways, false)
	for _, condition := range conditionsOf(&corev1.Pod{}, corev1.PodRunning, nil, containers, before, second) {
		want := first
		if condition.Type == corev1.PodReady || condition.Type == corev1.ContainersReady {
			want = second
		}
		if condition.LastTransitionTime != want {
			t.Errorf("%s changed at %s, want %s", condition.Type, condition.LastTransitionTime, want)
		}
	}
}

func TestReadinessGate(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{ReadinessGates: []corev1.PodReadinessGate{{ConditionType: "example.com/gate"}}}}
	containers := []*container{made('r', corev1.RestartPolicyAlways, false)}
	for _, want := range []corev1.ConditionStatus{corev1.ConditionFalse, corev1.ConditionTrue} {
		pod.Status.Conditions = []corev1.PodCondition{{Type: "example.com/gate", Status: want}}
		conditions := conditionsOf(pod, corev1.PodRunning, nil, containers, nil, metav1.Time{})
		if got := isTrue(conditions, corev1.PodReady); got != (want == corev1.ConditionTrue) {
			t.Errorf("with the gate %s the pod is ready: %t", want, got)
		}
	}
}

func TestResumedContainer(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := made('w', corev1.RestartPolicyAlways, false)
	c.resume(corev1.ContainerStatus{
		RestartCount: 2, ContainerID: "process://1-2-3",
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now.Add(-time.Hour))}},
	}, now)
	c.began(&process{}, now)
	status := c.status()
	if status.RestartCount != 3 || status.State.Running == nil || status.LastTerminationState.Terminated == nil ||
		status.LastTerminationState.Terminated.ExitCode != 137 {
		t.Errorf("want a third restart after exit code 137, got %+v", status)
	}
	once := made('w', corev1.RestartPolicyNever, false)
	once.resume(corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}, now)
	if !once.done() {
		t.Error("a container that is never restarted and ran under an earlier kubelet must be done")
	}
}
