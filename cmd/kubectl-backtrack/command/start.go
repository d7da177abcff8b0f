package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func newStart(s *Session) *cobra.Command {
	o := &liftOptions{session: s}
	cmd := &cobra.Command{
		Use:               "start NAME",
		Short:             "Let a suspended rewind run",
		Long:              "Shows the plan of a suspended rewind, asks, and lets it run. Where the AuroraCluster requires approval, approve does it.",
		Args:              oneArg("NAME"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.start(cmd.Context(), args[0]) },
		ValidArgsFunction: s.completeSuspended,
	}
	o.add(cmd)
	return cmd
}

func (o *liftOptions) start(ctx context.Context, name string) error {
	s := o.session
	b, err := o.suspended(ctx, name)
	if err != nil {
		return err
	}
	cluster, err := s.cluster(ctx, b.Spec.ClusterRef.Name)
	switch {
	case apierrors.IsForbidden(err): // the admission policy says it, if approval is asked for
	case err != nil:
		return err
	case approvalAsked(cluster):
		return exitf(exitNeedsPerson, "AuroraCluster %s requires approval: %s", cluster.Name, command("approve", b))
	}
	s.showPlan(b)
	return o.lift(ctx, b, "", fmt.Sprintf("Rewind %s now?", b.Spec.ClusterRef.Name), "started")
}
