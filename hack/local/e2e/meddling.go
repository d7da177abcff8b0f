package e2e

import (
	"context"
	"fmt"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// denyBacktrack lets IAM forbid the one call, as it does where the policy was forgotten.
func (e *estate) denyBacktrack(ctx context.Context) error {
	return e.rds.SetFaults(ctx, aurora.Fault{Operation: "BacktrackDBCluster", Error: aurora.FaultAccessDenied})
}

// killTwice kills the leading manager now and the one that leads next when RDS has accepted the backtrack.
func (e *estate) killTwice(ctx context.Context, name string) error {
	first, err := e.killLeader(ctx)
	if err != nil {
		return err
	}
	err = stage.Until(ctx, "RDS has accepted the backtrack", func() (bool, error) {
		object, err := e.kube.Backtrack(ctx, e.name, name)
		return err == nil && object.Status.Backtrack != nil, err
	})
	if err != nil {
		return err
	}
	second, err := e.killLeader(ctx)
	if err != nil {
		return err
	}
	if first == second {
		return fmt.Errorf("manager %s led again after it was killed, before its Lease ran out", first)
	}
	object, err := e.kube.Backtrack(ctx, e.name, name)
	if err != nil {
		return err
	}
	if stage.Is(object, v1alpha1.ConditionDependentsReconnected) {
		return fmt.Errorf("the rewind was over before the second manager could be killed")
	}
	return nil
}

// killLeader ends the leading manager by SIGKILL, and gives its identity.
func (t *test) killLeader(ctx context.Context) (string, error) {
	holder, err := t.leader(ctx)
	if err != nil {
		return "", err
	}
	pod, _, _ := strings.Cut(holder, "_")
	t.Tell("  SIGKILL for the manager in pod %s", pod)
	return holder, t.cloud.KillPod(ctx, cloud.OperatorNamespace, pod)
}

// leader is the identity of the manager that leads: its pod's name, and a suffix of its own.
func (t *test) leader(ctx context.Context) (string, error) {
	var lease coordinationv1.Lease
	err := t.kube.API.Get(ctx, client.ObjectKey{Namespace: cloud.OperatorNamespace, Name: "aurora-backtrack-manager"}, &lease)
	return ptr.Deref(lease.Spec.HolderIdentity, ""), err
}
