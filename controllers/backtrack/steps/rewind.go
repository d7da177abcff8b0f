package steps

import (
	"errors"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// ErrClaimTooSlow says that storing the claim took so long that others may take it for dead: RDS is not called on it.
var ErrClaimTooSlow = errors.New("storing the claim took too long to call RDS on it")

// Rewind asks RDS once and follows the record to its end. Which of the three is due, the facts say: a
// record is followed, a claim without a record is looked for, and only without a claim is RDS asked.
func Rewind(f *Facts) Decision {
	if err := f.Called.Err(); err != nil {
		return unanswered(f, err)
	}
	switch status := f.Object.Status; {
	case status.Backtrack != nil:
		return follow(f)
	case status.Claim != nil:
		return search(f)
	}
	return ask(f)
}

// Attempt is the number of the object's next claim, from 1.
func Attempt(f *Facts) int32 {
	if c := f.Object.Status.Claim; c != nil {
		return c.Attempt + 1
	}
	return 1
}

// ask checks everything once more and has RDS called.
func ask(f *Facts) Decision {
	if !f.ReadAfterPause {
		return Doing(ReadAgain)
	}
	cluster, d := ClusterOf(f)
	if d.Kind != Continue || cluster == nil { // a guard ends a run without an AuroraCluster
		return d
	}
	for _, check := range []func(*Facts, *v1alpha1.AuroraCluster) Decision{mayStart, Locked} {
		if d := check(f, cluster); d.Kind != Continue {
			return d
		}
	}
	db, d := observed(f)
	if d.Kind != Continue {
		return d
	}
	for _, check := range []func(*Facts, rds.Cluster) Decision{sameCluster, reachable, idle} {
		if d := check(f, db); d.Kind != Continue {
			return d
		}
	}
	if d := notMadeElsewhere(f, cluster, db); d.Kind != Continue { // somebody may have done it while this one paused
		return d
	}
	if d := quiet(f); d.Kind != Continue {
		return d
	}
	return Doing(Call)
}

// sameCluster ends a run whose Aurora cluster was deleted and created again since the preflight or the claim.
func sameCluster(f *Facts, db rds.Cluster) Decision {
	if plan := f.Object.Status.Plan; !f.CalledRDS() && plan != nil && db.ResourceID != plan.DBClusterResourceID {
		return Halted(v1alpha1.ReasonClusterReplaced, fmt.Sprintf("Aurora cluster %s was deleted and created again since the preflight (%s, was %s); RDS was not asked", db.Identifier, db.ResourceID, plan.DBClusterResourceID))
	}
	if c := f.Object.Status.Claim; c != nil && c.DBClusterResourceID != "" && db.ResourceID != c.DBClusterResourceID {
		return Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("Aurora cluster %s is not the one that RDS was asked to rewind (%s, was %s), so what became of the call can't be known: look for the earlier cluster in RDS, under another identifier", db.Identifier, db.ResourceID, c.DBClusterResourceID))
	}
	return Passed()
}

// quiet checks that everything is still paused. A run that was taken over finds it resumed, and pauses it
// only now that RDS is to be asked once more.
func quiet(f *Facts) Decision {
	if d := dependentsUnknown(f, v1alpha1.ReasonPausing, "pausing"); d.Kind != Continue {
		return d
	}
	if f.Count(v1alpha1.StrategyPause) == 0 {
		return Passed()
	}
	if !f.Quiet.Read() {
		return Doing(VerifyPaused)
	}
	var reverted *workload.RevertedError
	err := f.Quiet.Err()
	switch {
	case errors.As(err, &reverted):
		return revertedBy(reverted)
	case err != nil:
		return waitFor(WorkloadPoll, v1alpha1.ReasonPausing, "not everything is quiet", err.Error())
	case !f.Quiet.Value():
		return waitFor(WorkloadPoll, v1alpha1.ReasonPausing, "pausing", unfinished(f, v1alpha1.DependentPaused))
	}
	return Passed()
}

// unanswered sorts out a call that brought no record. What RDS certainly refused is withdrawn; anything
// else may have been accepted, and is looked for.
func unanswered(f *Facts, err error) Decision {
	if errors.Is(err, ErrClaimTooSlow) {
		return wait(f.Settings.Poll, v1alpha1.ReasonVerifyingOutcome, err.Error()+"; its history is watched before it is asked again")
	}
	var refusal *rds.Error
	if !errors.As(err, &refusal) || !refusal.Refused {
		return wait(f.Settings.Poll, v1alpha1.ReasonVerifyingOutcome, "RDS's answer was lost ("+err.Error()+"); its history is watched for the record, and it is not asked again meanwhile")
	}
	if refusal.Passing {
		return doingThen(WithdrawClaim, waitFor(f.backOff(), v1alpha1.ReasonRetrying, "RDS refused for now; it is asked again", refusal.Error()))
	}
	reason := refusal.Reason
	if reason == v1alpha1.ReasonRDSUnreachable {
		reason = v1alpha1.ReasonRejected
	}
	message, _ := rds.Explain(refusal)
	return doingThen(WithdrawClaim, Halted(reason, "RDS refused, and nothing was rewound: "+message))
}

// RewindTimeout is how long RDS may take: to be asked while applications are down, to show a record of a call whose answer
// was lost, and to complete the backtrack. Zero: the start of the run bounds it.
func RewindTimeout(f *Facts) time.Duration {
	switch {
	case f.Object.Status.Backtrack != nil:
		return f.Settings.Backtracking
	case f.CalledRDS():
		return f.Settings.Unobservable
	case f.Count(v1alpha1.StrategyPause) > 0:
		return PauseTimeout(f)
	}
	return 0
}

// RewindSince is since when that time runs.
func RewindSince(f *Facts) time.Time {
	if c := f.Object.Status.Claim; c != nil {
		return c.ClaimedAt.Time()
	}
	return f.Since(v1alpha1.ConditionDependentsPaused)
}

// RewindTooLong ends a run whose backtrack could not be asked for in time with its applications down, or whose outcome
// stayed open for too long.
func RewindTooLong(f *Facts, cause string) Decision {
	if c := f.Object.Status.Claim; c != nil {
		return Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("RDS was asked at %s, and what became of it could not be told within %s: look at the data, and at the cluster's events in RDS; at last: %s", c.ClaimedAt, RewindTimeout(f), cause))
	}
	return Halted(v1alpha1.ReasonPauseTimedOut, fmt.Sprintf("RDS could not be asked within %s of the pause (spec.pauseTimeout of AuroraCluster %s), so what was paused is resumed: %s", PauseTimeout(f), f.Object.Spec.ClusterRef.Name, cause))
}
