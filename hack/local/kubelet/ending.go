package kubelet

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// gracePeriod is how long the processes may take to end.
func (w *worker) gracePeriod() time.Duration {
	const usual = 30
	grace := ptr.Deref(w.pod.Spec.TerminationGracePeriodSeconds, usual)
	if w.pod.DeletionGracePeriodSeconds != nil {
		grace = *w.pod.DeletionGracePeriodSeconds
	}
	return time.Duration(grace) * time.Second
}

// endAll ends all processes of the pod, and goes on until none is left.
func (w *worker) endAll(now time.Time, grace time.Duration) {
	for _, c := range w.all() {
		if !c.running() {
			continue
		}
		w.stop(c, now, grace)
		w.enforce(c, now)
	}
}

// stop tells a container to end: its hook first, then SIGTERM. Told again with less time, it has less time.
func (w *worker) stop(c *container, now time.Time, grace time.Duration) {
	if c.stopping {
		if sooner := now.Add(grace); sooner.Before(c.killAt) {
			c.killAt = sooner
		}
		return
	}
	c.stopping, c.killAt = true, now.Add(grace)
	w.kubelet.event(w.pod, corev1.EventTypeNormal, "Killing", "Stopping container "+c.spec.Name)
	process := c.process
	if c.spec.Lifecycle == nil || c.spec.Lifecycle.PreStop == nil || grace == 0 {
		process.signal(syscall.SIGTERM)
		return
	}
	ctx, cancel := context.WithDeadline(context.Background(), c.killAt)
	c.cancelHook = cancel
	pod, spec, given := w.pod, c.spec, c.surroundings
	go func() {
		defer cancel()
		if err := hook(ctx, spec, w.ip, given, spec.Lifecycle.PreStop); err != nil {
			w.kubelet.event(pod, corev1.EventTypeWarning, "FailedPreStopHook", err.Error())
		}
		process.signal(syscall.SIGTERM)
	}()
}

// enforce ends by force what has had its time.
func (w *worker) enforce(c *container, now time.Time) {
	if now.Before(c.killAt) {
		w.wake(c.killAt)
		return
	}
	if !c.killed {
		c.killed = true
		c.process.signal(syscall.SIGKILL)
	}
}

// hook runs a lifecycle hook.
func hook(ctx context.Context, container *corev1.Container, podIP string, given surroundings, hook *corev1.LifecycleHandler) error {
	if hook.Sleep != nil {
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(hook.Sleep.Seconds) * time.Second):
		}
		return nil
	}
	h := handler{httpGet: hook.HTTPGet, tcpSocket: hook.TCPSocket, exec: hook.Exec}
	run := func(ctx context.Context, argv []string) error {
		return given.run(ctx, argv, nil, io.Discard, io.Discard)
	}
	if err := h.ask(ctx, container, podIP, run); err != nil {
		return fmt.Errorf("hook of container %s: %w", container.Name, err)
	}
	return nil
}

// abandon ends the processes because the kubelet ends, and says nothing to anybody: the next kubelet takes the pod up.
func (w *worker) abandon() {
	const patience = 2 * time.Second
	now := time.Now()
	giveUp := time.NewTimer(patience + time.Second)
	defer giveUp.Stop()
	for w.anyRunning() {
		w.wakeAt = now.Add(patience)
		w.endAll(time.Now(), patience)
		look := time.NewTimer(time.Until(w.wakeAt))
		select {
		case <-giveUp.C:
			look.Stop()
			return
		case <-w.inbox.filled:
		case <-look.C:
		}
		look.Stop()
		for _, letter := range w.inbox.take() {
			letter()
		}
	}
}
