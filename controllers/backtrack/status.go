package backtrack

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// begin gives a new object all its conditions, in the order of the lifecycle, so that it reads as under way
// from the first write on.
func (x *run) begin() {
	for _, s := range lifecycle() {
		if meta.FindStatusCondition(x.object.Status.Conditions, s.condition) == nil {
			x.put(s.condition, metav1.ConditionUnknown, v1alpha1.ReasonWaiting, "waits for an earlier step")
		}
	}
	if meta.FindStatusCondition(x.object.Status.Conditions, v1alpha1.ConditionSucceeded) == nil {
		// The first write may come in the middle of the walk, before what is about to be done.
		x.summarize(waiting(0, v1alpha1.ReasonWaiting, "looked at for the first time"))
	}
}

// summarize derives the root condition and its two companions from the walk. Reconciling and Stalled exist
// only while they are True, as kstatus reads them.
func (x *run) summarize(out outcome) {
	x.object.Status.ObservedGeneration = x.object.Generation
	if x.finished() {
		return // succeed and unwind have said it
	}
	reason, message := out.reason, out.message
	switch out.kind {
	case halt:
		reason, message = v1alpha1.ReasonResuming, "ends without success ("+out.reason+"): "+out.message
	case fault:
		reason, message = v1alpha1.ReasonRetrying, out.err.Error()
	case goOn, wait:
	}
	switch {
	case x.cancelTooLate():
		message += "; the cancel came too late: RDS was asked before it, so this goes on to its end"
	case x.object.Spec.Cancel && x.called():
		message += "; cancelled: if RDS made nothing of the call, it is not asked again"
	}
	x.put(v1alpha1.ConditionSucceeded, metav1.ConditionUnknown, reason, message)
	x.put(v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message)
	meta.RemoveStatusCondition(&x.object.Status.Conditions, v1alpha1.ConditionStalled)
}

// complete writes the end of the object.
func (x *run) complete(succeeded metav1.ConditionStatus, reason, message string) {
	x.object.Status.CompletedAt = v1alpha1.NewTimestamp(x.now())
	x.object.Status.ObservedGeneration = x.object.Generation
	x.object.Status.QueuePosition = nil
	for _, s := range lifecycle() {
		if c := meta.FindStatusCondition(x.object.Status.Conditions, s.condition); c == nil || c.Status == metav1.ConditionUnknown {
			x.put(s.condition, metav1.ConditionUnknown, v1alpha1.ReasonNotReached, "the run ended before this step")
		}
	}
	x.put(v1alpha1.ConditionSucceeded, succeeded, reason, message)
	meta.RemoveStatusCondition(&x.object.Status.Conditions, v1alpha1.ConditionReconciling)
	if succeeded == metav1.ConditionTrue {
		meta.RemoveStatusCondition(&x.object.Status.Conditions, v1alpha1.ConditionStalled)
		return
	}
	x.put(v1alpha1.ConditionStalled, metav1.ConditionTrue, reason, message)
}
