package backtrack

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
)

// begin gives a new object all its conditions, in the order of the lifecycle, so that it reads as under way
// from the first write on.
func begin(f *steps.Facts) {
	for _, s := range lifecycle {
		if steps.Applies(f, s.condition) && meta.FindStatusCondition(f.Object.Status.Conditions, s.condition) == nil {
			steps.PutCondition(f, s.condition, metav1.ConditionUnknown, v1alpha1.ReasonWaiting, "waits for an earlier step")
		}
	}
	if meta.FindStatusCondition(f.Object.Status.Conditions, v1alpha1.ConditionSucceeded) == nil {
		// The first write may come before what is about to be done.
		summarize(f, steps.Waiting(0, v1alpha1.ReasonWaiting, "reconciled for the first time"))
	}
}

// summarize derives the root condition and its two companions from the decision. Reconciling and Stalled exist
// only while they are True, as kstatus reads them.
func summarize(f *steps.Facts, d steps.Decision) {
	f.Object.Status.ObservedGeneration = f.Object.Generation
	if f.Finished() {
		return // its end was written
	}
	reason, message := d.Reason, d.Message
	switch d.Kind {
	case steps.Halt:
		reason, message = v1alpha1.ReasonResuming, "ends without success ("+d.Reason+"): "+d.Message
	case steps.Fault:
		reason, message = v1alpha1.ReasonRetrying, d.Err.Error()
	default:
	}
	switch {
	case cancelTooLate(f.Object):
		message += "; the cancel came too late: RDS was asked before it, so this goes on to its end"
	case f.Object.Spec.Cancel && f.CalledRDS():
		message += "; cancelled: if RDS recorded no backtrack for the call, it is not asked again"
	}
	steps.PutCondition(f, v1alpha1.ConditionSucceeded, metav1.ConditionUnknown, reason, message)
	steps.PutCondition(f, v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message)
	meta.RemoveStatusCondition(&f.Object.Status.Conditions, v1alpha1.ConditionStalled)
}

// cancelTooLate reports whether the object was cancelled although RDS has taken the call.
func cancelTooLate(b *v1alpha1.AuroraBacktrack) bool {
	return b.Spec.Cancel && b.Status.Claim != nil && b.Status.Backtrack != nil
}
