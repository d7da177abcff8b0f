package command

import (
	"context"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

// byName finds the record of an object.
func byName(ctx context.Context, k *kube.Client, name string) (*v1alpha1.AuroraCluster, v1alpha1.LedgerEntry, error) {
	var none v1alpha1.LedgerEntry
	b, err := k.Backtrack(ctx, name)
	if err != nil {
		return nil, none, err
	}
	cluster, err := k.Cluster(ctx, b.Spec.ClusterRef.Name)
	if err != nil {
		return nil, none, err
	}
	record := b.Status.Backtrack
	why, message := outcome.Reason(b)
	switch {
	case record == nil && outcome.Finished(b):
		return nil, none, fmt.Errorf("%s changed nothing in the database (%s), so there is nothing to undo", name, why)
	case record == nil:
		return nil, none, fmt.Errorf("%s has not asked RDS yet (%s: %s): cancel it instead: %s", name, why, message, outcome.Command("cancel", b))
	}
	return cluster, v1alpha1.LedgerEntry{
		ID: record.ID, RequestedAt: record.RequestedAt, BacktrackTo: record.BacktrackTo, BacktrackedFrom: record.BacktrackedFrom, Status: record.Status,
	}, nil
}

// fromLedger finds the record of a cluster: the one that is named, else the latest.
func fromLedger(cluster *v1alpha1.AuroraCluster, record string) (v1alpha1.LedgerEntry, error) {
	var latest *v1alpha1.LedgerEntry
	for i := range cluster.Status.Backtracks {
		entry := &cluster.Status.Backtracks[i]
		if record != "" && entry.ID == record {
			return *entry, nil
		}
		if entry.ID != "" && (latest == nil || !entry.RequestedAt.Time().Before(latest.RequestedAt.Time())) {
			latest = entry
		}
	}
	switch {
	case record != "":
		return v1alpha1.LedgerEntry{}, fmt.Errorf("the history of %s has no backtrack %q: see kubectl backtrack history %s -o wide", cluster.Name, record, cluster.Name)
	case latest == nil:
		return v1alpha1.LedgerEntry{}, fmt.Errorf("%s was never rewound as far as its history reaches, so there is nothing to undo", cluster.Name)
	}
	return *latest, nil
}

// undoable says why a backtrack can't be undone.
func undoable(ctx context.Context, k *kube.Client, cluster *v1alpha1.AuroraCluster, entry v1alpha1.LedgerEntry) error {
	from, earliest := entry.BacktrackedFrom.Time(), cluster.Status.EarliestBacktrackTime.Time()
	switch {
	case entry.Status == "failed":
		return fmt.Errorf("RDS's record of backtrack %s reads failed, which leaves open what the data is: look at the data and at kubectl backtrack timeline %s, then use run --to", entry.ID, cluster.Name)
	case entry.Status != "completed":
		return fmt.Errorf("backtrack %s is %s: wait until it is completed, then undo it", entry.ID, show.Or(entry.Status))
	case from.IsZero():
		return fmt.Errorf("RDS's record of backtrack %s does not say from when it went back: choose a time from kubectl backtrack moments %s, and use run --to", entry.ID, cluster.Name)
	case !earliest.IsZero() && from.Before(earliest):
		return fmt.Errorf("the time before backtrack %s, %s, has left the backtrack window, which reaches back to %s: restore a snapshot or to a point in time", entry.ID, entry.BacktrackedFrom, cluster.Status.EarliestBacktrackTime)
	}
	return notUndone(ctx, k, cluster, entry)
}

// notUndone refuses a backtrack that a later one went to just before.
func notUndone(ctx context.Context, k *kube.Client, cluster *v1alpha1.AuroraCluster, entry v1alpha1.LedgerEntry) error {
	from := entry.BacktrackedFrom.Time()
	asked := map[string]time.Time{} // the exact time, where the object still exists
	all, err := k.Backtracks(ctx, cluster.Name)
	if err != nil {
		return err
	}
	for i := range all {
		if record := all[i].Status.Backtrack; record != nil {
			asked[record.ID] = all[i].Spec.BacktrackTo.Time()
		}
	}
	for _, other := range cluster.Status.Backtracks {
		if other.ID == entry.ID || other.Status != "completed" || !other.RequestedAt.Time().After(entry.RequestedAt.Time()) {
			continue
		}
		exact, known := asked[other.ID]
		if known && exact.Equal(from) || !known && other.BacktrackTo.Time().Sub(from).Abs() <= undoTolerance {
			return fmt.Errorf("backtrack %s was undone already, by backtrack %s%s at %s: to go there once more: kubectl backtrack run %s --to %s",
				entry.ID, other.ID, requestedBy(other), other.RequestedAt, cluster.Name, timeline.Typed(from))
		}
	}
	return nil
}

func requestedBy(entry v1alpha1.LedgerEntry) string {
	if entry.RequestedBy == nil {
		return ""
	}
	return " of " + entry.RequestedBy.Namespace + "/" + entry.RequestedBy.Name
}
