package kubelet

import (
	"context"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// worker looks after one pod, from its binding to this node to its end. It is one goroutine: whatever happens is put
// into its mailbox, and after each thing that happened it looks at the facts and does what is missing.
type worker struct {
	kubelet *Kubelet
	ip      string
	inbox   *mailbox
	volumes *volumes
	// logs is the folder of the pod's logs.
	logs string
	// over is closed when the worker has ended.
	over chan struct{}
	// What a pod is never changes; everything else about it may, and belongs to the worker's goroutine.
	uid                types.UID
	namespace, podName string
	pod                *corev1.Pod

	inits, containers []*container
	createdAt         time.Time

	// prepared is true once the volumes stand; refreshAt is when they are looked at again.
	prepared  bool
	refreshAt time.Time
	tries     int

	// failed is why the pod as a whole is to end; removed is true once the API server does not know it any more.
	failed  problem
	removed bool

	published *corev1.PodStatus
	// wakeAt is when there is something to do even if nothing happens.
	wakeAt time.Time
}

func newWorker(k *Kubelet, pod *corev1.Pod, ip string) *worker {
	now := time.Now()
	w := &worker{
		kubelet: k, ip: ip, inbox: newMailbox(), logs: logDir(k.config.Logs, pod), over: make(chan struct{}),
		uid: pod.UID, namespace: pod.Namespace, podName: pod.Name, pod: pod, createdAt: now,
		volumes: &volumes{
			dir: filepath.Join(k.config.State, string(pod.UID)), objects: k.objects, tokens: k.objects,
			renewed: map[string]renewedToken{},
		},
	}
	limits := backoff{first: k.config.RestartBackoff, longest: k.config.RestartBackoffMax}
	for i := range pod.Spec.InitContainers {
		w.inits = append(w.inits, newContainer(&pod.Spec.InitContainers[i], true, pod, limits))
	}
	for i := range pod.Spec.Containers {
		c := newContainer(&pod.Spec.Containers[i], false, pod, limits)
		if len(w.inits) > 0 {
			c.waiting.Reason = "PodInitializing"
		}
		for _, status := range pod.Status.ContainerStatuses {
			if status.Name == c.spec.Name {
				c.resume(status, now)
			}
		}
		w.containers = append(w.containers, c)
	}
	if pod.Status.StartTime != nil {
		w.createdAt = pod.Status.StartTime.Time
	}
	return w
}

// run looks after the pod until nothing of it is left, here and at the API server.
func (w *worker) run(ctx context.Context) {
	defer w.cleanUp()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			w.abandon()
			return
		case <-w.inbox.filled:
		case <-timer.C:
		}
		for _, letter := range w.inbox.take() {
			letter()
		}
		now := time.Now()
		w.wakeAt = now.Add(time.Minute)
		w.step(ctx, now)
		w.publish(ctx, now)
		if w.removed && !w.anyRunning() {
			return
		}
		timer.Reset(max(0, time.Until(w.wakeAt)))
	}
}

// wake asks for another look at the given time at the latest.
func (w *worker) wake(at time.Time) {
	if at.Before(w.wakeAt) {
		w.wakeAt = at
	}
}

// step does what is missing.
func (w *worker) step(ctx context.Context, now time.Time) {
	w.checkDeadline(now)
	if w.ending() {
		w.endAll(now, w.gracePeriod())
		return
	}
	if w.finished() {
		return
	}
	if !w.prepare(ctx, now) {
		return
	}
	for _, c := range w.inits {
		w.tend(ctx, c, now)
		if !c.succeeded() && !(c.isSidecar() && c.started()) {
			return
		}
	}
	done := true
	for _, c := range w.containers {
		w.tend(ctx, c, now)
		done = done && c.done()
	}
	if done {
		// Sidecars end with what they stand beside.
		w.endAll(now, w.gracePeriod())
	}
}

// ending reports that nothing of the pod is to run any more.
func (w *worker) ending() bool {
	return w.removed || w.pod.DeletionTimestamp != nil || w.failed != (problem{})
}

// finished reports that everything the pod was made for is over.
func (w *worker) finished() bool {
	phase := phaseOf(w.inits, w.containers)
	return (phase == corev1.PodSucceeded || phase == corev1.PodFailed) && !w.anyRunning()
}

func (w *worker) checkDeadline(now time.Time) {
	if w.pod.Spec.ActiveDeadlineSeconds == nil || w.ending() || w.finished() {
		return
	}
	deadline := w.createdAt.Add(time.Duration(*w.pod.Spec.ActiveDeadlineSeconds) * time.Second)
	if now.Before(deadline) {
		w.wake(deadline)
		return
	}
	w.failed = problem{"DeadlineExceeded", "Pod was active on the node longer than the specified deadline"}
}

// prepare makes the pod's folders, and looks at their sources again about once a minute.
func (w *worker) prepare(ctx context.Context, now time.Time) bool {
	if now.Before(w.refreshAt) {
		w.wake(w.refreshAt)
		return w.prepared
	}
	err := w.volumes.write(ctx, w.pod, w.place(), now)
	if err == nil && !w.prepared {
		err = w.writeKubeconfig()
	}
	if err != nil {
		w.tries++
		w.refreshAt = now.Add(retryAfter(w.tries))
		w.wake(w.refreshAt)
		// The first tries of a new pod often come before the API server's authorizer knows that it is on this node.
		if w.tries == 5 {
			w.kubelet.event(w.pod, corev1.EventTypeWarning, "FailedMount", err.Error())
		}
		return w.prepared
	}
	w.prepared, w.tries = true, 0
	w.refreshAt = now.Add(time.Minute)
	return true
}

// retryAfter begins with short waits, for what only comes a moment too early.
func retryAfter(tries int) time.Duration {
	return min(20*time.Millisecond<<min(tries, 10), 2*time.Second)
}

func (w *worker) place() place {
	return place{podIP: w.ip, hostIP: w.kubelet.network.nodeIP(), capacity: capacity()}
}

// tend looks after one container that is to run.
func (w *worker) tend(ctx context.Context, c *container, now time.Time) {
	switch {
	case c.running() && c.stopping:
		w.enforce(c, now)
	case c.running():
		w.probe(ctx, c, now)
	case c.done():
	case now.Before(c.startAt):
		w.wake(c.startAt)
	default:
		w.start(ctx, c, now)
	}
}

func (w *worker) all() []*container {
	return append(append([]*container{}, w.inits...), w.containers...)
}

func (w *worker) anyRunning() bool {
	for _, c := range w.all() {
		if c.running() {
			return true
		}
	}
	return false
}

func (w *worker) cleanUp() {
	w.kubelet.network.giveBack(w.ip)
	if err := os.RemoveAll(w.volumes.dir); err != nil {
		w.kubelet.log.Error("removing a pod's folder", "pod", w.name(), "error", err)
	}
	w.kubelet.forget(w)
	close(w.over)
}

func (w *worker) name() string { return w.namespace + "/" + w.podName }
