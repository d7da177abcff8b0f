package cluster

import (
	"context"

	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// clearVanished frees the lock of a holder that was taken away by force, finalizer and all, or that ended without
// knowing of its lock, because its status was taken away. What it left paused is resumed. The next object in the
// queue does so too; where there is none, nobody else would.
func (r *Reconciler) clearVanished(ctx context.Context, cluster *v1alpha1.AuroraCluster) error {
	if cluster.Status.ActiveBacktrack == nil {
		return nil
	}
	object, err := r.running(ctx, cluster)
	if err != nil || object != nil {
		return err
	}
	if err := r.keeper().ResumeForVanished(ctx, cluster); err != nil {
		return err //nolint:wrapcheck // says what it was doing itself
	}
	lock.Release(cluster, *cluster.Status.ActiveBacktrack)
	return nil
}

// running reads the AuroraBacktrack that holds the lock and runs, or the one that came in its place and takes its
// run over; nil when there is neither.
func (r *Reconciler) running(ctx context.Context, cluster *v1alpha1.AuroraCluster) (*v1alpha1.AuroraBacktrack, error) {
	holder, cached := *cluster.Status.ActiveBacktrack, &v1alpha1.AuroraBacktrack{}
	if err := r.Client.Get(ctx, types.NamespacedName{Namespace: holder.Namespace, Name: holder.Name}, cached); err == nil &&
		cached.UID == holder.UID && cached.Status.CompletedAt == "" {
		return cached, nil // a cache that lags says later that it is over
	}
	takesOver := func(b *v1alpha1.AuroraBacktrack) bool { return claim.Find(cluster, b) != nil }
	return r.keeper().Running(ctx, cluster, takesOver) //nolint:wrapcheck // says what it was doing itself
}

func (r *Reconciler) keeper() *lock.Keeper {
	return &lock.Keeper{Cache: r.Client, Live: r.Live, Resumer: r.Workloads, Clock: r.Clock}
}
