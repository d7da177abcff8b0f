// Package command holds the commands of the kubectl plugin, one file each.
package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
)

const example = `  # What can be rewound, and how far
  kubectl backtrack clusters

  # What happened, and when to go back to
  kubectl backtrack timeline game
  kubectl backtrack moments game

  # Rewind, and go forward again if it was the wrong time
  kubectl backtrack run game --to 13:55
  kubectl backtrack undo game-to-20231223-135500`

// Execute runs the command that the arguments name, and gives the exit code.
func Execute(ctx context.Context, s *Session, args []string) int {
	root := newRoot(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil, errors.Is(err, exit.ErrReported):
	case errors.Is(err, context.Canceled):
		s.Notef("interrupted")
	default:
		s.Notef("%s", exit.Line(err))
	}
	return exit.CodeOf(err)
}

func newRoot(s *Session) *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-backtrack",
		Short: "Rewind Aurora MySQL clusters in place, and go forward again",
		Long: "Rewinds Aurora MySQL clusters in place through the aurora-backtrack operator, and shows what was done.\n\n" +
			"Exit codes: 0 it succeeded (or was already applied), 1 it could not be asked for, 2 it ended without success, " +
			"3 it has not ended in time and goes on, 4 its outcome is unknown, 5 it waits for a person.",
		Example:           example,
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl backtrack"},
		Version:           s.Version,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              noArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			switch s.Colour {
			case "auto", "always", "never":
				return nil
			}
			return fmt.Errorf("--color=%s is not known: choose auto, always or never", s.Colour)
		},
	}
	root.SetOut(s.Out)
	root.SetErr(s.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w: see %s --help", err, cmd.CommandPath())
	})
	root.PersistentFlags().StringVar(&s.Colour, "color", "auto", "colours: auto (on a terminal, unless NO_COLOR is set), always or never")
	s.AddFlags(root.PersistentFlags())
	hideRareFlags(root)
	for _, group := range []struct{ id, title string }{{"do", "Rewinding:"}, {"see", "Looking:"}, {"help", "In trouble:"}} {
		root.AddGroup(&cobra.Group{ID: group.id, Title: group.title})
	}
	for group, commands := range map[string][]*cobra.Command{
		"do": {
			newPlan(s), newRun(s), newUndo(s), newApprove(s), newStart(s), newCancel(s), newWait(s), newWatch(s),
		},
		"see":  {newClusters(s), newStatus(s), newHistory(s), newTimeline(s), newMoments(s), newCopies(s)},
		"help": {newResume(s), newReport(s)},
	} {
		for _, cmd := range commands {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	root.SetHelpCommandGroupID("help")
	completion{s}.register(root)
	return root
}

// hideRareFlags leaves those of kubectl's flags in the help that people use; all of them work.
func hideRareFlags(root *cobra.Command) {
	shown := " namespace context kubeconfig as request-timeout color "
	root.PersistentFlags().VisitAll(show.FlagHider(func(name string) bool { return !strings.Contains(shown, " "+name+" ") }))
}
