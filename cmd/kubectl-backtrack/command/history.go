package command

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func newHistory(s *Session) *cobra.Command {
	var o *output
	cmd := &cobra.Command{
		Use:               "history CLUSTER",
		Short:             "Show the backtracks of a cluster, newest first, with who asked for them",
		Args:              oneArg("CLUSTER"),
		RunE:              func(cmd *cobra.Command, args []string) error { return s.history(cmd.Context(), o, args[0]) },
		ValidArgsFunction: s.completeClusters,
	}
	o = s.newOutput(cmd, true)
	return cmd
}

func (s *Session) history(ctx context.Context, o *output, name string) error {
	cluster, err := s.cluster(ctx, name)
	if err != nil {
		return err
	}
	if !o.forPeople() {
		return o.object(cluster)
	}
	entries := slices.Clone(cluster.Status.Backtracks)
	if len(entries) == 0 {
		fmt.Fprintf(s.ErrOut, "%s was never rewound as far as its history reaches.\n", name)
		return nil
	}
	slices.SortStableFunc(entries, func(a, b v1alpha1.LedgerEntry) int { return asked(b).Time().Compare(asked(a).Time()) })
	requester := s.requesters(ctx, name)
	var rows [][]string
	for _, entry := range entries {
		object, by := "elsewhere", "-"
		if entry.RequestedBy != nil {
			object = entry.RequestedBy.Namespace + "/" + entry.RequestedBy.Name
			by = or(requester(*entry.RequestedBy))
		}
		undo := "-"
		if entry.Status == "completed" && entry.BacktrackedFrom != "" {
			undo = fmt.Sprintf("kubectl backtrack undo --cluster %s --record %s", name, entry.ID)
		}
		rows = append(rows, []string{
			or(string(asked(entry))), or(string(entry.BacktrackTo)), or(string(entry.BacktrackedFrom)), or(entry.Status), object, by, or(entry.ID), undo,
		})
	}
	return o.table([]column{
		{name: "REQUESTED"}, {name: "TO"}, {name: "FROM"}, {name: "STATUS"}, {name: "OBJECT"}, {name: "BY"}, {"RECORD", true}, {"UNDO", true},
	}, rows)
}

// asked is when RDS was asked, or the claim written.
func asked(entry v1alpha1.LedgerEntry) v1alpha1.Timestamp {
	if entry.RequestedAt != "" {
		return entry.RequestedAt
	}
	return entry.ClaimedAt
}
