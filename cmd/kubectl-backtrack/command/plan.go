package command

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/when"
)

type planOptions struct {
	session *Session
	spec    specFlags
	output  *output
	timeout time.Duration
	keep    bool
	to      string
}

func newPlan(s *Session) *cobra.Command {
	o := &planOptions{session: s}
	cmd := &cobra.Command{
		Use:   "plan CLUSTER --to TIME",
		Short: "Show what a rewind would do, and touch nothing",
		Long: "Shows what a rewind would do: a suspended AuroraBacktrack is created, examined by the operator, and removed again.\n\n" +
			"It ends with 0 when the rewind could be made now, and with 2 when it could not.",
		Example:           "  kubectl backtrack plan game --to -15m",
		Args:              oneArg("CLUSTER"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0]) },
		ValidArgsFunction: s.completeClusters,
	}
	o.output = s.newOutput(cmd, false)
	o.spec.add(cmd)
	cmd.Flags().BoolVar(&o.keep, "keep", false, "leave the suspended AuroraBacktrack, to start it later")
	addPlanTimeout(cmd, &o.timeout)
	addTo(cmd, &o.to)
	return cmd
}

func (o *planOptions) run(ctx context.Context, cluster string) error {
	s := o.session
	to, err := when.Parse(o.to, s.now(), s.Zone)
	if err != nil {
		return err
	}
	r := &request{session: s, output: o.output, spec: o.spec}
	b, err := o.spec.object(s, cluster, to)
	if err != nil {
		return err
	}
	if o.spec.name == "" && !o.keep {
		b.Name += "-plan"
	}
	approval, err := r.look(ctx, b)
	if err != nil {
		return err
	}
	b.Spec.Suspend = true
	if err := s.create(ctx, b, o.spec.name != ""); err != nil {
		return err
	}
	b, err = s.waitForPlan(ctx, b, o.timeout)
	if !o.keep || err != nil {
		err = errors.Join(err, s.remove(b))
	}
	if err != nil {
		return err
	}
	if !o.output.forPeople() {
		err = o.output.object(b)
	} else {
		s.showPlan(b)
		if o.keep && !finished(b) {
			s.printf("It waits. To let it run: %s\n", command(startVerb(approval), b))
		}
	}
	if found := refusal(b); found != "" && !finished(b) {
		return errors.Join(err, exitf(exitEnded, "it can not be done %s", found))
	}
	if code, over := conclude(b); over && code != exitNeedsPerson {
		return errors.Join(err, s.conclusion(b, code))
	}
	return err
}
