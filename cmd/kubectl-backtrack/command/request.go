package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// request asks for one rewind: what `run` and `undo` have in common.
type request struct {
	*Session
	output *show.Output
	spec   specFlags
	dryRun string
	follow following
	// planTimeout is how long the operator may take to make the plan.
	planTimeout  time.Duration
	yes, suspend bool
}

func newRequest(s *Session) *request {
	return &request{Session: s, follow: following{terminal: s.Terminal}}
}

func (r *request) add(cmd *cobra.Command) {
	r.output = show.NewOutput(cmd, r.Terminal, r.Scheme, false)
	r.spec.add(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&r.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&r.suspend, "suspend", false, "only show the plan, and leave the AuroraBacktrack waiting: start or approve it later")
	flags.StringVar(&r.dryRun, "dry-run", "none", "client prints the AuroraBacktrack, server also has it checked; nothing is created")
	r.follow.addTimeout(cmd)
	flags.BoolVar(&r.follow.pastApproval, "wait-for-approval", false, "go on following while it waits for an approver")
	addPlanTimeout(cmd, &r.planTimeout)
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "client", "server"}, noFiles))
}

// ask goes the whole way: the object, the plan, the question, and its end.
func (r *request) ask(ctx context.Context, cluster string, to time.Time) error {
	if err := r.output.Check(); err != nil {
		return err
	}
	b, err := r.spec.object(r.Session, cluster, to)
	if err != nil {
		return err
	}
	if r.dryRun != "none" {
		return r.printOnly(ctx, b)
	}
	if !r.yes && !r.suspend {
		if err := r.CanAsk(); err != nil {
			return err
		}
	}
	// With -o the object is the only output.
	r.follow.quiet = !r.output.ForPeople()
	r.say("rewind %s to %s\n", cluster, r.Stamp(to))
	k, err := r.Client()
	if err != nil {
		return err
	}
	approval, err := look(ctx, k, b)
	if err != nil {
		return err
	}
	b.Spec.Suspend = !r.yes || r.suspend || approval
	asked := b.Spec.Suspend
	if err := k.Ask(ctx, b, r.spec.name != ""); err != nil {
		return err
	}
	approval = approval || b.Spec.Suspend && !asked
	r.say("aurorabacktrack/%s created in the namespace %s\n", b.Name, b.Namespace)
	if b.Spec.Suspend {
		if b, err = r.confirm(ctx, k, b, approval); err != nil || r.suspend {
			return r.finish(b, err)
		}
	}
	b, err = r.follow.toEnd(ctx, k, b)
	return r.finish(b, err)
}

// finish prints the object where that was asked for, and how it ended.
func (r *request) finish(b *v1alpha1.AuroraBacktrack, err error) error {
	if !r.output.ForPeople() {
		return errors.Join(err, r.output.Object(b))
	}
	if err == nil && outcome.Finished(b) {
		show.End(r.Terminal, b)
	}
	return err
}

func (r *request) say(format string, args ...any) {
	if r.output.ForPeople() {
		r.Printf(format, args...)
	}
}

// printOnly is a dry run.
func (r *request) printOnly(ctx context.Context, b *v1alpha1.AuroraBacktrack) error {
	switch r.dryRun {
	case "client":
	case "server":
		k, err := r.Client()
		if err != nil {
			return err
		}
		if err := k.Ask(ctx, b, true, client.DryRunAll); err != nil {
			return err
		}
	default:
		return fmt.Errorf("--dry-run=%s is not known: choose none, client or server", r.dryRun)
	}
	if r.output.ForPeople() {
		r.Printf("aurorabacktrack/%s would be created (dry run, %s): rewinds %s to %s\n", b.Name, r.dryRun, b.Spec.ClusterRef.Name, b.Spec.BacktrackTo)
		return nil
	}
	object, err := forGit(b)
	if err != nil {
		return err
	}
	return r.output.Object(object)
}

// confirm shows the plan of the suspended object and has it started, unless it is to wait. What is not confirmed is removed.
func (r *request) confirm(ctx context.Context, k *kube.Client, b *v1alpha1.AuroraBacktrack, approval bool) (*v1alpha1.AuroraBacktrack, error) {
	b, err := waitForPlan(ctx, k, b, r.planTimeout)
	if err != nil {
		return b, errors.Join(err, k.Remove(ctx, b))
	}
	if r.output.ForPeople() {
		show.Plan(r.Terminal, b)
	}
	if code, over := outcome.Of(b); over && code != exit.NeedsPerson {
		return b, conclusion(ctx, k, b)
	}
	found := outcome.Refusal(b)
	if r.suspend {
		if found != "" {
			r.say("It could not be done now %s\n", line.Clean(found, exit.MostMessage))
		}
		r.say("It waits. To let it run: %s\n", outcome.Command(startVerb(approval), b))
		return b, nil
	}
	if found != "" {
		return b, errors.Join(exit.Errorf(exit.Ended, "it can not be done %s", found), k.Remove(ctx, b))
	}
	if approval {
		if r.follow.pastApproval {
			r.say("It waits for an approver: %s\n", outcome.Command("approve", b))
			return b, nil
		}
		return b, needsApprover(b)
	}
	if !r.yes {
		yes, err := r.Ask(ctx, "Rewind now?")
		if err != nil || !yes {
			if err == nil {
				err = exit.Errorf(exit.NotAsked, "not started")
			}
			return b, errors.Join(err, k.Remove(ctx, b))
		}
	}
	err = k.Start(ctx, b, "")
	if apierrors.IsForbidden(err) && strings.Contains(err.Error(), "approving takes") {
		return b, needsApprover(b) // the policy of a cluster that this user may not read
	}
	return b, err
}

func needsApprover(b *v1alpha1.AuroraBacktrack) error {
	return exit.Errorf(exit.NeedsPerson, "%s waits for a person who approves it: %s", b.Name, outcome.Command("approve", b))
}
