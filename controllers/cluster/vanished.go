package cluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
)

// clearVanished frees the lock of a holder that was taken away by force, finalizer and all, or that ended without
// knowing of its lock, because its status was taken away. What it left paused is resumed. The next object in the
// queue does so too; where there is none, nobody else would.
func (r *Reconciler) clearVanished(ctx context.Context, cluster *v1alpha1.AuroraCluster) error {
	holder := cluster.Status.ActiveBacktrack
	if holder == nil {
		return nil
	}
	object, err := r.holder(ctx, cluster)
	if err != nil || object != nil {
		return err
	}
	if err := r.Workloads.ResumeAll(ctx, cluster, holder.UID); err != nil {
		return fmt.Errorf("resuming what AuroraBacktrack %s/%s, which is gone or has ended, left paused: %w", holder.Namespace, holder.Name, err)
	}
	ledger.Release(cluster, *holder)
	return nil
}

// holder reads the AuroraBacktrack that holds the lock and runs, or the one that came in its place and takes its
// run over; nil when there is neither.
func (r *Reconciler) holder(ctx context.Context, cluster *v1alpha1.AuroraCluster) (*v1alpha1.AuroraBacktrack, error) {
	holder := cluster.Status.ActiveBacktrack
	object := &v1alpha1.AuroraBacktrack{}
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: holder.Namespace, Name: holder.Name}, object)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading AuroraBacktrack %s/%s, which holds AuroraCluster %s: %w", holder.Namespace, holder.Name, cluster.Name, err)
	case object.Status.CompletedAt == "" && (object.UID == holder.UID || ledger.Find(cluster, object) != nil):
		return object, nil
	}
	return nil, nil
}
