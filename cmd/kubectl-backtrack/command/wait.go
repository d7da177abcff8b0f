package command

import (
	"time"

	"github.com/spf13/cobra"
)

func newWait(s *Session) *cobra.Command {
	o := followOptions{quiet: true}
	cmd := &cobra.Command{
		Use:   "wait NAME",
		Short: "Wait for the end of a rewind, whichever",
		Long: "Waits, without output, until a rewind has ended: also without success, which kubectl wait would not notice. " +
			"It also ends when the rewind waits for a person.\n\n" +
			"Exit codes: 0 it succeeded (or was already applied), 1 it could not be waited for, 2 it ended without success, " +
			"3 it has not ended in time and goes on, 4 its outcome is unknown, 5 it waits for a person.",
		Args: oneArg("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := s.backtrack(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			b, err = s.ending(cmd.Context(), b, o)
			if err == nil {
				why, message := reason(b)
				s.printf("aurorabacktrack/%s %s: %s\n", b.Name, why, message)
			}
			return err
		},
		ValidArgsFunction: s.completeRunning,
	}
	cmd.Flags().DurationVar(&o.timeout, "timeout", 30*time.Minute, "how long to wait; 0 means without end")
	cmd.Flags().BoolVar(&o.pastApproval, "wait-for-approval", false, "go on waiting while it waits for a person")
	return cmd
}
