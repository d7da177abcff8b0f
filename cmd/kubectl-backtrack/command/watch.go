package command

import (
	"github.com/spf13/cobra"
)

func newWatch(s *Session) *cobra.Command {
	var o followOptions
	cmd := &cobra.Command{
		Use:   "watch NAME",
		Short: "Follow a rewind live, to its end",
		Long:  "Shows the steps of a rewind as they happen, the workloads going and coming back and RDS's record, until it has ended or waits for a person. The exit codes are those of wait.",
		Args:  oneArg("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := s.backtrack(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			s.printf("%s/%s: %s to %s\n", b.Namespace, b.Name, b.Spec.ClusterRef.Name, s.stamp(b.Spec.BacktrackTo.Time()))
			b, err = s.ending(cmd.Context(), b, o)
			if err == nil {
				s.showEnd(b)
			}
			return err
		},
		ValidArgsFunction: s.completeBacktracks,
	}
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "how long to follow it; 0 means to its end")
	cmd.Flags().BoolVar(&o.pastApproval, "wait-for-approval", false, "go on following while it waits for a person")
	return cmd
}
