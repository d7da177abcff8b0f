package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
)

// waitTimeout is how long `wait` waits unless it is told otherwise.
const waitTimeout = 30 * time.Minute

func newWait(s *Session) *cobra.Command {
	f := &following{terminal: s.Terminal, quiet: true}
	cmd := &cobra.Command{
		Use:   "wait NAME",
		Short: "Wait for the end of a rewind, whichever",
		Long: "Waits, without output, until a rewind has ended: also without success, which kubectl wait would not notice. " +
			"It also ends when the rewind waits for a person.\n\n" +
			"Exit codes: 0 it succeeded (or was already applied), 1 it could not be waited for, 2 it ended without success, " +
			"3 it has not ended in time and goes on, 4 its outcome is unknown, 5 it waits for a person.",
		Args:              oneArg("NAME"),
		RunE:              func(cmd *cobra.Command, args []string) error { return s.wait(cmd.Context(), f, args[0]) },
		ValidArgsFunction: completion{s}.running,
	}
	cmd.Flags().DurationVar(&f.timeout, "timeout", waitTimeout, "how long to wait; 0 means without end")
	cmd.Flags().BoolVar(&f.pastApproval, "wait-for-approval", false, "go on waiting while it waits for a person")
	return cmd
}

func (s *Session) wait(ctx context.Context, f *following, name string) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	b, err := k.Backtrack(ctx, name)
	if err != nil {
		return err
	}
	b, err = f.toEnd(ctx, k, b)
	if err == nil {
		why, message := outcome.Reason(b)
		s.Printf("aurorabacktrack/%s %s: %s\n", b.Name, why, message)
	}
	return err
}
