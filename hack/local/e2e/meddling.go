package e2e

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
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

// guardFinalizers lets the admission policy that keeps the operator's finalizers refuse, or only look on.
func (e *estate) guardFinalizers(ctx context.Context, refuse bool) error {
	action := "Audit"
	if refuse {
		action = "Deny"
	}
	return e.kubectl(ctx, "patch", "validatingadmissionpolicybinding", "aurora-backtrack-operator-only", "--type=merge",
		fmt.Sprintf(`--patch={"spec":{"validationActions":[%q]}}`, action))
}

// takeClusterAway deletes the AuroraCluster and its finalizer, as a person would who knows how and not what it is for.
func (e *estate) takeClusterAway(ctx context.Context, _ string) error {
	if err := e.kubectl(ctx, "delete", "auroracluster", e.name, "--wait=false"); err != nil {
		return err
	}
	var refused error
	err := stage.Until(ctx, "nobody guards the finalizer", func() (bool, error) { // the API server heeds it a little later
		refused = e.kubectl(ctx, "patch", "auroracluster", e.name, "--type=merge", `--patch={"metadata":{"finalizers":null}}`)
		return refused == nil, nil
	})
	if err != nil {
		return errors.Join(err, refused)
	}
	return e.guardFinalizers(ctx, true)
}

// killTwice kills all managers now, and again when RDS has accepted the backtrack.
func (e *estate) killTwice(ctx context.Context, name string) error {
	if err := e.killManagers(ctx); err != nil {
		return err
	}
	err := stage.Until(ctx, "RDS has accepted the backtrack", func() (bool, error) {
		object, err := e.kube.Backtrack(ctx, e.name, name)
		return err == nil && object.Status.Backtrack != nil, err
	})
	if err != nil {
		return err
	}
	if err := e.killManagers(ctx); err != nil {
		return err
	}
	object, err := e.kube.Backtrack(ctx, e.name, name)
	if err != nil {
		return err
	}
	if stage.Is(object, v1alpha1.ConditionBacktracked) {
		return fmt.Errorf("the rewind was over before the managers could be killed again")
	}
	return nil
}

// killManagers ends all managers by SIGKILL, so that nobody gives the Lease back.
func (t *test) killManagers(ctx context.Context) error {
	managers, err := t.managers(ctx)
	if err != nil {
		return err
	}
	for _, pod := range managers {
		t.Tell("  SIGKILL for the manager in pod %s", pod.Name)
		if err := t.cloud.KillPod(ctx, pod.Namespace, pod.Name); err != nil {
			return err
		}
	}
	return nil
}

// managers are the operator's pods.
func (t *test) managers(ctx context.Context) ([]corev1.Pod, error) {
	var pods corev1.PodList
	err := t.kube.API.List(ctx, &pods, client.InNamespace(cloud.OperatorNamespace), client.MatchingLabels{"app.kubernetes.io/component": "manager"})
	if err == nil && len(pods.Items) == 0 {
		err = errors.New("the operator has no pods")
	}
	return pods.Items, err
}
