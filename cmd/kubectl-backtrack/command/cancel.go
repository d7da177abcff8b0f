package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
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
		ValidArgsFunction: s.completeRunning,
	}
	cmd.Flags().BoolVar(&wait, "wait", true, "wait until everything is back")
	cmd.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "how long to wait")
	return cmd
}

func (s *Session) cancel(ctx context.Context, name string, wait bool, timeout time.Duration) error {
	b, err := s.backtrack(ctx, name)
	if err != nil {
		return err
	}
	why, _ := reason(b)
	switch {
	case finished(b) && b.Status.Backtrack != nil:
		return fmt.Errorf("%s has ended already (%s): to go forward again: %s", name, why, command("undo", b))
	case finished(b):
		return fmt.Errorf("%s has ended already (%s)", name, why)
	}
	if !b.Spec.Cancel {
		if err := s.patch(ctx, b, map[string]any{"metadata": map[string]any{"uid": b.UID}, "spec": map[string]any{"cancel": true}}); err != nil {
			return err
		}
	}
	s.printf("aurorabacktrack/%s: cancel is set\n", name)
	if b.Status.Claim != nil {
		s.printf("RDS was asked at %s, or is being asked: if RDS took it, it goes on to its end\n", b.Status.Claim.ClaimedAt)
	}
	if !wait {
		return nil
	}
	b, err = s.ending(ctx, b, followOptions{timeout: timeout, pastApproval: true})
	why, message := reason(b)
	switch {
	case finished(b) && why == v1alpha1.ReasonCancelled:
		s.printf("%s %s\n", s.paint(green, s.sign("✓", "+")), message)
		return nil
	case err == nil:
		return exitf(exitEnded, "the cancel came too late, and %s ended as %s: to go forward again: %s", name, why, command("undo", b))
	}
	return err
}
