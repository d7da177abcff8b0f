package steps

import (
	"errors"
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// PauseDependents brings every workload with strategy Pause to zero and waits until its pods are gone.
func PauseDependents(f *Facts) Decision {
	if !f.Paused.Read() && f.Count(v1alpha1.StrategyPause) == 0 {
		return done(v1alpha1.ReasonNothingToPause, "no dependent has strategy Pause")
	}
	if !f.Paused.Read() {
		return Doing(Pause)
	}
	var reverted *workload.RevertedError
	var unsupported *workload.UnsupportedError
	paused, err := f.Paused.Value(), f.Paused.Err()
	switch {
	case errors.As(err, &reverted): // it is not paused again, so there is nothing to wait for
		return revertedBy(reverted)
	case errors.As(err, &unsupported):
		return changedSince(unsupported)
	case paused && err == nil:
		return done(v1alpha1.ReasonPaused, workloads(f.Count(v1alpha1.StrategyPause))+" paused, none of their pods is left")
	case err != nil:
		return waitFor(WorkloadPoll, v1alpha1.ReasonPausing, "pausing", err.Error())
	}
	return waitFor(WorkloadPoll, v1alpha1.ReasonPausing, "pausing", unfinished(f, v1alpha1.DependentPaused))
}

// PauseTooLong ends a run whose workloads were not all quiet in time. Running Jobs that may be deleted then get half as
// much time again.
func PauseTooLong(f *Facts, _ string) Decision {
	timeout := PauseTimeout(f)
	if deletingJobs(f) && f.Now.Sub(f.Since(v1alpha1.ConditionPreflightPassed)) <= timeout+timeout/2 {
		return Passed()
	}
	return Halted(v1alpha1.ReasonPauseTimedOut, fmt.Sprintf("not everything was quiet within %s (spec.pauseTimeout of AuroraCluster %s), so RDS is not asked and what was paused is resumed: %s", timeout, f.Object.Spec.ClusterRef.Name, unfinished(f, v1alpha1.DependentPaused)))
}

// PausingLate reports whether the pause has had its time, so that running Jobs are deleted where that is allowed.
func PausingLate(f *Facts) bool {
	return f.Now.Sub(f.Since(v1alpha1.ConditionPreflightPassed)) > PauseTimeout(f)
}

// deletingJobs reports whether all that is left are Jobs that are being deleted, which takes one more look at least.
func deletingJobs(f *Facts) bool {
	for _, d := range f.Object.Status.Dependents {
		if d.Strategy == v1alpha1.StrategyPause && d.State != v1alpha1.DependentPaused && !d.DeleteRunningJobs {
			return false
		}
	}
	return true
}

// revertedBy ends a run whose pause somebody undid.
func revertedBy(reverted *workload.RevertedError) Decision {
	return Halted(v1alpha1.ReasonPauseReverted, reverted.Error()+"; RDS is not asked, and the others are resumed")
}

// changedSince ends a run one of whose workloads has changed since the preflight, so that a pause would destroy something.
func changedSince(unsupported *workload.UnsupportedError) Decision {
	return Halted(v1alpha1.ReasonDependentUnsupported, unsupported.Error()+"; RDS is not asked, and the others are resumed")
}
