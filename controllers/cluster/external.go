package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/aurora"
	"github.com/aurora-backtrack/operator/controllers/event"
)

// external reports backtracks that were made elsewhere, such as in the console. What was there before the
// AuroraCluster is no news.
func external(cluster *v1alpha1.AuroraCluster, elsewhere []v1alpha1.LedgerEntry) []event.News {
	var news []event.News
	for _, entry := range elsewhere {
		if entry.RequestedAt.Time().Before(cluster.CreationTimestamp.Time) {
			continue
		}
		news = append(news, event.News{
			Type: corev1.EventTypeWarning, Subject: entry.ID, Reason: v1alpha1.ReasonExternalBacktrack,
			Message: fmt.Sprintf("backtrack %s to %s, requested at %s, was made outside of Kubernetes", entry.ID, entry.BacktrackTo, entry.RequestedAt),
		})
	}
	return news
}

// lateRestart bounds how long after a backtrack made elsewhere its dependents are still restarted: later, the
// applications have been seen to by other means, and a restart would be a surprise.
const lateRestart = time.Hour

// restartAfterExternal restarts the dependents after backtracks that were made elsewhere, once each, where the
// AuroraCluster asks for it.
func (r *Reconciler) restartAfterExternal(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]event.News, error) {
	if !cluster.Spec.RestartOnExternalBacktrack || cluster.Status.ClusterStatus != "available" {
		return nil, nil
	}
	var news []event.News
	for i := range cluster.Status.Backtracks {
		entry := &cluster.Status.Backtracks[i]
		requested := entry.RequestedAt.Time()
		if entry.RequestedBy != nil || entry.Status != aurora.StatusCompleted || entry.DependentsRestartedAt != "" ||
			requested.Before(cluster.CreationTimestamp.Time) || r.Clock.Now().Sub(requested) > lateRestart {
			continue
		}
		dependents, _, err := r.Workloads.Find(ctx, cluster)
		if err != nil {
			return nil, fmt.Errorf("finding the dependents of AuroraCluster %s: %w", cluster.Name, err)
		}
		for j := range dependents { // nothing is paused afterwards; what would be paused before is restarted
			if dependents[j].Strategy == v1alpha1.StrategyPause {
				dependents[j].Strategy = v1alpha1.StrategyRestart
			}
		}
		if err := r.Workloads.Restart(ctx, entry.ID, dependents); err != nil {
			return nil, fmt.Errorf("restarting the dependents of AuroraCluster %s: %w", cluster.Name, err)
		}
		entry.DependentsRestartedAt = v1alpha1.NewTimestamp(r.Clock.Now())
		news = append(news, event.News{
			Type: corev1.EventTypeNormal, Subject: entry.ID, Reason: v1alpha1.ReasonDependentsRestarted,
			Message: fmt.Sprintf("%d dependents are restarted after backtrack %s, which was made outside of Kubernetes", len(dependents), entry.ID),
		})
	}
	return news, nil
}

// underWay tells whether the ledger has a backtrack that has not ended.
func underWay(cluster *v1alpha1.AuroraCluster) bool {
	for _, entry := range cluster.Status.Backtracks {
		if entry.ID != "" && entry.Status != aurora.StatusCompleted && entry.Status != aurora.StatusFailed {
			return true
		}
	}
	return false
}
