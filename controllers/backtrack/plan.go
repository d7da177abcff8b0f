package backtrack

import (
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// plan says what the run will do.
func (x *run) plan(observed rds.Cluster) *v1alpha1.Plan {
	now := x.now()
	if old := x.object.Status.Plan; old != nil && old.DBClusterResourceID == observed.ResourceID && now.Sub(old.MadeAt.Time()) < slow {
		now = old.MadeAt.Time() // a plan that says the same is not written again every time it is looked at
	}
	byRDS := now.Add(x.RDS.Skew(rds.TargetOf(x.cluster))) // whose clock the window and the writes go by
	distance := byRDS.Sub(x.target())
	reachable := byRDS.Add(time.Duration(observed.BacktrackWindow) * time.Second)
	plan := &v1alpha1.Plan{
		MadeAt:              v1alpha1.NewTimestamp(now),
		DBClusterResourceID: observed.ResourceID,
		BacktrackTo:         v1alpha1.NewTimestamp(x.target()),
		Distance:            round(distance),
		ReachableUntil:      v1alpha1.NewTimestamp(reachable.Truncate(time.Second)),
	}
	plan.Summary = fmt.Sprintf("rewinds Aurora cluster %s by %s to %s", observed.Identifier, plan.Distance, plan.BacktrackTo)
	if n := x.count(v1alpha1.StrategyPause); n > 0 {
		plan.Summary += fmt.Sprintf(", pauses %s meanwhile", workloads(n))
	}
	if n := x.count(v1alpha1.StrategyRestart); n > 0 {
		plan.Summary += fmt.Sprintf(", restarts %s afterwards", workloads(n))
	}
	plan.Warnings = append(plan.Warnings, fmt.Sprintf("%s of writes are discarded; they stay reachable until about %s, by backtracking forward to status.backtrack.backtrackedFrom", plan.Distance, plan.ReachableUntil))
	if x.object.Spec.Force {
		plan.Warnings = append(plan.Warnings, "force: with binary logging on, replicas that read the binary log will no longer agree with this cluster, and a Blue/Green deployment breaks")
	}
	if x.object.Spec.UseEarliestTimeOnPointInTimeUnavailable && x.target().Before(observed.Earliest) {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("backtrackTo is before the window; the cluster will go to its earliest time, now %s", v1alpha1.NewTimestamp(observed.Earliest)))
	}
	if len(x.object.Status.Dependents) == 0 {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("no dependents are known: applications keep dead connections unless they reconnect by themselves (label them %s=%s)", v1alpha1.ClusterLabel, x.cluster.Name))
	}
	return plan
}

// count tells how many dependents have the strategy, without those that are left alone.
func (x *run) count(strategy v1alpha1.Strategy) int {
	n := 0
	for _, d := range x.object.Status.Dependents {
		if d.Strategy == strategy && d.State != v1alpha1.DependentSkipped {
			n++
		}
	}
	return n
}

func workloads(n int) string {
	if n == 1 {
		return "1 workload"
	}
	return fmt.Sprintf("%d workloads", n)
}
