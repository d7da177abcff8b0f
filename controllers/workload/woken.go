package workload

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// Woken is a paused dependent that somebody else brought back while RDS was rewinding, so that it ran on a
// database whose past changed under it.
type Woken struct {
	// Kind, Namespace and Name of the dependent.
	Kind, Namespace, Name string
	// Field by which it was brought back, such as spec.replicas, and its value now.
	Field, Value string
	// Manager is the name of the field manager that did it; empty if the API server knows none.
	Manager string
	// Recreated is set where the dependent carried nothing of the pause any more: it was replaced, or deleted
	// and created again. A round that repeats another does not know it.
	Recreated bool
	// Restarted is not set where the kind cannot be restarted: then a person has to.
	Restarted bool

	by string
}

// Message is one line, for an event: what happened, who did it, and what was done.
func (w Woken) Message() string {
	how := "was brought back"
	if w.Recreated {
		how = "was replaced, or deleted and created again,"
	}
	then := "it is restarted"
	if !w.Restarted {
		then = "how to restart it is not known: restart what it runs, so that it does not go on with what it read before the rewind"
	}
	return line.Clean(fmt.Sprintf("%s %s/%s %s during the rewind (%s is %s) by %s; %s", w.Kind, w.Namespace, w.Name, how, w.Field, w.Value, w.by, then), maxMessage)
}

// isWoken reports whether somebody else brought the target back. With the record on it, its value says so.
// Without, only what the run knows to have been paused counts, and not what the operator brought back itself
// before it could store that; where the workload has no managedFields at all, nobody knows, and nothing is
// restarted for it. A kind that cannot be restarted needs the record: it may be ready, and its field given
// up, in the round that resumes it.
func isWoken(t *target, record *pauseRecord, owner types.UID) bool {
	field := t.kind.pauseField
	if record != nil {
		return !field.isPaused(t.obj, owner)
	}
	wasAway := t.dep.State == v1alpha1.DependentPaused || t.dep.State == v1alpha1.DependentSkipped
	owned, recorded := ownedByOperator(t.obj, field.path)
	return t.kind.restart != nil && wasAway && recorded && !owned && !field.isPaused(t.obj, owner)
}

// restartWoken restarts a target that was woken: the record goes and the restart is set in one write. The value
// that somebody chose is left as it is.
func restartWoken(ctx context.Context, c client.Client, t *target, record *pauseRecord, id string, now time.Time) (*Woken, error) {
	field := t.kind.pauseField
	by := lastManager(t.obj, field.path)
	woken := &Woken{
		Kind: t.dep.Kind, Namespace: t.dep.Namespace, Name: t.dep.Name, Field: field.name(), Value: shown(field.value(t.obj)),
		Manager: by.name, Recreated: record == nil && restartsBy(t.obj, id) == 0, Restarted: t.kind.restart != nil, by: by.String(),
	}
	switch {
	case t.kind.restart == nil:
		return woken, dropRecord(ctx, c, t)
	case restartsBy(t.obj, id) > 0: // it was restarted in a round whose status was not stored
		set(t.dep, v1alpha1.DependentRestarting, woken.Message())
		return woken, nil
	}
	body, err := restartPatch(t, id, 1, now)
	if err != nil {
		return nil, err
	}
	if record != nil {
		if err := removeRecord(body, t.obj); err != nil {
			return nil, err
		}
	}
	if err := patch(ctx, c, t.obj, body); err != nil {
		return nil, err
	}
	set(t.dep, v1alpha1.DependentRestarting, woken.Message())
	return woken, nil
}
