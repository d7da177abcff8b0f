package workload

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// RevertedError says that somebody undid a pause. It is not done again: what keeps writing would win in
// the end, at a worse moment.
type RevertedError struct {
	// Workload as people name it: kind, namespace and name.
	Workload string
	// Field that was changed, such as spec.replicas.
	Field string
	// Manager is the name of the field manager that changed it; empty if the API server knows none.
	Manager string
	// Remedy says what to set so that it does not happen again.
	Remedy string

	change string
}

// Error is one line: the workload, who changed what, and the remedy.
func (e *RevertedError) Error() string {
	return fmt.Sprintf("%s %s: %s", e.Workload, e.change, e.Remedy)
}

// NotQuietError says that something of a paused workload runs, although nobody undid the pause: a Job that
// its CronJob was just starting, for instance. Pausing goes on until it has ended.
type NotQuietError struct {
	// Workload as people name it: kind, namespace and name.
	Workload string
	// Running is what runs, such as "pod api-0".
	Running string
}

// Error is one line.
func (e *NotQuietError) Error() string {
	return fmt.Sprintf("%s is paused, and %s still runs", e.Workload, e.Running)
}

func reverted(dep *v1alpha1.DependentStatus, k *kind, u *unstructured.Unstructured) error {
	m := lastManager(u, k.lever.path)
	return &RevertedError{
		Workload: nameOf(dep), Field: k.lever.field(), Manager: m.Manager, Remedy: m.remedy(k.lever),
		change: fmt.Sprintf("was woken during its pause (%s is %s), by %s", k.lever.field(), shown(k.lever.value(u)), m.name()),
	}
}

func shown(value any) string {
	if value == nil {
		return "not set"
	}
	return fmt.Sprint(value)
}

// Verify looks again, right before the rewind, that every Pause dependent is still paused and its pods are
// still gone. Errors come back joined: a *RevertedError where somebody undid a pause, a *NotQuietError
// where something runs again (its state is then Pausing, and Pause goes on), others may pass.
func (w *Workloads) Verify(ctx context.Context, owner types.UID, deps []v1alpha1.DependentStatus) error {
	return each(len(deps), func(i int) error {
		dep := &deps[i]
		if dep.Strategy != v1alpha1.StrategyPause || dep.State == v1alpha1.DependentSkipped {
			return nil
		}
		err := w.verifyOne(ctx, owner, dep)
		var woken *RevertedError
		var notQuiet *NotQuietError
		switch {
		case gone(err):
			return nil
		case errors.As(err, &woken):
			set(dep, v1alpha1.DependentFailed, err.Error())
		case errors.As(err, &notQuiet):
			set(dep, v1alpha1.DependentPausing, fmt.Sprintf("waiting for %s to end", notQuiet.Running))
		case err != nil:
			err = fmt.Errorf("look at %s again: %w", nameOf(dep), err)
		}
		return err
	})
}

func (w *Workloads) verifyOne(ctx context.Context, owner types.UID, dep *v1alpha1.DependentStatus) error {
	k, err := w.kindOf(ctx, dep)
	if err != nil {
		return err
	}
	u, err := w.get(ctx, k, dep)
	if err != nil {
		return err
	}
	m, err := readMark(u, k.lever)
	switch {
	case err != nil:
		return errors.New(unreadable(dep, k.lever, err))
	case m != nil && m.Owner != owner:
		return errors.New(foreign(dep, k.lever, m.Owner))
	case !k.lever.isOff(u, owner):
		return reverted(dep, k, u)
	}
	left, err := w.stillRuns(ctx, k, u)
	if err != nil {
		return err
	}
	if left != "" {
		return &NotQuietError{Workload: nameOf(dep), Running: left}
	}
	return nil
}
