package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// liftOptions are what `approve` and `start` have in common: both lift a suspension.
type liftOptions struct {
	session *Session
	yes     bool
	watch   bool
	follow  followOptions
}

func (o *liftOptions) add(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "follow the rewind to its end")
	cmd.Flags().DurationVar(&o.follow.timeout, "timeout", 0, "how long to follow it; 0 means to its end")
}

func newApprove(s *Session) *cobra.Command {
	o := &liftOptions{session: s}
	cmd := &cobra.Command{
		Use:   "approve NAME",
		Short: "Approve a rewind that waits for it, and let it run",
		Long: "Approves a rewind in your own name, where the AuroraCluster requires approval: shows the plan, checks that you " +
			"may, asks, and lifts the suspension in one write. It takes the ClusterRole aurora-backtrack-approver.",
		Args:              oneArg("NAME"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.approve(cmd.Context(), args[0]) },
		ValidArgsFunction: s.completeSuspended,
	}
	o.add(cmd)
	return cmd
}

func (o *liftOptions) approve(ctx context.Context, name string) error {
	s := o.session
	b, err := o.suspended(ctx, name)
	if err != nil {
		return err
	}
	cluster, err := s.cluster(ctx, b.Spec.ClusterRef.Name)
	if err != nil {
		return err
	}
	if !approvalAsked(cluster) {
		return fmt.Errorf("AuroraCluster %s asks for no approval: %s", cluster.Name, command("start", b))
	}
	me, err := s.me(ctx)
	if err != nil {
		return err
	}
	if err := s.mayApprove(ctx, cluster.Name, me); err != nil {
		return err
	}
	asked := b.Annotations[v1alpha1.RequestedByAnnotation]
	if cluster.Spec.Policy.Approval == v1alpha1.ApprovalRequiredFromAnother {
		switch asked {
		case me:
			return fmt.Errorf("AuroraCluster %s requires approval from another person, and you (%s) asked for this: another approver must approve it", cluster.Name, me)
		case "":
			return fmt.Errorf("AuroraCluster %s requires approval from another person, and it is not known who asked: create it again with kubectl backtrack run", cluster.Name)
		}
	}
	s.showPlan(b)
	s.printf("  asked   by %s\n", or(asked))
	return o.lift(ctx, b, me, fmt.Sprintf("Approve as %s, and rewind now?", me), "approved")
}

// suspended reads an object that waits to be let run.
func (o *liftOptions) suspended(ctx context.Context, name string) (*v1alpha1.AuroraBacktrack, error) {
	b, err := o.session.backtrack(ctx, name)
	if err != nil {
		return nil, err
	}
	why, _ := reason(b)
	switch {
	case finished(b):
		return nil, fmt.Errorf("%s has ended already (%s): ask for a new one with kubectl backtrack run", name, why)
	case b.Spec.Cancel:
		return nil, fmt.Errorf("%s is cancelled: ask for a new one with kubectl backtrack run", name)
	case why == v1alpha1.ReasonApprovalRequired:
		return nil, fmt.Errorf("%s was created before approval was asked for, and can not be approved: cancel it and ask again: %s", name, command("cancel", b))
	case !b.Spec.Suspend:
		return nil, fmt.Errorf("%s is not suspended and goes on by itself (%s): %s", name, or(why), command("watch", b))
	}
	return b, nil
}

// mayApprove asks the API server whether the user has the verb approve.
func (s *Session) mayApprove(ctx context.Context, cluster, me string) error {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Group: v1alpha1.GroupVersion.Group, Resource: "auroraclusters", Name: cluster, Verb: "approve"},
	}}
	if err := s.connected.Create(ctx, review); err != nil {
		return explain(err, "asking the API server whether you may approve")
	}
	if !review.Status.Allowed {
		return fmt.Errorf("approving takes the verb approve on AuroraCluster %q, which %q has not got: ask somebody who has it (ClusterRole aurora-backtrack-approver)", cluster, me)
	}
	return nil
}

// lift asks, and lifts the suspension.
func (o *liftOptions) lift(ctx context.Context, b *v1alpha1.AuroraBacktrack, approver, question, done string) error {
	s := o.session
	if !o.yes {
		yes, err := s.ask(ctx, question)
		if err != nil {
			return err
		}
		if !yes {
			return exitf(exitNotAsked, "not %s: it goes on waiting", done)
		}
	}
	if err := s.lift(ctx, b, approver); err != nil {
		return err
	}
	s.printf("aurorabacktrack/%s %s\n", b.Name, done)
	if !o.watch {
		s.printf("To follow it: %s\n", command("watch", b))
		return nil
	}
	b, err := s.ending(ctx, b, o.follow)
	if err == nil {
		s.showEnd(b)
	}
	return err
}
