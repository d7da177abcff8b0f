package chaos

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"syscall"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/processes"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

var errNoManager = errors.New("there is no such manager now")

// managers are the operator's pods, by name.
func (s *storm) managers(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := s.kube.API.List(ctx, &list, client.InNamespace(cloud.OperatorNamespace)); err != nil {
		return nil, err
	}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// killManagers ends the processes of some managers, from the first one on, by SIGKILL.
func (s *storm) killManagers(ctx context.Context, what string, first, n int) error {
	pods, err := s.managers(ctx)
	if err != nil {
		return err
	}
	if first >= len(pods) {
		return errNoManager
	}
	for _, pod := range pods[first:min(first+n, len(pods))] {
		if err := s.cloud.KillPod(ctx, pod.Namespace, pod.Name); err != nil {
			return err
		}
	}
	s.tally.add(what)
	return nil
}

// freezeManager stops a manager's process for a while, as a machine that hangs would. One that led wakes up and thinks
// that it still does.
func (s *storm) freezeManager(ctx context.Context, which int, how time.Duration) error {
	pods, err := s.managers(ctx)
	if err != nil {
		return err
	}
	if which >= len(pods) || len(pods[which].Status.ContainerStatuses) == 0 {
		return errNoManager
	}
	// Named by more than its number: it may have ended, and its number been given away.
	process, err := processes.ParseContainerID(pods[which].Status.ContainerStatuses[0].ContainerID)
	if err != nil {
		return err
	}
	if err := process.SignalGroup(syscall.SIGSTOP); err != nil {
		return err
	}
	s.tally.add("a manager frozen")
	_ = stage.Pass(ctx, how) // awake again also when the troubles stop
	return process.SignalGroup(syscall.SIGCONT)
}

// led waits until a manager has led after the given time.
func (s *storm) led(ctx context.Context, after time.Time) error {
	lease := &coordinationv1.Lease{}
	for {
		err := s.kube.API.Get(ctx, client.ObjectKey{Namespace: cloud.OperatorNamespace, Name: manager}, lease)
		if err == nil && ptr.Deref(lease.Spec.HolderIdentity, "") != nobody && lease.Spec.RenewTime != nil && lease.Spec.RenewTime.After(after) {
			return nil
		}
		if err := stage.Pass(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}

// nobody holds the Lease of a leader that was deposed.
const nobody = "nobody"

// depose takes the lead away from whoever has it, and lets both run for it. The deposed one lives, and goes on until it
// notices.
func (s *storm) depose(ctx context.Context) error {
	err := s.insist(ctx, func() error { // the leader writes to it all the time
		lease := &coordinationv1.Lease{}
		if err := s.kube.API.Get(ctx, client.ObjectKey{Namespace: cloud.OperatorNamespace, Name: manager}, lease); err != nil {
			return err
		}
		lease.Spec.HolderIdentity = ptr.To(nobody)
		lease.Spec.LeaseDurationSeconds = ptr.To[int32](1)
		return s.kube.API.Update(ctx, lease)
	})
	if err != nil {
		return err
	}
	s.tally.add("the leader deposed")
	return nil
}

// replaceManager deletes a manager's pod: it ends politely, and another one comes.
func (s *storm) replaceManager(ctx context.Context, which int) error {
	pods, err := s.managers(ctx)
	if err != nil {
		return err
	}
	if which >= len(pods) {
		return errNoManager
	}
	if err := s.kube.API.Delete(ctx, &pods[which]); err != nil {
		return err
	}
	s.tally.add("a manager's pod deleted")
	return nil
}
