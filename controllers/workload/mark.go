package workload

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// mark is what a paused workload carries in its annotation: who paused it and what is to be restored. It
// stands on the workload itself, so that it is there whatever else is lost.
type mark struct {
	// Owner is the UID of the AuroraBacktrack that paused the workload.
	Owner types.UID `json:"owner"`
	// Restore is the lever's earlier value; null where the field was absent.
	Restore any `json:"restore"`
}

// readMark reads the workload's mark; nil where there is none. It fails on a mark that cannot have been
// written here, for instance because somebody edited it.
func readMark(u *unstructured.Unstructured, l lever) (*mark, error) {
	text, there := u.GetAnnotations()[v1alpha1.PausedAnnotation]
	if !there {
		return nil, nil
	}
	var m mark
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, errors.New("it is not the JSON that the operator writes")
	}
	if m.Owner == "" {
		return nil, errors.New("it names no owner")
	}
	if !l.restorable(m.Restore) {
		return nil, fmt.Errorf("what it says to restore is no value of %s", l.field())
	}
	return &m, nil
}

// text is the mark as the annotation holds it.
func (m mark) text() (string, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("write the mark: %w", err)
	}
	return string(data), nil
}

// unreadable says what a person does about a mark that cannot be read.
func unreadable(dep *v1alpha1.DependentStatus, l lever, err error) string {
	return fmt.Sprintf("%s: the annotation %s cannot be read: %v. Set %s as it should be and remove the annotation",
		nameOf(dep), v1alpha1.PausedAnnotation, err, l.field())
}

// foreign says what a person does about a mark of another owner.
func foreign(dep *v1alpha1.DependentStatus, l lever, owner types.UID) string {
	return fmt.Sprintf("%s is marked as paused by another AuroraBacktrack, with UID %q. Wait until that one ends; if it no longer exists, set %s as it should be and remove the annotation %s",
		nameOf(dep), owner, l.field(), v1alpha1.PausedAnnotation)
}
