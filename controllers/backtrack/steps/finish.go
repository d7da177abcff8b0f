package steps

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Succeed is the end of a run whose steps are all done.
func Succeed(f *Facts) Decision {
	if !f.Released {
		return Doing(ReleaseFinished)
	}
	b := f.Object.Status.Backtrack
	if isUndo(f) {
		Complete(f, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, fmt.Sprintf(
			"the data is that of %s again, and the cluster is available; AuroraBacktrack %s brings the dependents back", b.BacktrackTo, f.Object.Spec.UndoOf.Name))
		return Ended()
	}
	Complete(f, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, fmt.Sprintf(
		"rewound to %s, the cluster is available and every dependent is up; to go forward again, backtrack to %s%s", b.BacktrackTo, b.BacktrackedFrom, keptCopy(f)))
	return Ended()
}

// Unwind brings back whatever the run had begun to touch, and then ends it with the verdict of the step that
// failed.
func Unwind(f *Facts, verdict metav1.Condition) Decision {
	if _, d := ClusterOf(f); d.Kind != Continue { // for the timeout
		return d
	}
	ending := fmt.Sprintf("ends without success (%s)", verdict.Reason)
	late := f.Now.Sub(verdict.LastTransitionTime.Time) > ReconnectTimeout(f)
	if d := dependentsUnknown(f, v1alpha1.ReasonResuming, ending); d.Kind != Continue {
		if !late {
			return d
		}
		// Nobody can tell what is paused. The lock stays: whoever frees it resumes by the mark first.
		Complete(f, metav1.ConditionFalse, verdict.Reason, verdict.Message+"; "+d.Message)
		return Ended()
	}
	message := verdict.Message + keptCopy(f)
	if touched(f) {
		if !f.Up.Read() {
			return Doing(bringBackWith(f))
		}
		// A reconnect that failed had its time; what is still paused is tried for as long as the object is there.
		afterReconnect := verdict.Type == v1alpha1.ConditionDependentsReconnected
		late = late || afterReconnect
		err := f.Up.Err()
		switch {
		case err == nil && f.Up.Value():
			SetCondition(f, v1alpha1.ConditionDependentsReconnected, metav1.ConditionTrue, v1alpha1.ReasonResumed, "every dependent is as before")
		case !late && err != nil:
			return wait(WorkloadPoll, v1alpha1.ReasonResuming, fmt.Sprintf("%s; bringing dependents back: %v", ending, err))
		case !late:
			return wait(WorkloadPoll, v1alpha1.ReasonResuming, fmt.Sprintf("%s; bringing dependents back: %s", ending, unfinished(f, v1alpha1.DependentReady)))
		case !afterReconnect:
			message += "; not every dependent is up: " + unfinished(f, v1alpha1.DependentReady)
		}
	}
	if !f.CalledRDS() {
		leaveAlone(f)
	}
	if !f.Released {
		return Doing(ReleaseFinished)
	}
	Complete(f, metav1.ConditionFalse, verdict.Reason, message)
	return Ended()
}

// bringBackWith restarts dependents only where the database's connections are dead.
func bringBackWith(f *Facts) Action {
	if f.CalledRDS() {
		return BringBack
	}
	return ResumePaused
}

// touched reports whether the run came as far as the dependents.
func touched(f *Facts) bool {
	return f.Is(v1alpha1.ConditionPreflightPassed) && len(f.Object.Status.Dependents) > 0
}

// leaveAlone marks the dependents that nothing was done to, and nothing will be: nothing was rewound.
func leaveAlone(f *Facts) {
	for i := range f.Object.Status.Dependents {
		if d := &f.Object.Status.Dependents[i]; d.State == v1alpha1.DependentPending {
			d.State, d.Message = v1alpha1.DependentSkipped, "left alone: nothing was rewound"
		}
	}
}

// StillPaused reports whether the object ended while a workload refused to be resumed.
func StillPaused(f *Facts) bool {
	if !f.Started() || !touched(f) {
		return false
	}
	for _, d := range f.Object.Status.Dependents {
		if leftPaused(d) {
			return true
		}
	}
	return false
}

// leftPaused reports whether the dependent was being paused, or is paused, and was not brought back.
func leftPaused(d v1alpha1.DependentStatus) bool {
	return d.State == v1alpha1.DependentPausing || d.State == v1alpha1.DependentPaused
}

// TakeOver copies what a later round of resuming came to into the dependents that were still paused.
func TakeOver(f *Facts, resumed []v1alpha1.DependentStatus) {
	for i := range f.Object.Status.Dependents {
		if d := &f.Object.Status.Dependents[i]; leftPaused(*d) {
			d.State, d.Message = resumed[i].State, resumed[i].Message
		}
	}
}
