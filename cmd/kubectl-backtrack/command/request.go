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
	"github.com/aurora-backtrack/operator/controllers/line"
)

// request asks for one rewind: what `run` and `undo` have in common.
type request struct {
	session *Session
	output  *output
	spec    specFlags
	dryRun  string
	follow  followOptions
	// planTimeout is how long the operator may take to make the plan.
	planTimeout  time.Duration
	yes, suspend bool
}

func (r *request) add(cmd *cobra.Command) {
	r.output = r.session.newOutput(cmd, false)
	r.spec.add(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&r.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&r.suspend, "suspend", false, "only show the plan, and leave the AuroraBacktrack waiting: start or approve it later")
	flags.StringVar(&r.dryRun, "dry-run", "none", "client prints the AuroraBacktrack, server also has it checked; nothing is created")
	flags.DurationVar(&r.follow.timeout, "timeout", 0, "how long to follow the rewind, which goes on afterwards; 0 means to its end")
	flags.BoolVar(&r.follow.pastApproval, "wait-for-approval", false, "go on following while it waits for an approver")
	addPlanTimeout(cmd, &r.planTimeout)
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "client", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

func addPlanTimeout(cmd *cobra.Command, timeout *time.Duration) {
	cmd.Flags().DurationVar(timeout, "plan-timeout", 30*time.Second, "how long the operator may take to make the plan")
}

// ask goes the whole way: the object, the plan, the question, and its end.
func (r *request) ask(ctx context.Context, cluster string, to time.Time) error {
	s := r.session
	b, err := r.spec.object(s, cluster, to)
	if err != nil {
		return err
	}
	if r.dryRun != "none" {
		return r.printOnly(ctx, b)
	}
	if !r.yes && !r.suspend {
		if err := s.canAsk(); err != nil {
			return err
		}
	}
	if !r.output.forPeople() {
		// The object is the only output.
		r.follow.quiet = true
	}
	r.say("rewind %s to %s\n", cluster, s.stamp(to))
	approval, err := r.look(ctx, b)
	if err != nil {
		return err
	}
	b.Spec.Suspend = !r.yes || r.suspend || approval
	asked := b.Spec.Suspend
	if err := s.create(ctx, b, r.spec.name != ""); err != nil {
		return err
	}
	approval = approval || b.Spec.Suspend && !asked
	r.say("aurorabacktrack/%s created in the namespace %s\n", b.Name, b.Namespace)
	if b.Spec.Suspend {
		if b, err = r.confirm(ctx, b, approval); err != nil || r.suspend {
			return r.finish(b, err)
		}
	}
	b, err = s.ending(ctx, b, r.follow)
	return r.finish(b, err)
}

// finish prints the object where that was asked for, and how it ended.
func (r *request) finish(b *v1alpha1.AuroraBacktrack, err error) error {
	if !r.output.forPeople() {
		return errors.Join(err, r.output.object(b))
	}
	if err == nil && finished(b) {
		r.session.showEnd(b)
	}
	return err
}

func (r *request) say(format string, args ...any) {
	if r.output.forPeople() {
		r.session.printf(format, args...)
	}
}

// printOnly is a dry run.
func (r *request) printOnly(ctx context.Context, b *v1alpha1.AuroraBacktrack) error {
	switch r.dryRun {
	case "client":
	case "server":
		if err := r.session.create(ctx, b, true, client.DryRunAll); err != nil {
			return err
		}
	default:
		return fmt.Errorf("--dry-run=%s is not known: choose none, client or server", r.dryRun)
	}
	if r.output.forPeople() {
		r.session.printf("aurorabacktrack/%s would be created (dry run, %s): rewinds %s to %s\n", b.Name, r.dryRun, b.Spec.ClusterRef.Name, b.Spec.BacktrackTo)
		return nil
	}
	object, err := forGit(b)
	if err != nil {
		return err
	}
	return r.output.object(object)
}

// look finds out what is known before anything is created: that the cluster exists, whether it requires approval, who asks,
// and that the same rewind is not under way.
func (r *request) look(ctx context.Context, b *v1alpha1.AuroraBacktrack) (approval bool, err error) {
	s := r.session
	cluster, err := s.cluster(ctx, b.Spec.ClusterRef.Name)
	if apierrors.IsForbidden(err) { // who may not read it may still ask
		cluster, err = nil, nil
	}
	if err != nil {
		return false, err
	}
	if me, err := s.me(ctx); err == nil {
		metaAnnotate(b, me)
	}
	all, err := s.backtracks(ctx, b.Spec.ClusterRef.Name)
	if err != nil {
		return false, err
	}
	for i := range all {
		other := &all[i]
		if !finished(other) && other.Spec.BacktrackTo.Time().Equal(b.Spec.BacktrackTo.Time()) {
			return false, fmt.Errorf("AuroraBacktrack %s/%s to the same time is under way or waits: %s, or %s", other.Namespace, other.Name, command("watch", other), command("cancel", other))
		}
	}
	return cluster != nil && approvalAsked(cluster), nil
}

// metaAnnotate names who asks, so that approval from another person is possible and the history has names.
func metaAnnotate(b *v1alpha1.AuroraBacktrack, user string) {
	if b.Annotations == nil {
		b.Annotations = map[string]string{}
	}
	b.Annotations[v1alpha1.RequestedByAnnotation] = user
}

// confirm shows the plan of the suspended object and has it started, unless it is to wait. What is not confirmed is removed.
func (r *request) confirm(ctx context.Context, b *v1alpha1.AuroraBacktrack, approval bool) (*v1alpha1.AuroraBacktrack, error) {
	s := r.session
	b, err := s.waitForPlan(ctx, b, r.planTimeout)
	if err != nil {
		return b, errors.Join(err, s.remove(b))
	}
	if r.output.forPeople() {
		s.showPlan(b)
	}
	if code, over := conclude(b); over && code != exitNeedsPerson {
		return b, s.conclusion(b, code)
	}
	found := refusal(b)
	if r.suspend {
		if found != "" {
			r.say("It could not be done now %s\n", line.Clean(found, mostErrorMessage))
		}
		r.say("It waits. To let it run: %s\n", command(startVerb(approval), b))
		return b, nil
	}
	if found != "" {
		return b, errors.Join(exitf(exitEnded, "it can not be done %s", found), s.remove(b))
	}
	if approval {
		if r.follow.pastApproval {
			r.say("It waits for an approver: %s\n", command("approve", b))
			return b, nil
		}
		return b, needsApprover(b)
	}
	if !r.yes {
		yes, err := s.ask(ctx, "Rewind now?")
		if err != nil || !yes {
			if err == nil {
				err = exitf(exitNotAsked, "not started")
			}
			return b, errors.Join(err, s.remove(b))
		}
	}
	err = s.lift(ctx, b, "")
	if apierrors.IsForbidden(err) && strings.Contains(err.Error(), "approving takes") {
		return b, needsApprover(b) // the policy of a cluster that this user may not read
	}
	return b, err
}

func needsApprover(b *v1alpha1.AuroraBacktrack) error {
	return exitf(exitNeedsPerson, "%s waits for a person who approves it: %s", b.Name, command("approve", b))
}

func startVerb(approval bool) string {
	if approval {
		return "approve"
	}
	return "start"
}

// waitForPlan follows a suspended object until the operator has examined it.
func (s *Session) waitForPlan(ctx context.Context, b *v1alpha1.AuroraBacktrack, timeout time.Duration) (*v1alpha1.AuroraBacktrack, error) {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	last, err := s.follow(within, b, func(now *v1alpha1.AuroraBacktrack) bool { return planned(now) || finished(now) })
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		why, message := reason(last)
		if why == "" {
			message += ": does it run? kubectl get pods -n " + operatorNamespace
		}
		return last, exitf(exitTimedOut, "there is no plan after %s: %s", timeout, message)
	}
	return last, err
}

// remove takes away a suspended object that is not wanted after all. It works also after an interrupt.
func (s *Session) remove(b *v1alpha1.AuroraBacktrack) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := s.connected.Delete(ctx, b, client.Preconditions{UID: &b.UID})
	if client.IgnoreNotFound(err) == nil {
		return nil
	}
	return fmt.Errorf("it could not be removed either, and waits suspended: %w: kubectl delete abt %s -n %s", err, b.Name, b.Namespace)
}
