package kubelet

import (
	"context"
	"fmt"

	"github.com/virtual-kubelet/virtual-kubelet/errdefs"
	"github.com/virtual-kubelet/virtual-kubelet/node/api"
	corev1 "k8s.io/api/core/v1"
)

// exec serves `kubectl exec`: a program beside the container's process, with the same variables and folders.
func (k *Kubelet) exec(ctx context.Context, namespace, pod, container string, argv []string, attach api.AttachIO) error {
	w := k.find(namespace, pod)
	if w == nil {
		return errdefs.NotFoundf("pod %s/%s is not on this node", namespace, pod)
	}
	answer := make(chan *surroundings, 1)
	w.inbox.put(func() {
		for _, c := range w.all() {
			if c.spec.Name == container && c.running() {
				given := c.surroundings
				answer <- &given
				return
			}
		}
		answer <- nil
	})
	select {
	case given := <-answer:
		if given == nil {
			return fmt.Errorf("container %s of pod %s/%s does not run", container, namespace, pod)
		}
		return given.run(ctx, argv, attach.Stdin(), attach.Stdout(), attach.Stderr())
	case <-w.over:
		return errdefs.NotFoundf("pod %s/%s is gone", namespace, pod)
	}
}

// pods lists the pods of this node.
func (k *Kubelet) pods(context.Context) ([]*corev1.Pod, error) {
	k.mu.Lock()
	workers := make([]*worker, 0, len(k.workers))
	for _, w := range k.workers {
		workers = append(workers, w)
	}
	k.mu.Unlock()
	var pods []*corev1.Pod
	for _, w := range workers {
		answer := make(chan *corev1.Pod, 1)
		w.inbox.put(func() { answer <- w.pod.DeepCopy() })
		select {
		case pod := <-answer:
			pods = append(pods, pod)
		case <-w.over:
		}
	}
	return pods, nil
}
