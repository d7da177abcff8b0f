package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
)

// planTimeout is how long the operator may take to make a plan, unless the flag says otherwise.
const planTimeout = 30 * time.Second

func addPlanTimeout(cmd *cobra.Command, timeout *time.Duration) {
	cmd.Flags().DurationVar(timeout, "plan-timeout", planTimeout, "how long the operator may take to make the plan")
}

// look finds out what is known before anything is created: that the cluster exists, whether it requires approval, who asks,
// and that the same rewind is not under way.
func look(ctx context.Context, k *kube.Client, b *v1alpha1.AuroraBacktrack) (approval bool, err error) {
	cluster, err := k.Cluster(ctx, b.Spec.ClusterRef.Name)
	if apierrors.IsForbidden(err) { // who may not read it may still ask
		cluster, err = nil, nil
	}
	if err != nil {
		return false, err
	}
	if me, err := k.Me(ctx); err == nil {
		// So that approval from another person is possible, and the history has names.
		b.Annotations = map[string]string{v1alpha1.RequestedByAnnotation: me}
	}
	all, err := k.Backtracks(ctx, b.Spec.ClusterRef.Name)
	if err != nil {
		return false, err
	}
	for i := range all {
		other := &all[i]
		if !outcome.Finished(other) && other.Spec.BacktrackTo.Time().Equal(b.Spec.BacktrackTo.Time()) {
			return false, fmt.Errorf("AuroraBacktrack %s/%s to the same time is under way or waits: %s, or %s",
				other.Namespace, other.Name, outcome.Command("watch", other), outcome.Command("cancel", other))
		}
	}
	return cluster != nil && kube.ApprovalRequired(cluster), nil
}

// waitForPlan follows a suspended object until the operator has examined it.
func waitForPlan(ctx context.Context, k *kube.Client, b *v1alpha1.AuroraBacktrack, timeout time.Duration) (*v1alpha1.AuroraBacktrack, error) {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	last, err := k.Follow(within, b, func(now *v1alpha1.AuroraBacktrack) bool { return outcome.Planned(now) || outcome.Finished(now) })
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		why, message := outcome.Reason(last)
		if why == "" {
			message += ": does it run? kubectl get pods -n " + operatorNamespace
		}
		return last, exit.Errorf(exit.TimedOut, "there is no plan after %s: %s", timeout, message)
	}
	return last, err
}

// startVerb is the command that lets a suspended object run.
func startVerb(approval bool) string {
	if approval {
		return "approve"
	}
	return "start"
}
