// Package paused finds the workloads that carry the operator's mark of a pause, and brings them back without the operator.
package paused

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// mark is what the operator writes on what it pauses.
type mark struct {
	Owner   types.UID `json:"owner"`
	Restore any       `json:"restore"`
}

// Workload is a workload with the operator's mark.
type Workload struct {
	pausable
	*unstructured.Unstructured
	mark
	// Unreadable says why its mark can not be read; nil if it can.
	Unreadable error
}

// readPaused reads the mark; nil where there is none.
func readPaused(p pausable, u *unstructured.Unstructured) *Workload {
	text, marked := u.GetAnnotations()[v1alpha1.PausedAnnotation]
	if !marked {
		return nil
	}
	found := &Workload{pausable: p, Unstructured: u}
	if err := json.Unmarshal([]byte(text), &found.mark); err != nil {
		found.Unreadable = fmt.Errorf("its annotation %s can not be read: set its field by hand and remove the annotation", v1alpha1.PausedAnnotation)
	} else if found.Owner == "" {
		found.Unreadable = fmt.Errorf("its annotation %s names no owner: set its field by hand and remove the annotation", v1alpha1.PausedAnnotation)
	}
	return found
}

// String names the workload.
func (p *Workload) String() string {
	return fmt.Sprintf("%s %s/%s", p.kind.Kind, p.GetNamespace(), p.GetName())
}

// Prospect says what resuming would do with the workload.
func (p *Workload) Prospect() string {
	switch {
	case p.Unreadable != nil:
		return p.Unreadable.Error()
	case p.off():
		return fmt.Sprintf("paused by the AuroraBacktrack with UID %s; its field becomes %v again", p.Owner, p.Restore)
	}
	return "somebody has set it since; only the mark is removed"
}

// off reports whether the field still has the value that pauses. What somebody has set since is left as it is.
func (p *Workload) off() bool {
	value, _, _ := unstructured.NestedFieldNoCopy(p.Object, p.path...)
	switch v := value.(type) {
	case int64:
		return v == 0
	case float64:
		return v == 0
	case bool:
		return v
	case string:
		return v == "0" || v == string(p.Owner)
	}
	return false
}

// resumption is the patch that restores the field and removes the mark in one, if the object is still as it was read.
func (p *Workload) resumption() ([]byte, error) {
	body := map[string]any{}
	if p.off() {
		if err := unstructured.SetNestedField(body, p.Restore, p.path...); err != nil {
			return nil, fmt.Errorf("restoring %s: %w", p, err)
		}
	}
	if err := unstructured.SetNestedField(body, nil, "metadata", "annotations", v1alpha1.PausedAnnotation); err != nil {
		return nil, fmt.Errorf("removing the mark of %s: %w", p, err)
	}
	if err := unstructured.SetNestedField(body, p.GetResourceVersion(), "metadata", "resourceVersion"); err != nil {
		return nil, fmt.Errorf("pinning %s: %w", p, err)
	}
	return json.Marshal(body)
}
