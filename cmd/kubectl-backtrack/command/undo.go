package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
)

// undoTolerance is how far a later backtrack may lie from backtrackedFrom and still be the undo: RDS's records show
// backtrackTo in whole seconds, and the nearest consistent time.
const undoTolerance = time.Second

type undoOptions struct {
	request
	cluster, record string
}

func newUndo(s *Session) *cobra.Command {
	o := &undoOptions{request: *newRequest(s)}
	cmd := &cobra.Command{
		Use:   "undo (NAME | --cluster CLUSTER [--record ID])",
		Short: "Go forward again, to just before a backtrack",
		Long: "Goes forward again: to the last moment before a backtrack, to the millisecond. What was written since then is " +
			"discarded, and can be reached by another undo.\n\nWithout --record, --cluster means the latest backtrack of the cluster, whoever made it.",
		Example: `  kubectl backtrack undo game-to-20231223-135500
  kubectl backtrack undo --cluster game`,
		Args: atMostOneArg("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
		ValidArgsFunction: completion{s}.undoable,
	}
	o.add(cmd)
	cmd.Flags().StringVar(&o.cluster, "cluster", "", "undo the latest backtrack of this cluster")
	cmd.Flags().StringVar(&o.record, "record", "", "undo the backtrack with this identifier of RDS's")
	_ = cmd.RegisterFlagCompletionFunc("cluster", completion{s}.clusters)
	_ = cmd.RegisterFlagCompletionFunc("record", completion{s}.records)
	return cmd
}

func (o *undoOptions) run(ctx context.Context, args []string) error {
	var entry v1alpha1.LedgerEntry
	var cluster *v1alpha1.AuroraCluster
	k, err := o.Client()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && (o.cluster != "" || o.record != ""), len(args) == 0 && o.cluster == "":
		return errors.New("say which backtrack: NAME, or --cluster CLUSTER with or without --record ID")
	case len(args) == 1:
		cluster, entry, err = byName(ctx, k, args[0])
	default:
		if cluster, err = k.Cluster(ctx, o.cluster); err == nil {
			entry, err = fromLedger(cluster, o.record)
		}
	}
	if err != nil {
		return err
	}
	if err := undoable(ctx, k, cluster, entry); err != nil {
		return err
	}
	if o.spec.name == "" {
		o.spec.name, err = o.freeName(ctx, k, undoName(cluster.Name, entry, args))
		if err != nil {
			return err
		}
	}
	o.say("undo of backtrack %s to %s\n", entry.ID, entry.BacktrackTo)
	return o.ask(ctx, cluster.Name, entry.BacktrackedFrom.Time())
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
func (o *undoOptions) freeName(ctx context.Context, k *kube.Client, name string) (string, error) {
	if o.dryRun == "client" {
		return name, nil
	}
	for i := 1; i <= kube.MostNames; i++ {
		candidate := name
		if i > 1 {
			candidate = fmt.Sprintf("%s-%d", name, i)
		}
		if _, err := k.Backtrack(ctx, candidate); kube.IsNotFound(err) {
			return candidate, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("the names %s to %s-%d are taken: choose a --name", name, name, kube.MostNames)
}
