package backtrack

import (
	"context"
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
	if len(x.object.Status.Dependents) == 0 {
		return done(v1alpha1.ReasonNoDependents, "no dependents are known")
	}
	up, err := x.bringBack(ctx, true)
	switch {
	case up:
		return done(v1alpha1.ReasonReconnected, workloads(len(x.object.Status.Dependents))+" up")
	case x.now().Sub(x.since(v1alpha1.ConditionClusterAvailable)) > timeout:
		return halted(v1alpha1.ReasonReconnectTimedOut, fmt.Sprintf("the data is rewound and the cluster available, but not every dependent was up within %s (reconnectTimeout): %s", timeout, x.stragglers(v1alpha1.DependentReady)))
	case err != nil:
		return waiting(look, v1alpha1.ReasonReconnecting, "reconnecting: "+err.Error())
	}
	return waiting(look, v1alpha1.ReasonReconnecting, "reconnecting: "+x.stragglers(v1alpha1.DependentReady))
}

// bringBack does one round of resuming, of restarting where the database's connections are dead, and of
// watching the rollouts. It tells whether every dependent is up. One that fails does not keep the others down.
func (x *run) bringBack(ctx context.Context, restart bool) (bool, error) {
	dependents := x.object.Status.Dependents
	resumed, err := x.Workloads.Resume(ctx, x.object.UID, dependents)
	id := ""
	if restart {
		id = string(x.object.UID)
		if restartErr := x.Workloads.Restart(ctx, id, dependents); err == nil {
			err = restartErr
		}
	}
	ready, readyErr := x.Workloads.Ready(ctx, id, dependents)
	if err == nil {
		err = readyErr
	}
	return resumed && ready && err == nil, err
}

func (x *run) reconnectTimeout(ctx context.Context) (time.Duration, error) {
	cluster, err := x.auroraCluster(ctx)
	if err != nil || cluster == nil {
		return defaultReconnectTimeout, err
	}
	return cluster.Spec.ReconnectTimeout.Or(defaultReconnectTimeout), nil
}
