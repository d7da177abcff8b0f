package steps

import (
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/verification"
)

// makePlan says what the run will do.
func makePlan(f *Facts, cluster *v1alpha1.AuroraCluster, db rds.Cluster) *v1alpha1.Plan {
	now := f.Now
	if old := f.Object.Status.Plan; old != nil && old.DBClusterResourceID == db.ResourceID && now.Sub(old.MadeAt.Time()) < watchedPoll {
		now = old.MadeAt.Time() // a plan that says the same is not written again every time it is looked at
	}
	byRDS := now.Add(f.Skew) // whose clock the window and the writes go by
	reachable := byRDS.Add(time.Duration(db.BacktrackWindow) * time.Second)
	plan := &v1alpha1.Plan{
		MadeAt:              v1alpha1.NewTimestamp(now),
		DBClusterResourceID: db.ResourceID,
		BacktrackTo:         v1alpha1.NewTimestamp(f.target()),
		Distance:            round(byRDS.Sub(f.target())),
		ReachableUntil:      v1alpha1.NewTimestamp(reachable.Truncate(time.Second)),
	}
	plan.Summary = fmt.Sprintf("rewinds Aurora cluster %s by %s to %s", db.Identifier, plan.Distance, plan.BacktrackTo)
	plan.SafetyCopy = planCopy(f, cluster)
	if n := f.Count(v1alpha1.StrategyPause); n > 0 {
		plan.Summary += fmt.Sprintf(", pauses %s meanwhile", workloads(n))
	}
	if c := plan.SafetyCopy; c != nil {
		plan.Summary += fmt.Sprintf(", makes %s %s of the present before (at most %s)", copyWord(c.Type), c.Identifier, c.Timeout)
	}
	if v := f.Object.Spec.Verify; v != nil {
		plan.Summary += fmt.Sprintf(", has a Job of CronJob %s check the data (at most %s) before anything comes back", v.JobFrom.CronJob, verification.Timeout(f.Object))
		if undoesOnFailure(f) {
			plan.Summary += " and brings the data forward again by itself if it is wrong"
		}
	}
	if n := f.Count(v1alpha1.StrategyRestart); n > 0 {
		plan.Summary += fmt.Sprintf(", restarts %s afterwards", workloads(n))
	}
	plan.Warnings = warnings(f, cluster, db, plan)
	return plan
}

// warnings are what a careful person would want to know before going on.
func warnings(f *Facts, cluster *v1alpha1.AuroraCluster, db rds.Cluster, plan *v1alpha1.Plan) []string {
	spec := f.Object.Spec
	lines := []string{
		fmt.Sprintf("%s of writes are discarded; they stay reachable until about %s, by backtracking forward to status.backtrack.backtrackedFrom", plan.Distance, plan.ReachableUntil),
		"users, grants, passwords and AUTO_INCREMENT counters go back too: a password that was rotated since then is the old one again",
	}
	if n := f.Count(v1alpha1.StrategyRestart); n > 0 {
		lines = append(lines, fmt.Sprintf("%s with strategy Restart can write until Aurora closes the connections: AWS asks that applications are stopped or paused first (strategy: Pause)", workloads(n)))
	}
	if plan.SafetyCopy != nil {
		lines = append(lines, "the safety copy costs what AWS asks for it until somebody deletes it, and has nothing of what is written after it was made: pause whatever writes")
	}
	if spec.Force {
		lines = append(lines, "force: with binary logging on, replicas that read the binary log will no longer agree with this cluster, and a Blue/Green deployment breaks")
	}
	if spec.UseEarliestTimeOnPointInTimeUnavailable && f.target().Before(db.Earliest) {
		lines = append(lines, fmt.Sprintf("backtrackTo is before the window; the cluster will go to its earliest time, now %s", v1alpha1.NewTimestamp(db.Earliest)))
	}
	if len(f.Object.Status.Dependents) == 0 && !isUndo(f) {
		lines = append(lines, fmt.Sprintf("no dependents are known: applications keep dead connections unless they reconnect by themselves (label them %s=%s)", v1alpha1.ClusterLabel, cluster.Name))
	}
	return lines
}
