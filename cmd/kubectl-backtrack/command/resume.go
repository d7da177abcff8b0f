package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/paused"
	"github.com/aurora-backtrack/operator/controllers/line"
)

type resumeOptions struct {
	*Session
	yes, everywhere, force bool
	dryRun                 bool
	operator               string
}

func newResume(s *Session) *cobra.Command {
	o := &resumeOptions{Session: s}
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Last resort: bring back what a rewind paused, when there is no operator",
		Long: "Brings back the workloads that carry the operator's mark of a pause. The operator does that itself, whatever " +
			"happens; this is for when there is no operator any more, and it refuses while one is running. It takes the right to change workloads.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	flags.BoolVarP(&o.everywhere, "all-namespaces", "A", false, "look in all namespaces")
	flags.BoolVar(&o.dryRun, "dry-run", false, "only show what is paused")
	flags.BoolVar(&o.force, "force", false, "although the operator is running")
	flags.StringVar(&o.operator, "operator-namespace", operatorNamespace, "where the operator runs")
	return cmd
}

func (o *resumeOptions) run(ctx context.Context) error {
	k, err := o.Client()
	if err != nil {
		return err
	}
	namespace := k.Namespace
	if o.everywhere {
		namespace = ""
	}
	found, notes, err := paused.Find(ctx, k, namespace)
	if err != nil {
		return err
	}
	for _, note := range notes {
		o.Notef("note: %s", line.Clean(note, exit.MostMessage))
	}
	if len(found) == 0 {
		o.Printf("Nothing carries the mark of a pause.\n")
		return nil
	}
	for _, p := range found {
		o.Printf("%s: %s\n", p, p.Prospect())
	}
	if o.dryRun {
		return nil
	}
	if !o.force {
		// It would bring everything back itself, and pause it again if a run wants that.
		if leader, err := paused.Leader(ctx, k, o.operator, o.Now()); err != nil {
			return err
		} else if leader != "" {
			return fmt.Errorf("the operator runs (%s leads) and brings back by itself what it paused: cancel the rewind instead, or use --force", leader)
		}
	}
	if !o.yes {
		yes, err := o.Ask(ctx, fmt.Sprintf("Bring %d workloads back?", len(found)))
		if err != nil {
			return err
		}
		if !yes {
			return exit.Errorf(exit.NotAsked, "nothing was changed")
		}
	}
	var errs []error
	for _, p := range found {
		if err := p.Resume(ctx, k); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p, err))
			continue
		}
		o.Printf("%s resumed\n", p)
	}
	if len(errs) > 0 {
		return exit.With(exit.Ended, errors.Join(errs...))
	}
	return nil
}
