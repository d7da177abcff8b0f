package command

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/when"
)

type planOptions struct {
	*Session
	spec    specFlags
	output  *show.Output
	timeout time.Duration
	keep    bool
	to      string
}

func newPlan(s *Session) *cobra.Command {
	o := &planOptions{Session: s}
	cmd := &cobra.Command{
		Use:   "plan CLUSTER --to TIME",
		Short: "Show what a rewind would do, and touch nothing",
		Long: "Shows what a rewind would do: a suspended AuroraBacktrack is created, examined by the operator, and removed again.\n\n" +
			"It ends with 0 when the rewind could be made now, and with 2 when it could not.",
		Example:           "  kubectl backtrack plan game --to -15m",
		Args:              oneArg("CLUSTER"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0]) },
		ValidArgsFunction: completion{s}.cluster,
	}
	o.output = show.NewOutput(cmd, s.Terminal, s.Scheme, false)
	o.spec.add(cmd)
	cmd.Flags().BoolVar(&o.keep, "keep", false, "leave the suspended AuroraBacktrack, to start it later")
	addPlanTimeout(cmd, &o.timeout)
	addTo(cmd, &o.to)
	return cmd
}

func (o *planOptions) run(ctx context.Context, cluster string) error {
	to, err := when.Parse(o.to, o.Now(), o.Zone)
	if err != nil {
		return err
	}
	if err := o.output.Check(); err != nil {
		return err
	}
	b, err := o.spec.object(o.Session, cluster, to)
	if err != nil {
		return err
	}
	if o.spec.name == "" && !o.keep {
		b.Name += "-plan"
	}
	k, err := o.Client()
	if err != nil {
		return err
	}
	approval, err := look(ctx, k, b)
	if err != nil {
		return err
	}
	b.Spec.Suspend = true
	if err := k.Ask(ctx, b, o.spec.name != ""); err != nil {
		return err
	}
	b, err = waitForPlan(ctx, k, b, o.timeout)
	if !o.keep || err != nil {
		err = errors.Join(err, k.Remove(ctx, b))
	}
	if err != nil {
		return err
	}
	if !o.output.ForPeople() {
		err = o.output.Object(b)
	} else {
		show.Plan(o.Terminal, b)
		if o.keep && !outcome.Finished(b) {
			o.Printf("It waits. To let it run: %s\n", outcome.Command(startVerb(approval), b))
		}
	}
	if found := outcome.Refusal(b); found != "" && !outcome.Finished(b) {
		return errors.Join(err, exit.Errorf(exit.Ended, "it can not be done %s", found))
	}
	if code, over := outcome.Of(b); over && code != exit.NeedsPerson {
		return errors.Join(err, conclusion(ctx, k, b))
	}
	return err
}
