package steps

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// Applies reports whether the object has the step of the condition.
func Applies(f *Facts, condition string) bool {
	switch condition {
	case v1alpha1.ConditionCopied:
		return PlannedCopy(f) != nil
	case v1alpha1.ConditionVerified:
		return f.Object.Spec.Verify != nil
	}
	return true
}

// noteCopied gives an object whose plan has a safety copy the condition of that step, in the order of the lifecycle, and takes it
// from one whose plan has none any more.
func noteCopied(f *Facts) {
	conditions := &f.Object.Status.Conditions
	if !Applies(f, v1alpha1.ConditionCopied) {
		meta.RemoveStatusCondition(conditions, v1alpha1.ConditionCopied)
		return
	}
	if meta.FindStatusCondition(*conditions, v1alpha1.ConditionCopied) != nil {
		return
	}
	PutCondition(f, v1alpha1.ConditionCopied, metav1.ConditionUnknown, v1alpha1.ReasonWaiting, "waits for an earlier step")
	last := len(*conditions) - 1
	before := slices.IndexFunc(*conditions, func(c metav1.Condition) bool { return c.Type == v1alpha1.ConditionBacktracked })
	if before >= 0 {
		copied := (*conditions)[last]
		*conditions = slices.Insert((*conditions)[:last], before, copied)
	}
}

// SetCondition writes a step's condition. What is True or False stays so: nothing regresses.
func SetCondition(f *Facts, condition string, status metav1.ConditionStatus, reason, message string) {
	old := meta.FindStatusCondition(f.Object.Status.Conditions, condition)
	if old != nil && old.Status != metav1.ConditionUnknown && old.Status != status {
		return
	}
	PutCondition(f, condition, status, reason, message)
}

// PutCondition writes a condition that may change back, such as the root condition's companions.
func PutCondition(f *Facts, condition string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&f.Object.Status.Conditions, metav1.Condition{
		Type: condition, Status: status, Reason: reason, Message: rds.CleanLine(message),
		ObservedGeneration: f.Object.Generation, LastTransitionTime: metav1.NewTime(f.Now),
	})
}

// Record puts a decision into its step's condition.
func Record(f *Facts, d Decision) {
	switch d.Kind {
	case Continue:
		SetCondition(f, d.Condition, metav1.ConditionTrue, d.Reason, d.Message)
	case Wait:
		SetCondition(f, d.Condition, metav1.ConditionUnknown, d.Reason, d.Message)
	case Halt:
		SetCondition(f, d.Condition, metav1.ConditionFalse, d.Reason, d.Message)
	case Fault, Need, Act, Again, End: // the condition stays as it is
	}
}

// Complete writes the end of the object.
func Complete(f *Facts, succeeded metav1.ConditionStatus, reason, message string) {
	status := &f.Object.Status
	status.CompletedAt = v1alpha1.NewTimestamp(f.Now)
	status.ObservedGeneration = f.Object.Generation
	status.QueuePosition = nil
	for _, condition := range v1alpha1.StepConditions {
		if !Applies(f, condition) {
			continue
		}
		if c := meta.FindStatusCondition(status.Conditions, condition); c == nil || c.Status == metav1.ConditionUnknown {
			PutCondition(f, condition, metav1.ConditionUnknown, v1alpha1.ReasonNotReached, "the run ended before this step")
		}
	}
	PutCondition(f, v1alpha1.ConditionSucceeded, succeeded, reason, message)
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionReconciling)
	if succeeded == metav1.ConditionTrue {
		meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionStalled)
		return
	}
	PutCondition(f, v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
}
