package paused

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// OperatorLease is the Lease by which the operator's managers choose a leader.
const OperatorLease = "aurora-backtrack-manager"

// Leader is the manager that leads the operator at a time; "" if none does.
func Leader(ctx context.Context, c client.Reader, operatorNamespace string, now time.Time) (string, error) {
	lease := &coordinationv1.Lease{}
	err := c.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: OperatorLease}, lease)
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("finding out whether the operator runs: %w: look yourself, and use --force if it does not", err)
	}
	spec := lease.Spec
	if spec.HolderIdentity == nil || *spec.HolderIdentity == "" || spec.RenewTime == nil || spec.LeaseDurationSeconds == nil {
		return "", nil
	}
	if until := spec.RenewTime.Add(time.Duration(*spec.LeaseDurationSeconds) * time.Second); !now.Before(until) {
		return "", nil
	}
	return *spec.HolderIdentity, nil
}
