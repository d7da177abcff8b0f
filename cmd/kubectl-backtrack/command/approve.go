package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
)

func newApprove(s *Session) *cobra.Command {
	l := newLift(s)
	cmd := &cobra.Command{
		Use:   "approve NAME",
		Short: "Approve a rewind that waits for it, and let it run",
		Long: "Approves a rewind in your own name, where the AuroraCluster requires approval: shows the plan, checks that you " +
			"may, asks, and lifts the suspension in one write. It takes the ClusterRole aurora-backtrack-approver.",
		Args:              oneArg("NAME"),
		RunE:              func(cmd *cobra.Command, args []string) error { return l.approve(cmd.Context(), args[0]) },
		ValidArgsFunction: completion{s}.suspended,
	}
	l.add(cmd)
	return cmd
}

func (l *lift) approve(ctx context.Context, name string) error {
	k, b, err := l.readSuspended(ctx, name)
	if err != nil {
		return err
	}
	cluster, err := k.Cluster(ctx, b.Spec.ClusterRef.Name)
	if err != nil {
		return err
	}
	if !kube.ApprovalRequired(cluster) {
		return fmt.Errorf("AuroraCluster %s asks for no approval: %s", cluster.Name, outcome.Command("start", b))
	}
	me, err := k.Me(ctx)
	if err != nil {
		return err
	}
	if err := k.MayApprove(ctx, cluster.Name, me); err != nil {
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
	show.Plan(l.Terminal, b)
	l.Printf("  asked   by %s\n", show.Or(asked))
	return l.run(ctx, k, b, me, fmt.Sprintf("Approve as %s, and rewind now?", me), "approved")
}
