package command

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
)

func newHistory(s *Session) *cobra.Command {
	var o *show.Output
	cmd := &cobra.Command{
		Use:               "history CLUSTER",
		Short:             "Show the backtracks of a cluster, newest first, with who asked for them",
		Args:              oneArg("CLUSTER"),
		RunE:              func(cmd *cobra.Command, args []string) error { return s.history(cmd.Context(), o, args[0]) },
		ValidArgsFunction: completion{s}.cluster,
	}
	o = show.NewOutput(cmd, s.Terminal, s.Scheme, true)
	return cmd
}

func (s *Session) history(ctx context.Context, o *show.Output, name string) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	cluster, err := k.Cluster(ctx, name)
	if err != nil {
		return err
	}
	if !o.ForPeople() {
		return o.Object(cluster)
	}
	entries := slices.Clone(cluster.Status.Backtracks)
	if len(entries) == 0 {
		s.Notef("%s was never rewound as far as its history reaches.", name)
		return nil
	}
	slices.SortStableFunc(entries, func(a, b v1alpha1.LedgerEntry) int { return asked(b).Time().Compare(asked(a).Time()) })
	requester := k.Requesters(ctx, name)
	var rows [][]string
	for _, entry := range entries {
		object, by := "elsewhere", "-"
		if entry.RequestedBy != nil {
			object = entry.RequestedBy.Namespace + "/" + entry.RequestedBy.Name
			by = show.Or(requester(*entry.RequestedBy))
		}
		undo := "-"
		if entry.Status == "completed" && entry.BacktrackedFrom != "" {
			undo = fmt.Sprintf("kubectl backtrack undo --cluster %s --record %s", name, entry.ID)
		}
		rows = append(rows, []string{
			show.Or(string(asked(entry))), show.Or(string(entry.BacktrackTo)), show.Or(string(entry.BacktrackedFrom)),
			show.Or(entry.Status),
			object, by, show.Or(entry.ID), undo,
		})
	}
	return o.Table([]show.Column{
		{Name: "REQUESTED"}, {Name: "TO"}, {Name: "FROM"}, {Name: "STATUS"}, {Name: "OBJECT"}, {Name: "BY"}, {Name: "RECORD", Wide: true}, {Name: "UNDO", Wide: true},
	}, rows)
}

// asked is when RDS was asked, or the claim written.
func asked(entry v1alpha1.LedgerEntry) v1alpha1.Timestamp {
	if entry.RequestedAt != "" {
		return entry.RequestedAt
	}
	return entry.ClaimedAt
}
