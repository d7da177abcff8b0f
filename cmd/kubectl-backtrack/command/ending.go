package command

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
)

// following says how an object is followed to its end.
type following struct {
	terminal     *terminal.Terminal
	timeout      time.Duration
	pastApproval bool // go on while it waits for a person
	quiet        bool // show nothing
}

func (f *following) addTimeout(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "how long to follow it; it goes on afterwards; 0 means to its end")
}

// toEnd follows the object until it has come to its end or waits for a person, shows its progress, and gives the error
// that stands for the ending: nil only for success.
func (f *following) toEnd(ctx context.Context, k *kube.Client, b *v1alpha1.AuroraBacktrack) (*v1alpha1.AuroraBacktrack, error) {
	within := ctx
	if f.timeout > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, f.timeout)
		defer cancel()
	}
	p := show.NewProgress(f.terminal, b, f.quiet)
	last, err := k.Follow(within, b, func(now *v1alpha1.AuroraBacktrack) bool {
		p.Show(now)
		code, over := outcome.Of(now)
		return over && (code != exit.NeedsPerson || !f.pastApproval)
	})
	why, message := outcome.Reason(last)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return last, exit.Errorf(exit.TimedOut, "%s has not ended within %s (%s: %s), and goes on: %s", last.Name, f.timeout, why, message, outcome.Command("watch", last))
	case errors.Is(err, context.Canceled):
		f.terminal.Notef("\nIt goes on. To come back: %s; to stop it, while that is possible: %s", outcome.Command("watch", last), outcome.Command("cancel", last))
		return last, exit.With(exit.Interrupted, exit.ErrReported)
	case err != nil:
		return last, err
	}
	return last, conclusion(ctx, k, last)
}

// conclusion is the error that stands for what became of the object; nil for success.
func conclusion(ctx context.Context, k *kube.Client, b *v1alpha1.AuroraBacktrack) error {
	why, message := outcome.Reason(b)
	switch code, _ := outcome.Of(b); code {
	case exit.Succeeded:
		return nil
	case exit.NeedsPerson:
		verb := "start"
		if why != v1alpha1.ReasonSuspended || k.NeedsApproval(ctx, b) {
			verb = "approve"
		}
		return exit.Errorf(code, "%s waits for a person (%s): %s; to let it run: %s", b.Name, why, message, outcome.Command(verb, b))
	case exit.Unknown:
		return exit.Errorf(code, "%s ended as %s: RDS may have rewound the data: %s; look at kubectl backtrack history %s and at the data before anything else", b.Name, why, message, b.Spec.ClusterRef.Name)
	default:
		return exit.Errorf(code, "%s ended without success: %s: %s", b.Name, why, message)
	}
}
