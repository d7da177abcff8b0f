package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
)

// lift is what `approve` and `start` have in common: both lift a suspension.
type lift struct {
	*Session
	yes, watch bool
	follow     following
}

func newLift(s *Session) *lift {
	return &lift{Session: s, follow: following{terminal: s.Terminal}}
}

func (l *lift) add(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&l.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVarP(&l.watch, "watch", "w", false, "follow the rewind to its end")
	l.follow.addTimeout(cmd)
}

// readSuspended reads an object that waits to be let run, and gives the client that read it.
func (l *lift) readSuspended(ctx context.Context, name string) (*kube.Client, *v1alpha1.AuroraBacktrack, error) {
	k, err := l.Client()
	if err != nil {
		return nil, nil, err
	}
	b, err := k.Backtrack(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	why, _ := outcome.Reason(b)
	switch {
	case outcome.Finished(b):
		return nil, nil, fmt.Errorf("%s has ended already (%s): ask for a new one with kubectl backtrack run", name, why)
	case b.Spec.Cancel:
		return nil, nil, fmt.Errorf("%s is cancelled: ask for a new one with kubectl backtrack run", name)
	case why == v1alpha1.ReasonApprovalRequired:
		return nil, nil, fmt.Errorf("%s was created before approval was asked for, and can not be approved: cancel it and ask again: %s", name, outcome.Command("cancel", b))
	case !b.Spec.Suspend:
		return nil, nil, fmt.Errorf("%s is not suspended and goes on by itself (%s): %s", name, show.Or(why), outcome.Command("watch", b))
	}
	return k, b, nil
}

// run asks the question, and lifts the suspension, for an approval in the approver's own name.
func (l *lift) run(ctx context.Context, k *kube.Client, b *v1alpha1.AuroraBacktrack, approver, question, done string) error {
	if !l.yes {
		yes, err := l.Ask(ctx, question)
		if err != nil {
			return err
		}
		if !yes {
			return exit.Errorf(exit.NotAsked, "not %s: it goes on waiting", done)
		}
	}
	if err := k.Start(ctx, b, approver); err != nil {
		return err
	}
	l.Printf("aurorabacktrack/%s %s\n", b.Name, done)
	if !l.watch {
		l.Printf("To follow it: %s\n", outcome.Command("watch", b))
		return nil
	}
	b, err := l.follow.toEnd(ctx, k, b)
	if err == nil {
		show.End(l.Terminal, b)
	}
	return err
}
