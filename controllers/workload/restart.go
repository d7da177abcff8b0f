package workload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Restart does one round of restarting: it restarts every Restart dependent that is not restarted yet. id is
// the UID of the AuroraBacktrack, or the id of the record of a backtrack made elsewhere; the same id
// restarts a workload only once, however often this is called, and once more where the first restart was
// reverted. Then a *RestartRevertedError says who owns what was reverted; it does not pass by itself. Call
// it before Ready in every round, with the same deps. All dependents are tried; the errors come back joined.
func (w *Workloads) Restart(ctx context.Context, id string, deps []v1alpha1.DependentStatus) error {
	return w.restart(ctx, w.newRound(), id, deps)
}

func (w *Workloads) restart(ctx context.Context, in *round, id string, deps []v1alpha1.DependentStatus) error {
	targets, now := in.targets(ctx, pointers(deps, isToRestart)), w.Clock.Now()
	return each(len(targets), func(i int) error {
		t := targets[i]
		err := restartTarget(ctx, w.Client, now, id, t)
		var undone *RestartRevertedError
		switch {
		case err == nil:
		case errors.As(err, &undone):
			set(t.dep, v1alpha1.DependentFailed, err.Error())
		default:
			err = fmt.Errorf("restart %s: %w", nameOf(t.dep), missingRight(err, "patch on it"))
			set(t.dep, t.dep.State, err.Error())
		}
		return err
	})
}

// isToRestart reports whether the dependent may be waiting for a restart. A Pause dependent is where it was
// woken during the rewind (ResumeAfterCall) and its restart was reverted; the workload says so.
func isToRestart(dep *v1alpha1.DependentStatus) bool {
	switch dep.Strategy {
	case v1alpha1.StrategyRestart:
		return dep.State == "" || dep.State == v1alpha1.DependentPending
	case v1alpha1.StrategyPause:
		return dep.State == v1alpha1.DependentPending
	default:
		return false
	}
}

func restartTarget(ctx context.Context, c client.Client, now time.Time, id string, t *target) error {
	switch {
	case t.presence == absent:
		t.skip()
		return nil
	case t.presence == unknown:
		return t.err
	case t.kind.startsAnew:
		set(t.dep, v1alpha1.DependentSkipped, nothingRuns)
		return nil
	case t.dep.Strategy == v1alpha1.StrategyPause && restartsBy(t.obj, id) == 0:
		return nil
	case t.kind.restart == nil:
		set(t.dep, v1alpha1.DependentFailed, fmt.Sprintf("%s: how to restart a %s is not known: give it strategy Pause or None", nameOf(t.dep), t.dep.Kind))
		return nil
	}
	err := change(ctx, c, t, func() error { return restartRead(ctx, c, now, id, t) })
	if t.leaves(ctx, c, err) || t.presence == absent { // since it was read
		t.skip()
		return nil
	}
	return err
}

// restartRead restarts the target as it was read, unless the restart is in force.
func restartRead(ctx context.Context, c client.Client, now time.Time, id string, t *target) error {
	times := restartsBy(t.obj, id)
	switch {
	case t.kind.restart.inForce(t.obj, id):
	case times >= maxRestarts:
		return restartReverted(t.dep, t.kind, t.obj)
	default:
		body, err := restartPatch(t, id, times+1, now)
		if err != nil {
			return err
		}
		if err := patch(ctx, c, t.obj, body); err != nil {
			return err
		}
	}
	set(t.dep, v1alpha1.DependentRestarting, "")
	return nil
}
