package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
)

func newStart(s *Session) *cobra.Command {
	l := newLift(s)
	cmd := &cobra.Command{
		Use:               "start NAME",
		Short:             "Let a suspended rewind run",
		Long:              "Shows the plan of a suspended rewind, asks, and lets it run. Where the AuroraCluster requires approval, approve does it.",
		Args:              oneArg("NAME"),
		RunE:              func(cmd *cobra.Command, args []string) error { return l.start(cmd.Context(), args[0]) },
		ValidArgsFunction: completion{s}.suspended,
	}
	l.add(cmd)
	return cmd
}

func (l *lift) start(ctx context.Context, name string) error {
	k, b, err := l.readSuspended(ctx, name)
	if err != nil {
		return err
	}
	cluster, err := k.Cluster(ctx, b.Spec.ClusterRef.Name)
	switch {
	case apierrors.IsForbidden(err): // the admission policy says it, if approval is asked for
	case err != nil:
		return err
	case kube.ApprovalRequired(cluster):
		return exit.Errorf(exit.NeedsPerson, "AuroraCluster %s requires approval: %s", cluster.Name, outcome.Command("approve", b))
	}
	show.Plan(l.Terminal, b)
	return l.run(ctx, k, b, "", fmt.Sprintf("Rewind %s now?", b.Spec.ClusterRef.Name), "started")
}
