package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
)

func newWatch(s *Session) *cobra.Command {
	f := &following{terminal: s.Terminal}
	cmd := &cobra.Command{
		Use:   "watch NAME",
		Short: "Follow a rewind live, to its end",
		Long: "Shows the steps of a rewind as they happen, the workloads going and coming back and RDS's record, until it has " +
			"ended or waits for a person. The exit codes are those of wait.",
		Args:              oneArg("NAME"),
		RunE:              func(cmd *cobra.Command, args []string) error { return s.watch(cmd.Context(), f, args[0]) },
		ValidArgsFunction: completion{s}.backtracks,
	}
	f.addTimeout(cmd)
	cmd.Flags().BoolVar(&f.pastApproval, "wait-for-approval", false, "go on following while it waits for a person")
	return cmd
}

func (s *Session) watch(ctx context.Context, f *following, name string) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	b, err := k.Backtrack(ctx, name)
	if err != nil {
		return err
	}
	s.Printf("%s/%s: %s to %s\n", b.Namespace, b.Name, b.Spec.ClusterRef.Name, s.Stamp(b.Spec.BacktrackTo.Time()))
	if b, err = f.toEnd(ctx, k, b); err == nil {
		show.End(s.Terminal, b)
	}
	return err
}
