package steps

import (
	"fmt"
	"strings"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// Preflight checks that the rewind can be made and makes the plan.
func Preflight(f *Facts) Decision {
	cluster, d := ClusterOf(f)
	if d.Kind != Continue {
		return d
	}
	d = examine(f, cluster)
	if d.Kind == Continue {
		d.Message = f.Object.Status.Plan.Summary
	}
	return d
}

// examine checks the facts that a rewind depends on, and writes the plan and the dependents into the status.
func examine(f *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	db, d := observed(f)
	if d.Kind != Continue {
		return d
	}
	if isUndo(f) { // the dependents are those of what it undoes
		f.Dependents = fact.Known(Found{})
	}
	if !f.Dependents.Read() {
		return Needed(Dependents)
	}
	if err := f.Dependents.Err(); err != nil {
		return Failed(fmt.Errorf("finding dependents: %w", err))
	}
	found := f.Dependents.Value()
	f.Object.Status.Dependents = found.Dependents
	f.Object.Status.Plan = makePlan(f, cluster, db)
	noteCopied(f)
	if d := Granted(f, cluster); d.Kind != Continue {
		return d
	}
	if d := reachable(f, db); d.Kind != Continue {
		return d
	}
	if d := copyable(f, db); d.Kind != Continue {
		return d
	}
	if len(found.Problems) > 0 {
		return Halted(found.Problems[0].Reason, describeProblems(found.Problems))
	}
	if d := verifiable(f); d.Kind != Continue {
		return d
	}
	if !claim.HasRoom(cluster, f.Object) {
		return wait(watchedPoll, v1alpha1.ReasonClusterNotReady, fmt.Sprintf(
			"the ledger of AuroraCluster %s is full of rewinds whose outcome is open: look at them, and at the cluster in RDS", cluster.Name))
	}
	if d := idle(f, db); d.Kind != Continue {
		return d
	}
	return notMadeElsewhere(f, cluster, db)
}

// reachable checks what RDS would refuse. None of it passes by waiting.
func reachable(f *Facts, db rds.Cluster) Decision {
	if reason, message := db.Unsupported(); reason != "" {
		return Halted(reason, message)
	}
	spec, target, now := f.Object.Spec, f.target(), f.RDSNow()
	switch {
	case !target.Before(now):
		return Halted(v1alpha1.ReasonTargetInFuture, fmt.Sprintf("spec.backtrackTo %s does not lie in the past (RDS's clock reads %s): create a new AuroraBacktrack with a time that has passed", spec.BacktrackTo, v1alpha1.NewTimestamp(now)))
	case now.Sub(target) > v1alpha1.LongestBacktrackWindow:
		return Halted(v1alpha1.ReasonTargetBeforeWindow, fmt.Sprintf("spec.backtrackTo %s is more than 72h ago, which no backtrack window reaches: restore a snapshot instead", spec.BacktrackTo))
	case !db.Earliest.IsZero() && target.Before(db.Earliest) && !spec.UseEarliestTimeOnPointInTimeUnavailable:
		return Halted(v1alpha1.ReasonTargetBeforeWindow, fmt.Sprintf("spec.backtrackTo %s is before the earliest time that the cluster can be rewound to, %s: create a new AuroraBacktrack with a later time, or with useEarliestTimeOnPointInTimeUnavailable: true", spec.BacktrackTo, v1alpha1.NewTimestamp(db.Earliest)))
	}
	return done(v1alpha1.ReasonPassed, "")
}

// idle waits until the cluster is available and no backtrack that somebody asked for elsewhere is under way.
func idle(f *Facts, db rds.Cluster) Decision {
	if !db.Available() {
		return wait(f.backOff(), v1alpha1.ReasonClusterNotAvailable, fmt.Sprintf("Aurora cluster %s reads %q and must read available first", db.Identifier, db.Status))
	}
	past, d := history(f)
	if d.Kind != Continue {
		return d
	}
	for _, record := range past {
		if rds.UnderWay(record.Status, record.RequestedAt, f.Now) {
			return wait(f.backOff(), v1alpha1.ReasonClusterNotAvailable, fmt.Sprintf("backtrack %s of the same cluster, requested at %s, reads %q and must be over first", record.ID, record.RequestedAt, record.Status))
		}
	}
	return done(v1alpha1.ReasonPassed, "")
}

// notMadeElsewhere asks the second witness that a finished rewind never runs again: RDS's own history. It
// matters when the ledger was lost together with the object's status.
func notMadeElsewhere(f *Facts, cluster *v1alpha1.AuroraCluster, db rds.Cluster) Decision {
	past, d := history(f)
	if d.Kind != Continue {
		return d
	}
	accounted := func(id string) bool { return claim.Accounted(cluster, id) }
	record := claim.MadeElsewhere(f.Object.Spec, past, accounted, db.Earliest)
	if record != nil && record.Status == rds.StatusFailed {
		return Halted(v1alpha1.ReasonFailed, fmt.Sprintf("RDS already shows backtrack %s to %s, requested at %s, as failed, and no AuroraBacktrack accounts for it, so the state of the data is not known; nothing was done: to try again, create a new AuroraBacktrack with repeat: %s", record.ID, record.BacktrackTo, record.RequestedAt, record.ID))
	}
	if record != nil {
		return Halted(v1alpha1.ReasonAlreadyApplied, fmt.Sprintf("RDS already shows backtrack %s to %s, requested at %s, that no AuroraBacktrack accounts for; nothing was done: if it is wanted once more, create a new AuroraBacktrack with repeat: %s", record.ID, record.BacktrackTo, record.RequestedAt, record.ID))
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
