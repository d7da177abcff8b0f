package backtrack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// longestWindow is RDS's longest backtrack window: 259,200 seconds.
const longestWindow = 72 * time.Hour

// preflight checks that the rewind can be made and makes the plan.
func (x *run) preflight(ctx context.Context) outcome {
	if out := x.stillWanted(ctx); out.kind != goOn {
		return out
	}
	out := x.examine(ctx)
	if out.kind == goOn {
		out.message = x.object.Status.Plan.Summary
	}
	return out
}

// examine looks at the facts that a rewind depends on, and writes the plan and the dependents into the
// status. It touches nothing else.
func (x *run) examine(ctx context.Context) outcome {
	observed, err := x.describe(ctx)
	if err != nil {
		return x.rdsTrouble(err)
	}
	dependents, problems, err := x.Workloads.Find(ctx, x.cluster)
	if err != nil {
		return failed(fmt.Errorf("finding dependents: %w", err))
	}
	x.object.Status.Dependents = dependents
	x.object.Status.Plan = x.plan(observed)
	if out := x.reachable(observed); out.kind != goOn {
		return out
	}
	if len(problems) > 0 {
		return halted(problems[0].Reason, describeProblems(problems))
	}
	if out := x.idle(ctx, observed); out.kind != goOn {
		return out
	}
	return x.notDoneElsewhere(ctx)
}

// reachable checks what RDS would refuse or the policy forbids. None of it passes by waiting.
func (x *run) reachable(observed rds.Cluster) outcome {
	if reason, message := observed.Unsupported(); reason != "" {
		return halted(reason, message)
	}
	spec, policy := x.object.Spec, x.cluster.Spec.Policy
	target := x.target()
	now := x.now().Add(x.RDS.Skew(rds.TargetOf(x.cluster)))
	distance := now.Sub(target)
	longest := policy.MaxRewind.Or(longestWindow)
	switch {
	case !target.Before(now):
		return halted(v1alpha1.ReasonTargetInFuture, fmt.Sprintf("spec.backtrackTo %s does not lie in the past (RDS's clock reads %s): create a new AuroraBacktrack with a time that has passed", spec.BacktrackTo, v1alpha1.NewTimestamp(now)))
	case distance > longestWindow:
		return halted(v1alpha1.ReasonTargetBeforeWindow, fmt.Sprintf("spec.backtrackTo %s is more than 72h ago, which no backtrack window reaches: restore a snapshot instead", spec.BacktrackTo))
	case !observed.Earliest.IsZero() && target.Before(observed.Earliest) && !spec.UseEarliestTimeOnPointInTimeUnavailable:
		return halted(v1alpha1.ReasonTargetBeforeWindow, fmt.Sprintf("spec.backtrackTo %s is before the earliest time that the cluster can be rewound to, %s: create a new AuroraBacktrack with a later time, or with useEarliestTimeOnPointInTimeUnavailable: true", spec.BacktrackTo, v1alpha1.NewTimestamp(observed.Earliest)))
	case distance > longest:
		return halted(v1alpha1.ReasonMaxRewindExceeded, fmt.Sprintf("spec.backtrackTo %s is %s ago; AuroraCluster %s allows at most %s (policy.maxRewind)", spec.BacktrackTo, round(distance), x.cluster.Name, policy.MaxRewind))
	case spec.Force && !policy.AllowForce:
		return halted(v1alpha1.ReasonForceNotAllowed, fmt.Sprintf("spec.force is not allowed by AuroraCluster %s (policy.allowForce): create a new AuroraBacktrack without it", x.cluster.Name))
	}
	return done(v1alpha1.ReasonPassed, "")
}

// idle waits until the cluster is available and no backtrack that somebody asked for elsewhere is under way.
func (x *run) idle(ctx context.Context, observed rds.Cluster) outcome {
	if !observed.Available() {
		return waiting(x.backOff(), v1alpha1.ReasonClusterNotAvailable, fmt.Sprintf("Aurora cluster %s reads %q and must read available first", observed.Identifier, observed.Status))
	}
	past, err := x.history(ctx)
	if err != nil {
		return x.rdsTrouble(err)
	}
	for _, record := range past {
		if rds.UnderWay(record.Status, record.RequestedAt, x.now()) {
			return waiting(x.backOff(), v1alpha1.ReasonClusterNotAvailable, fmt.Sprintf("backtrack %s of the same cluster, requested at %s, reads %q and must be over first", record.ID, record.RequestedAt, record.Status))
		}
	}
	return done(v1alpha1.ReasonPassed, "")
}

// notDoneElsewhere is the second witness that a finished rewind never runs again: RDS's own history. It
// matters when the ledger was lost together with the object's status.
func (x *run) notDoneElsewhere(ctx context.Context) outcome {
	if x.object.Spec.Repeat != "" {
		return done(v1alpha1.ReasonPassed, "")
	}
	past, err := x.history(ctx)
	if err != nil {
		return x.rdsTrouble(err)
	}
	for _, record := range past {
		if record.Status == rds.StatusCompleted && !ledger.Accounted(x.cluster, record.ID) && near(record.BacktrackTo.Time(), x.target(), x.Settings.Tolerance) {
			return halted(v1alpha1.ReasonAlreadyApplied, fmt.Sprintf("RDS already shows backtrack %s to %s, requested at %s, that no AuroraBacktrack accounts for; nothing was done: if it is wanted once more, create a new AuroraBacktrack with repeat: %s", record.ID, record.BacktrackTo, record.RequestedAt, record.ID))
		}
	}
	return done(v1alpha1.ReasonPassed, "")
}

func describeProblems(problems []workload.Problem) string {
	const shown = 5
	var lines []string
	for _, p := range problems[:min(shown, len(problems))] {
		lines = append(lines, p.Message)
	}
	if more := len(problems) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "; ")
}

func near(a, b time.Time, tolerance time.Duration) bool {
	return a.Sub(b).Abs() <= tolerance
}

// round makes a length of time readable.
func round(d time.Duration) string {
	if d > time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
