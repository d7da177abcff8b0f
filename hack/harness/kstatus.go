package harness

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// What kstatus, and with it kubectl wait, Argo CD and Flux, reads in an object.
const (
	inProgress  = "InProgress"
	terminating = "Terminating"
	isFailed    = "Failed"
	current     = "Current"
)

// kstatus reads an object as the library of that name does: the deletion first, then the generation, then the
// two conditions that it knows, then Ready. An object that says nothing of this is Current.
func kstatus(o metav1.Object, observedGeneration int64, conditions []metav1.Condition) string {
	switch {
	case o.GetDeletionTimestamp() != nil:
		return terminating
	case observedGeneration != o.GetGeneration():
		return inProgress
	}
	for _, c := range conditions {
		switch {
		case c.Type == v1alpha1.ConditionReconciling && c.Status == metav1.ConditionTrue:
			return inProgress
		case c.Type == v1alpha1.ConditionStalled && c.Status == metav1.ConditionTrue:
			return isFailed
		}
	}
	if ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady); ready != nil && ready.Status != metav1.ConditionTrue {
		return inProgress
	}
	return current
}
