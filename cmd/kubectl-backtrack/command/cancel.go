package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
)

func newCancel(s *Session) *cobra.Command {
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "cancel NAME",
		Short: "Stop a rewind before RDS is asked, and bring back what it paused",
		Long: "Stops a rewind and brings back what it paused. Once RDS is asked it is too late: the rewind goes on to its end, " +
			"and undo goes forward again afterwards.\n\nIt ends with 0 when it was cancelled, and with 2 when it came too late.",
		Args: oneArg("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.cancel(cmd.Context(), args[0], wait, timeout)
		},
		ValidArgsFunction: completion{s}.running,
	}
	cmd.Flags().BoolVar(&wait, "wait", true, "wait until everything is back")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "how long to wait")
	return cmd
}

func (s *Session) cancel(ctx context.Context, name string, wait bool, timeout time.Duration) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	b, err := k.Backtrack(ctx, name)
	if err != nil {
		return err
	}
	why, _ := outcome.Reason(b)
	switch {
	case outcome.Finished(b) && b.Status.Backtrack != nil:
		return fmt.Errorf("%s has ended already (%s): to go forward again: %s", name, why, outcome.Command("undo", b))
	case outcome.Finished(b):
		return fmt.Errorf("%s has ended already (%s)", name, why)
	}
	if !b.Spec.Cancel {
		if err := k.Cancel(ctx, b); err != nil {
			return err
		}
	}
	s.Printf("aurorabacktrack/%s: cancel is set\n", name)
	if b.Status.Claim != nil {
		s.Printf("RDS was asked at %s, or is being asked: if RDS took it, it goes on to its end\n", b.Status.Claim.ClaimedAt)
	}
	if !wait {
		return nil
	}
	f := following{terminal: s.Terminal, timeout: timeout, pastApproval: true}
	b, err = f.toEnd(ctx, k, b)
	why, message := outcome.Reason(b)
	switch {
	case outcome.Finished(b) && why == v1alpha1.ReasonCancelled:
		s.Printf("%s %s\n", s.Paint(terminal.Green, s.Sign("✓", "+")), message)
		return nil
	case err == nil:
		return exit.Errorf(exit.Ended, "the cancel came too late, and %s ended as %s: to go forward again: %s", name, why, outcome.Command("undo", b))
	}
	return err
}
