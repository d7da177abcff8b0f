package workload

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// round is one look at some dependents, in which each is read once. What the operator writes to one gives back what the API
// server stored, so that a later part of the round sees it as it is.
type round struct {
	c    client.Client
	seen map[*v1alpha1.DependentStatus]*target
}

func (w *Workloads) newRound() *round {
	return &round{c: w.Client, seen: map[*v1alpha1.DependentStatus]*target{}}
}

// targets gives the dependents as the round has them. Those that it has not seen are read.
func (r *round) targets(ctx context.Context, deps []*v1alpha1.DependentStatus) []*target {
	var unseen []*v1alpha1.DependentStatus
	for _, dep := range deps {
		if r.seen[dep] == nil {
			unseen = append(unseen, dep)
		}
	}
	for _, t := range readTargets(ctx, r.c, unseen) {
		r.seen[t.dep] = t
	}
	targets := make([]*target, len(deps))
	for i, dep := range deps {
		targets[i] = r.seen[dep]
	}
	return targets
}

// BringBack does one round of ResumeAfterCall, Restart and Ready, for a run that has asked RDS, and reads each dependent once.
// up when every one is Ready or Skipped. One that fails does not keep the others down; the errors come back joined.
func (w *Workloads) BringBack(ctx context.Context, owner types.UID, deps []v1alpha1.DependentStatus) (woken []Woken, up bool, err error) {
	round, id := w.newRound(), string(owner)
	r := resuming{round: round, c: w.Client, clock: w.Clock, owner: owner, afterCall: true}
	resumeErr := r.all(ctx, deps)
	restartErr := w.restart(ctx, round, id, deps)
	ready, readyErr := w.ready(ctx, round, id, deps)
	return r.woken, resumeErr == nil && ready, errors.Join(resumeErr, restartErr, readyErr)
}
