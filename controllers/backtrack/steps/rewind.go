package steps

import (
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

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
	if PlannedCopy(f) != nil { // it had a time of its own
		return f.Since(v1alpha1.ConditionCopied)
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
