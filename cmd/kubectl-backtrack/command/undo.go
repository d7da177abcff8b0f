package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

// undoTolerance is how far a later backtrack may lie from backtrackedFrom and still be the undo: RDS's records show
// backtrackTo in whole seconds, and the nearest consistent time.
const undoTolerance = time.Second

type undoOptions struct {
	request
	cluster, record string
}

func newUndo(s *Session) *cobra.Command {
	o := &undoOptions{request: request{session: s}}
	cmd := &cobra.Command{
		Use:   "undo (NAME | --cluster CLUSTER [--record ID])",
		Short: "Go forward again, to just before a backtrack",
		Long: "Goes forward again: to the last moment before a backtrack, to the millisecond. What was written since then is " +
			"discarded, and can be reached by another undo.\n\nWithout --record, --cluster means the latest backtrack of the cluster, whoever made it.",
		Example: `  kubectl backtrack undo game-to-20231223-135500
  kubectl backtrack undo --cluster game`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
		ValidArgsFunction: s.completeBacktracks,
	}
	o.add(cmd)
	cmd.Flags().StringVar(&o.cluster, "cluster", "", "undo the latest backtrack of this cluster")
	cmd.Flags().StringVar(&o.record, "record", "", "undo the backtrack with this identifier of RDS's")
	_ = cmd.RegisterFlagCompletionFunc("cluster", s.completeClusterFlag)
	_ = cmd.RegisterFlagCompletionFunc("record", cobra.NoFileCompletions)
	return cmd
}

func (o *undoOptions) run(ctx context.Context, args []string) error {
	var entry v1alpha1.LedgerEntry
	var cluster *v1alpha1.AuroraCluster
	var err error
	switch {
	case len(args) == 1 && (o.cluster != "" || o.record != ""), len(args) == 0 && o.cluster == "":
		return errors.New("say which backtrack: NAME, or --cluster CLUSTER with or without --record ID")
	case len(args) == 1:
		cluster, entry, err = o.byName(ctx, args[0])
	default:
		if cluster, err = o.session.cluster(ctx, o.cluster); err == nil {
			entry, err = o.fromLedger(cluster)
		}
	}
	if err != nil {
		return err
	}
	if err := o.possible(ctx, cluster, entry); err != nil {
		return err
	}
	if o.spec.name == "" {
		o.spec.name, err = o.freeName(ctx, undoName(cluster.Name, entry, args))
		if err != nil {
			return err
		}
	}
	o.say("undo of backtrack %s to %s\n", entry.ID, entry.BacktrackTo)
	return o.ask(ctx, cluster.Name, entry.BacktrackedFrom.Time())
}

// byName finds the record of an object.
func (o *undoOptions) byName(ctx context.Context, name string) (*v1alpha1.AuroraCluster, v1alpha1.LedgerEntry, error) {
	var none v1alpha1.LedgerEntry
	b, err := o.session.backtrack(ctx, name)
	if err != nil {
		return nil, none, err
	}
	cluster, err := o.session.cluster(ctx, b.Spec.ClusterRef.Name)
	if err != nil {
		return nil, none, err
	}
	record := b.Status.Backtrack
	why, message := reason(b)
	switch {
	case record == nil && finished(b):
		return nil, none, fmt.Errorf("%s changed nothing in the database (%s), so there is nothing to undo", name, why)
	case record == nil:
		return nil, none, fmt.Errorf("%s has not asked RDS yet (%s: %s): cancel it instead: %s", name, why, message, command("cancel", b))
	}
	return cluster, v1alpha1.LedgerEntry{
		ID: record.ID, RequestedAt: record.RequestedAt, BacktrackTo: record.BacktrackTo, BacktrackedFrom: record.BacktrackedFrom, Status: record.Status,
	}, nil
}

// fromLedger finds the record of a cluster: the one that is named, else the latest.
func (o *undoOptions) fromLedger(cluster *v1alpha1.AuroraCluster) (v1alpha1.LedgerEntry, error) {
	var latest *v1alpha1.LedgerEntry
	for i := range cluster.Status.Backtracks {
		entry := &cluster.Status.Backtracks[i]
		if o.record != "" && entry.ID == o.record {
			return *entry, nil
		}
		if entry.ID != "" && (latest == nil || !entry.RequestedAt.Time().Before(latest.RequestedAt.Time())) {
			latest = entry
		}
	}
	switch {
	case o.record != "":
		return v1alpha1.LedgerEntry{}, fmt.Errorf("the history of %s has no backtrack %q: see kubectl backtrack history %s -o wide", cluster.Name, o.record, cluster.Name)
	case latest == nil:
		return v1alpha1.LedgerEntry{}, fmt.Errorf("%s was never rewound as far as its history reaches, so there is nothing to undo", cluster.Name)
	}
	return *latest, nil
}

// possible says why a backtrack can't be undone.
func (o *undoOptions) possible(ctx context.Context, cluster *v1alpha1.AuroraCluster, entry v1alpha1.LedgerEntry) error {
	from, earliest := entry.BacktrackedFrom.Time(), cluster.Status.EarliestBacktrackTime.Time()
	switch {
	case entry.Status == "failed":
		return fmt.Errorf("RDS's record of backtrack %s reads failed, which leaves open what the data is: look at the data and at kubectl backtrack timeline %s, then use run --to", entry.ID, cluster.Name)
	case entry.Status != "completed":
		return fmt.Errorf("backtrack %s is %s: wait until it is completed, then undo it", entry.ID, or(entry.Status))
	case from.IsZero():
		return fmt.Errorf("RDS's record of backtrack %s does not say from when it went back: choose a time from kubectl backtrack moments %s, and use run --to", entry.ID, cluster.Name)
	case !earliest.IsZero() && from.Before(earliest):
		return fmt.Errorf("the time before backtrack %s, %s, has left the backtrack window, which reaches back to %s: restore a snapshot or to a point in time", entry.ID, entry.BacktrackedFrom, cluster.Status.EarliestBacktrackTime)
	}
	return o.notUndone(ctx, cluster, entry)
}

// notUndone refuses a backtrack that a later one went to just before.
func (o *undoOptions) notUndone(ctx context.Context, cluster *v1alpha1.AuroraCluster, entry v1alpha1.LedgerEntry) error {
	from := entry.BacktrackedFrom.Time()
	asked := map[string]time.Time{} // the exact time, where the object still exists
	all, err := o.session.backtracks(ctx, cluster.Name)
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

func undoName(cluster string, entry v1alpha1.LedgerEntry, args []string) string {
	if len(args) == 1 {
		return args[0] + "-undo"
	}
	if entry.RequestedBy != nil {
		return entry.RequestedBy.Name + "-undo"
	}
	return cluster + "-undo-" + entry.BacktrackedFrom.Time().UTC().Format("20060102-150405")
}

// freeName is the name, with a number where it is taken.
func (o *undoOptions) freeName(ctx context.Context, name string) (string, error) {
	if o.dryRun == "client" {
		return name, nil
	}
	for i := 1; i <= mostNames; i++ {
		candidate := name
		if i > 1 {
			candidate = fmt.Sprintf("%s-%d", name, i)
		}
		if _, err := o.session.backtrack(ctx, candidate); isNotFound(err) {
			return candidate, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("the names %s to %s-%d are taken: choose a --name", name, name, mostNames)
}
