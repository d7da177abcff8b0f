package steps

import (
	"errors"
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// Reconnect resumes what was paused, restarts what asked for it, and waits until every rollout is complete.
func Reconnect(f *Facts) Decision {
	if _, d := ClusterOf(f); d.Kind != Continue { // for the timeout
		return d
	}
	if d := dependentsUnknown(f, v1alpha1.ReasonReconnecting, "reconnecting"); d.Kind != Continue {
		return d
	}
	if len(f.Object.Status.Dependents) == 0 {
		return done(v1alpha1.ReasonNoDependents, "no dependents are known")
	}
	if !f.Up.Read() {
		return Doing(BringBack)
	}
	var reverted *workload.RestartRevertedError
	switch err := f.Up.Err(); {
	case errors.As(err, &reverted): // a third restart would be reverted too
		return Halted(v1alpha1.ReasonReconnectTimedOut, fmt.Sprintf("the data is rewound and the cluster available, but %v; to go forward again, backtrack to %s", reverted, f.Object.Status.Backtrack.BacktrackedFrom))
	case err != nil:
		return wait(WorkloadPoll, v1alpha1.ReasonReconnecting, "reconnecting: "+err.Error())
	case f.Up.Value():
		return done(v1alpha1.ReasonReconnected, upNow(f))
	}
	return wait(WorkloadPoll, v1alpha1.ReasonReconnecting, "reconnecting: "+unfinished(f, v1alpha1.DependentReady))
}

// ReconnectTooLong ends a run whose dependents were not up in time.
func ReconnectTooLong(f *Facts, _ string) Decision {
	return Halted(v1alpha1.ReasonReconnectTimedOut, fmt.Sprintf("the data is rewound and the cluster available, but not every dependent was up within %s (spec.reconnectTimeout of AuroraCluster %s): %s; to go forward again, backtrack to %s", ReconnectTimeout(f), f.Object.Spec.ClusterRef.Name, unfinished(f, v1alpha1.DependentReady), f.Object.Status.Backtrack.BacktrackedFrom))
}

// upNow counts the dependents that are up, and those that were left alone.
func upNow(f *Facts) string {
	all := len(f.Object.Status.Dependents)
	up := f.Count(v1alpha1.StrategyPause) + f.Count(v1alpha1.StrategyRestart)
	if up == all {
		return workloads(up) + " up"
	}
	return fmt.Sprintf("%s up, %d left alone", workloads(up), all-up)
}
