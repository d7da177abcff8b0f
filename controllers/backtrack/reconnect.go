package backtrack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// reconnect resumes what was paused, restarts what asked for it, and waits until every rollout is complete.
func (x *run) reconnect(ctx context.Context) outcome {
	timeout, err := x.reconnectTimeout(ctx)
	if err != nil {
		return failed(err)
	}
	if err := x.knowDependents(ctx); err != nil {
		return waiting(look, v1alpha1.ReasonReconnecting, "reconnecting: "+err.Error())
	}
	if len(x.object.Status.Dependents) == 0 {
		return done(v1alpha1.ReasonNoDependents, "no dependents are known")
	}
	up, err := x.bringBack(ctx)
	switch {
	case up:
		return done(v1alpha1.ReasonReconnected, x.upNow())
	case x.now().Sub(x.since(v1alpha1.ConditionClusterAvailable)) > timeout:
		return halted(v1alpha1.ReasonReconnectTimedOut, fmt.Sprintf("the data is rewound and the cluster available, but not every dependent was up within %s (spec.reconnectTimeout of AuroraCluster %s): %s; to go forward again, backtrack to %s", timeout, x.object.Spec.ClusterRef.Name, x.stragglers(v1alpha1.DependentReady), x.object.Status.Backtrack.BacktrackedFrom))
	case err != nil:
		return waiting(look, v1alpha1.ReasonReconnecting, "reconnecting: "+err.Error())
	}
	return waiting(look, v1alpha1.ReasonReconnecting, "reconnecting: "+x.stragglers(v1alpha1.DependentReady))
}

// bringBack does one round of resuming, of restarting where the database's connections are dead, and of
// watching the rollouts. It tells whether every dependent is up. One that fails does not keep the others down.
func (x *run) bringBack(ctx context.Context) (bool, error) {
	dependents, id := x.object.Status.Dependents, string(x.object.UID)
	resumed, resumeErr := x.Workloads.Resume(ctx, x.object.UID, dependents)
	restartErr := x.Workloads.Restart(ctx, id, dependents)
	ready, readyErr := x.Workloads.Ready(ctx, id, dependents)
	err := errors.Join(resumeErr, restartErr, readyErr)
	return resumed && ready && err == nil, err
}

// undoPause does one round of resuming what was paused, for a run that RDS was not asked for, or that it
// refused: connections live, so nothing is restarted.
func (x *run) undoPause(ctx context.Context) (bool, error) {
	var paused []v1alpha1.DependentStatus
	for _, d := range x.object.Status.Dependents {
		if d.Strategy == v1alpha1.StrategyPause {
			paused = append(paused, d)
		}
	}
	resumed, resumeErr := x.Workloads.Resume(ctx, x.object.UID, paused)
	ready, readyErr := x.Workloads.Ready(ctx, string(x.object.UID), paused)
	for i := range x.object.Status.Dependents {
		if x.object.Status.Dependents[i].Strategy == v1alpha1.StrategyPause {
			x.object.Status.Dependents[i], paused = paused[0], paused[1:]
		}
	}
	err := errors.Join(resumeErr, readyErr)
	return resumed && ready && err == nil, err
}

// leaveAlone marks the dependents that nothing was done to, and nothing will be: nothing was rewound.
func (x *run) leaveAlone() {
	for i := range x.object.Status.Dependents {
		if d := &x.object.Status.Dependents[i]; d.State == v1alpha1.DependentPending {
			d.State, d.Message = v1alpha1.DependentSkipped, "left alone: nothing was rewound"
		}
	}
}

func (x *run) reconnectTimeout(ctx context.Context) (time.Duration, error) {
	cluster, err := x.auroraCluster(ctx)
	if err != nil || cluster == nil {
		return defaultReconnectTimeout, err
	}
	return cluster.Spec.ReconnectTimeout.Or(defaultReconnectTimeout), nil
}

// upNow counts the dependents that are up, and those that were left alone.
func (x *run) upNow() string {
	all := len(x.object.Status.Dependents)
	up := x.count(v1alpha1.StrategyPause) + x.count(v1alpha1.StrategyRestart)
	if up == all {
		return workloads(up) + " up"
	}
	return fmt.Sprintf("%s up, %d left alone", workloads(up), all-up)
}
