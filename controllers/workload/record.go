package workload

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// pauseRecord is what a paused workload carries in its annotation: who paused it and what is to be restored.
// It stands on the workload itself, so that it is there whatever else is lost.
type pauseRecord struct {
	// Owner is the UID of the AuroraBacktrack that paused the workload.
	Owner types.UID `json:"owner"`
	// Restore is the pause field's earlier value; null where the field was absent.
	Restore any `json:"restore"`
}

// readRecord reads the workload's pause record; nil where there is none. It fails on one that cannot have
// been written here, for instance because somebody edited it.
func readRecord(u *unstructured.Unstructured, f pauseField) (*pauseRecord, error) {
	text, there := u.GetAnnotations()[v1alpha1.PausedAnnotation]
	if !there {
		return nil, nil
	}
	var r pauseRecord
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, errors.New("it is not the JSON that the operator writes")
	}
	if r.Owner == "" {
		return nil, errors.New("it names no owner")
	}
	if !f.valid(r.Restore) {
		return nil, fmt.Errorf("what it says to restore is no value of %s", f.name())
	}
	return &r, nil
}

// pausePatch sets the value that pauses together with the record of what was there, in one write.
func pausePatch(u *unstructured.Unstructured, f pauseField, owner types.UID) (map[string]any, error) {
	record, err := json.Marshal(pauseRecord{Owner: owner, Restore: f.value(u)})
	if err != nil {
		return nil, fmt.Errorf("write the pause record: %w", err)
	}
	body, err := recordPatch(u, string(record))
	if err != nil {
		return nil, err
	}
	return body, unstructured.SetNestedField(body, f.paused(owner), f.path...)
}

// restorePatch sets the earlier value and removes the record, in one write. A nil value removes the field.
func restorePatch(u *unstructured.Unstructured, f pauseField, value any) (map[string]any, error) {
	body, err := recordPatch(u, nil)
	if err != nil {
		return nil, err
	}
	return body, unstructured.SetNestedField(body, value, f.path...)
}

// recordPatch sets the record, or removes it where it is nil, and only on the object that was read.
func recordPatch(u *unstructured.Unstructured, record any) (map[string]any, error) {
	body := map[string]any{}
	return body, putRecord(body, u, record)
}

// removeRecord adds the removal of the record to a patch.
func removeRecord(body map[string]any, u *unstructured.Unstructured) error {
	return putRecord(body, u, nil)
}

func putRecord(body map[string]any, u *unstructured.Unstructured, record any) error {
	if err := unstructured.SetNestedField(body, record, "metadata", "annotations", v1alpha1.PausedAnnotation); err != nil {
		return err
	}
	return unstructured.SetNestedField(body, u.GetResourceVersion(), "metadata", "resourceVersion")
}

// unreadable says what a person does about a record that cannot be read.
func unreadable(dep *v1alpha1.DependentStatus, f pauseField, err error) string {
	return fmt.Sprintf("%s: the annotation %s cannot be read: %v. Set %s as it should be and remove the annotation",
		nameOf(dep), v1alpha1.PausedAnnotation, err, f.name())
}

// pausedByOther says what a person does about a record of another owner.
func pausedByOther(dep *v1alpha1.DependentStatus, f pauseField, owner types.UID) string {
	return fmt.Sprintf("%s is marked as paused by another AuroraBacktrack, with UID %q. Wait until that one ends; if it no longer exists, set %s as it should be and remove the annotation %s",
		nameOf(dep), owner, f.name(), v1alpha1.PausedAnnotation)
}
