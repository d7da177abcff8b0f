package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
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

// owed gives the backtracks made elsewhere after which the dependents are still to be restarted, oldest first.
func owed(cluster *v1alpha1.AuroraCluster, now time.Time) []*v1alpha1.LedgerEntry {
	if !cluster.Spec.RestartOnExternalBacktrack || cluster.Status.ClusterStatus != "available" || cluster.Status.ActiveBacktrack != nil {
		return nil // a rewind of ours brings the dependents back itself
	}
	var entries []*v1alpha1.LedgerEntry
	for i := range cluster.Status.Backtracks {
		entry := &cluster.Status.Backtracks[i]
		requested := entry.RequestedAt.Time()
		if entry.RequestedBy == nil && entry.Status == rds.StatusCompleted && entry.DependentsRestartedAt == "" &&
			!requested.Before(cluster.CreationTimestamp.Time) && now.Sub(requested) <= lateRestart {
			entries = append(entries, entry)
		}
	}
	return entries
}

// restartAfterExternal restarts the dependents after backtracks that were made elsewhere, where the
// AuroraCluster asks for it, and watches until they are up. One restart serves for all backtracks before it.
func (r *Reconciler) restartAfterExternal(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]event.News, error) {
	entries := owed(cluster, r.Clock.Now())
	if len(entries) == 0 {
		return nil, nil
	}
	dependents, _, err := r.Workloads.Find(ctx, cluster)
	if err != nil {
		return nil, fmt.Errorf("finding the dependents of AuroraCluster %s: %w", cluster.Name, err)
	}
	for i := range dependents { // it is too late to pause anything before the rewind; what would be is restarted
		if dependents[i].Strategy == v1alpha1.StrategyPause {
			dependents[i].Strategy = v1alpha1.StrategyRestart
		}
	}
	newest := entries[len(entries)-1]
	up := false
	if err = r.Workloads.Restart(ctx, newest.ID, dependents); err == nil {
		// Watching the rollouts is part of restarting: some controllers do not replace broken pods by themselves.
		up, err = r.Workloads.Ready(ctx, newest.ID, dependents)
	}
	var reverted *workload.RestartRevertedError
	if errors.As(err, &reverted) { // once more would be reverted too: a person has to
		noteRestarted(entries, r.Clock.Now())
		return []event.News{{Type: corev1.EventTypeWarning, Subject: newest.ID, Reason: v1alpha1.ReasonReconnectTimedOut, Message: reverted.Error()}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("restarting the dependents of AuroraCluster %s: %w", cluster.Name, err)
	}
	if !up {
		return nil, nil
	}
	noteRestarted(entries, r.Clock.Now())
	return []event.News{{
		Type: corev1.EventTypeNormal, Subject: newest.ID, Reason: v1alpha1.ReasonDependentsRestarted,
		Message: fmt.Sprintf("%d dependents were restarted after backtrack %s, which was made outside of Kubernetes, and are up", len(dependents), newest.ID),
	}}, nil
}

// noteRestarted notes that nothing is left to be restarted after the backtracks.
func noteRestarted(entries []*v1alpha1.LedgerEntry, now time.Time) {
	for _, entry := range entries {
		entry.DependentsRestartedAt = v1alpha1.NewTimestamp(now)
	}
}

// underWay reports whether the ledger has a backtrack that has not ended.
func underWay(cluster *v1alpha1.AuroraCluster, now time.Time) bool {
	for _, entry := range cluster.Status.Backtracks {
		if entry.ID != "" && rds.UnderWay(entry.Status, entry.RequestedAt, now) {
			return true
		}
	}
	return false
}
