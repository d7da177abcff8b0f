package backtrack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

const (
	defaultPauseTimeout     = 5 * time.Minute
	defaultReconnectTimeout = 10 * time.Minute
	// look is how often workloads are looked at while they pause, resume or roll out.
	look = time.Second
)

// pause brings every workload with strategy Pause to zero and waits until its pods are gone.
func (x *run) pause(ctx context.Context) outcome {
	if out := x.stillWanted(ctx); out.kind != goOn {
		return x.notForever(out)
	}
	if x.count(v1alpha1.StrategyPause) == 0 {
		return done(v1alpha1.ReasonNothingToPause, "no dependent has strategy Pause")
	}
	// What is about to be paused must be on record before the first one is: it is what a resume goes by.
	if err := x.persist(ctx); err != nil {
		return failed(err)
	}
	timeout := x.cluster.Spec.PauseTimeout.Or(defaultPauseTimeout)
	late := x.now().Sub(x.since(v1alpha1.ConditionPreflightPassed)) > timeout
	paused, err := x.Workloads.Pause(ctx, x.object.UID, x.object.Status.Dependents, late)
	var reverted *workload.RevertedError
	switch {
	case errors.As(err, &reverted): // it is not paused again, so there is nothing to wait for
		return revertedBy(reverted)
	case paused:
		return done(v1alpha1.ReasonPaused, workloads(x.count(v1alpha1.StrategyPause))+" paused, none of their pods is left")
	case late && !x.ending():
		return halted(v1alpha1.ReasonPauseTimedOut, fmt.Sprintf("not everything was quiet within %s (spec.pauseTimeout of AuroraCluster %s), so RDS is not asked and what was paused is resumed: %s", timeout, x.cluster.Name, x.stragglers(v1alpha1.DependentPaused)))
	case err != nil:
		return inTheWay(look, v1alpha1.ReasonPausing, "pausing", err.Error())
	}
	return inTheWay(look, v1alpha1.ReasonPausing, "pausing", x.stragglers(v1alpha1.DependentPaused))
}

// revertedBy ends a run whose pause somebody undid.
func revertedBy(reverted *workload.RevertedError) outcome {
	return halted(v1alpha1.ReasonPauseReverted, reverted.Error()+"; RDS is not asked, and the others are resumed")
}

// ending tells whether running Jobs are being ended after the timeout, which takes one more look at least.
func (x *run) ending() bool {
	timeout := x.cluster.Spec.PauseTimeout.Or(defaultPauseTimeout)
	if x.now().Sub(x.since(v1alpha1.ConditionPreflightPassed)) > timeout+timeout/2 {
		return false
	}
	for _, d := range x.object.Status.Dependents {
		if d.Strategy == v1alpha1.StrategyPause && d.State != v1alpha1.DependentPaused && !d.DeleteRunningJobs {
			return false
		}
	}
	return true
}

// stragglers names the dependents that have not come to the state, a few of them.
func (x *run) stragglers(reached v1alpha1.DependentState) string {
	const shown = 3
	var text string
	n := 0
	for _, d := range x.object.Status.Dependents {
		if d.State == reached || d.State == v1alpha1.DependentSkipped || (reached == v1alpha1.DependentPaused && d.Strategy != v1alpha1.StrategyPause) {
			continue
		}
		n++
		if n > shown {
			continue
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s %s/%s: %s", d.Kind, d.Namespace, d.Name, cmp.Or(d.Message, strings.ToLower(string(d.State))))
	}
	if n > shown {
		text += fmt.Sprintf("; and %d more", n-shown)
	}
	if text == "" {
		text = "waiting for the last pods"
	}
	return text
}
