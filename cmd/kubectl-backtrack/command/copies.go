package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
)

func newCopies(s *Session) *cobra.Command {
	var o *show.Output
	cmd := &cobra.Command{
		Use:   "copies [CLUSTER]",
		Short: "Show the safety copies that were made, until when each is wanted, and how to remove it",
		Long: "Shows the safety copies that AuroraBacktracks were made with, newest first, as far as these still exist. The operator deletes no " +
			"copy and has no right to: -o wide shows the AWS commands that do.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.copies(cmd.Context(), o, strings.Join(args, ""))
		},
		ValidArgsFunction: completion{s}.cluster,
	}
	o = show.NewOutput(cmd, s.Terminal, s.Scheme, true)
	return cmd
}

// copies shows those of a cluster, or of all.
func (s *Session) copies(ctx context.Context, o *show.Output, cluster string) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	all, err := k.Backtracks(ctx, cluster)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(b v1alpha1.AuroraBacktrack) bool { return b.Status.SafetyCopy == nil })
	slices.SortStableFunc(all, func(a, b v1alpha1.AuroraBacktrack) int {
		return b.Status.SafetyCopy.RequestedAt.Time().Compare(a.Status.SafetyCopy.RequestedAt.Time())
	})
	if !o.ForPeople() {
		return o.Object(&v1alpha1.AuroraBacktrackList{Items: all})
	}
	if len(all) == 0 {
		s.Notef("No AuroraBacktrack that still exists was made with a safety copy. AWS has them all by their tag %s (docs/aws.md).", v1alpha1.CopyWantedUntilTag)
		return nil
	}
	var rows [][]string
	for i := range all {
		rows = append(rows, s.copyRow(&all[i], k.Region(ctx, all[i].Spec.ClusterRef.Name)))
	}
	return o.Table([]show.Column{
		{Name: "COPY"}, {Name: "TYPE"}, {Name: "OF"}, {Name: "MADE"}, {Name: "WANTED UNTIL"},
		{Name: "OBJECT"}, {Name: "LAST SEEN", Wide: true}, {Name: "ENDPOINT", Wide: true}, {Name: "TO REMOVE IT", Wide: true},
	}, rows)
}

func (s *Session) copyRow(b *v1alpha1.AuroraBacktrack, region string) []string {
	c := b.Status.SafetyCopy
	until := show.Or(string(c.WantedUntil))
	if at := c.WantedUntil.Time(); !at.IsZero() && at.Before(s.Now()) {
		until += " (no longer)"
	}
	return []string{
		c.Identifier, string(c.Type), b.Spec.ClusterRef.Name, show.Or(string(c.RequestedAt)), until, b.Namespace + "/" + b.Name,
		show.Or(c.Status), show.Or(c.Endpoint), removal(c, region),
	}
}

// removal is what a person types to delete the copy for good.
func removal(c *v1alpha1.SafetyCopyStatus, region string) string {
	if region != "" {
		region = " --region " + region
	}
	if c.Type == v1alpha1.CopySnapshot {
		return fmt.Sprintf("aws rds delete-db-cluster-snapshot%s --db-cluster-snapshot-identifier %s", region, c.Identifier)
	}
	command := fmt.Sprintf("aws rds delete-db-cluster%s --skip-final-snapshot --db-cluster-identifier %s", region, c.Identifier)
	if c.Instance != "" {
		command = fmt.Sprintf("aws rds delete-db-instance%s --db-instance-identifier %s && %s", region, c.Instance, command)
	}
	return command
}
