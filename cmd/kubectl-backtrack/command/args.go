package command

import (
	"fmt"

	"github.com/spf13/cobra"
)

// oneArg is cobra.ExactArgs(1) with a message that says what is missing.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return fmt.Errorf("give exactly one %s: %s", what, cmd.UseLine())
	}
}

// atMostOneArg is cobra.MaximumNArgs(1) with a message that says what is too much.
func atMostOneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return fmt.Errorf("give at most one %s: %s", what, cmd.UseLine())
	}
}

// noArgs is cobra.NoArgs with a message that says what is too much.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no argument, and %q is one: see %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
}
