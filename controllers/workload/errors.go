package workload

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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

// UnsupportedError says that pausing a workload would destroy something, by a change that was made since it
// was found. It is not paused.
type UnsupportedError struct {
	// Workload as people name it: kind, namespace and name.
	Workload string
	// Why says what would be destroyed, and the remedy.
	Why string
}

// Error is one line.
func (e *UnsupportedError) Error() string { return e.Workload + " " + e.Why }

// RestartRevertedError says that somebody took back every restart of a workload. It is not restarted again.
type RestartRevertedError struct {
	// Workload as people name it: kind, namespace and name.
	Workload string
	// Field that was taken back, such as the annotation of the pod template.
	Field string
	// Manager is the name of the field manager that owns the field, or what is around it; empty if the API
	// server knows none.
	Manager string
	// Controller is the object that controls the workload, such as "Kafka orders"; empty if there is none.
	Controller string
}

// Error is one line: the workload, who reverted what, and the remedy.
func (e *RestartRevertedError) Error() string {
	by := fieldManager{name: e.Manager}.String()
	if e.Controller != "" {
		by += ", and " + e.Controller + " controls the workload"
	}
	return fmt.Sprintf("%s: its restart was reverted (%s was taken back; its owner is %s), so it is not restarted again: restart it in the way of that owner, and let the owner leave the annotations of others in place, or give the workload strategy Pause", e.Workload, e.Field, by)
}

func reverted(dep *v1alpha1.DependentStatus, k *kind, u *unstructured.Unstructured) error {
	m := lastManager(u, k.pauseField.path)
	return &RevertedError{
		Workload: nameOf(dep), Field: k.pauseField.name(), Manager: m.name, Remedy: m.remedy(k.pauseField),
		change: fmt.Sprintf("was woken during its pause (%s is %s), by %s", k.pauseField.name(), shown(k.pauseField.value(u)), m),
	}
}

func restartReverted(dep *v1alpha1.DependentStatus, k *kind, u *unstructured.Unstructured) error {
	e := &RestartRevertedError{Workload: nameOf(dep), Field: fieldName(k.restart.path), Manager: lastManagerNear(u, k.restart.path).name}
	if owner := metav1.GetControllerOf(u); owner != nil {
		e.Controller = owner.Kind + " " + owner.Name
	}
	return e
}

// shown writes a value as people read it.
func shown(value any) string {
	if value == nil {
		return "not set"
	}
	return fmt.Sprint(value)
}
