package workload

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Verify checks again, right before the rewind, that every Pause dependent is still paused and its pods are
// still gone. Errors come back joined: a *RevertedError where somebody undid a pause, a *NotQuietError
// where something runs again (its state is then Pausing, and Pause goes on), others may pass. One that was
// gone and is back is Pending again.
func (w *Workloads) Verify(ctx context.Context, owner types.UID, deps []v1alpha1.DependentStatus) error {
	targets := readTargets(ctx, w.Client, pointers(deps, func(dep *v1alpha1.DependentStatus) bool {
		return dep.Strategy == v1alpha1.StrategyPause
	}))
	errs := make([]error, len(targets))
	var paused []*target
	var whose []int
	for i, t := range targets {
		switch t.presence {
		case present:
			if errs[i] = verifyRead(owner, t); errs[i] == nil {
				paused, whose = append(paused, t), append(whose, i)
			}
		case absent:
			if t.leaving {
				t.skip()
			}
		default:
			errs[i] = fmt.Errorf("verify the pause: %w", t.err)
		}
	}
	running, runErrs := stillRunning(ctx, w.Client, paused)
	for j, i := range whose {
		switch {
		case paused[j].leaves(ctx, w.Client, runErrs[j]):
			paused[j].skip()
		case runErrs[j] != nil:
			errs[i] = fmt.Errorf("verify the pause of %s: %w", nameOf(paused[j].dep), runErrs[j])
		case running[j] != "":
			errs[i] = &NotQuietError{Workload: nameOf(paused[j].dep), Running: running[j]}
			set(paused[j].dep, v1alpha1.DependentPausing, fmt.Sprintf("waiting for %s to end", running[j]))
		}
	}
	return errors.Join(errs...)
}

// verifyRead checks the target as it was read.
func verifyRead(owner types.UID, t *target) error {
	field := t.kind.pauseField
	record, err := readRecord(t.obj, field)
	switch {
	case err != nil:
		return errors.New(unreadable(t.dep, field, err))
	case record != nil && record.Owner != owner:
		return errors.New(pausedByOther(t.dep, field, record.Owner))
	case field.isPaused(t.obj, owner):
		return nil
	case t.dep.State == v1alpha1.DependentSkipped:
		set(t.dep, v1alpha1.DependentPending, "it was gone and exists again")
		return fmt.Errorf("%s was gone and exists again: it is paused first", nameOf(t.dep))
	}
	err = reverted(t.dep, t.kind, t.obj)
	set(t.dep, v1alpha1.DependentFailed, err.Error())
	return err
}
