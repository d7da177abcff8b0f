package steps

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// UndoName is the name of the object's undo.
func UndoName(b *v1alpha1.AuroraBacktrack) string { return b.Name + "-undo" }

// UndoFor is the AuroraBacktrack that brings the data forward again to where the object's backtrack came from. It goes with the
// object, and no earlier.
func UndoFor(b *v1alpha1.AuroraBacktrack) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: b.Namespace, Name: UndoName(b),
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: "AuroraBacktrack", Name: b.Name, UID: b.UID, Controller: ptr.To(true),
			}},
		},
		Spec: v1alpha1.AuroraBacktrackSpec{
			ClusterRef: b.Spec.ClusterRef, BacktrackTo: b.Status.Backtrack.BacktrackedFrom, Force: b.Spec.Force,
			UndoOf: &v1alpha1.UndoOf{Name: b.Name, UID: b.UID}, TTLSecondsAfterFinished: ptr.To[int32](math.MaxInt32),
		},
	}
}

// undoesOnFailure reports whether the data is brought forward again when the check fails.
func undoesOnFailure(f *Facts) bool {
	return f.Object.Spec.Verify != nil && f.Object.Spec.Verify.OnFailure == v1alpha1.OnFailureUndo
}

// undoing reports whether the check failed and the data is to be brought forward again.
func undoing(f *Facts) bool {
	known := f.Object.Status.Verification
	return undoesOnFailure(f) && known != nil && known.Outcome == v1alpha1.VerificationFailed
}

// undoTimeout is how long the undo may take: to be made, as long as a pause; then as long as its own waits may take, each of
// which has a bound of its own.
func undoTimeout(f *Facts) time.Duration {
	if f.Object.Status.Verification.UndoUID == "" {
		return PauseTimeout(f)
	}
	return PauseTimeout(f) + f.Settings.Unobservable + 2*f.Settings.Backtracking
}

// undoable refuses, in the preflight, a rewind that could not be undone.
func undoable(f *Facts) Decision {
	if !undoesOnFailure(f) {
		return Passed()
	}
	for _, d := range f.Object.Status.Dependents {
		if d.State != v1alpha1.DependentSkipped && d.Strategy != v1alpha1.StrategyPause {
			return Halted(v1alpha1.ReasonUndoNeedsPause, fmt.Sprintf(
				"spec.verify.onFailure: Undo needs every dependent paused, and %s %s/%s has strategy %s: give it strategy Pause, or create a new AuroraBacktrack with onFailure: Keep", d.Kind, d.Namespace, d.Name, d.Strategy))
		}
	}
	if !f.Undo.Read() {
		return Needed(Undo)
	}
	if err := f.Undo.Err(); err != nil {
		return Failed(err)
	}
	if other, exists := f.Undo.Get(); exists {
		return Halted(v1alpha1.ReasonVerifyNotPossible, fmt.Sprintf("spec.verify.onFailure: the undo would be called %s, and there is an AuroraBacktrack of that name: create a new AuroraBacktrack with another name", other.Name))
	}
	return Passed()
}

// undo brings the data forward again before anything comes back: by another AuroraBacktrack, so that one object stays one call.
func undo(f *Facts) Decision {
	cluster, d := ClusterOf(f)
	switch {
	case d.Kind != Continue:
		return d
	case cluster == nil:
		return notUndone(f, "its AuroraCluster is gone")
	case !f.Undo.Read():
		return Needed(Undo)
	case f.Undo.Err() != nil:
		return Failed(f.Undo.Err())
	}
	known := f.Object.Status.Verification
	child, exists := f.Undo.Get()
	asked := claim.Find(cluster, UndoFor(f.Object)) != nil
	switch {
	case exists && !isUndoOf(child, f.Object):
		return notUndone(f, fmt.Sprintf("AuroraBacktrack %s is another one", child.Name))
	case exists && child.Status.CompletedAt != "":
		return undoEnded(f, child)
	case exists:
		known.Undo, known.UndoUID = child.Name, child.UID
		return wait(f.Settings.Poll, v1alpha1.ReasonUndoing, fmt.Sprintf("the check says that the data is wrong; AuroraBacktrack %s brings it forward again: %s", child.Name, cmp.Or(endOf(child).Message, "it was made")))
	case known.UndoUID != "" && !asked:
		return notUndone(f, fmt.Sprintf("AuroraBacktrack %s was deleted before RDS was asked", known.Undo))
	case !asked: // otherwise it was taken away by force, and is made again to follow its call
		if d := stillQuiet(f); d.Kind != Continue {
			return d
		}
	}
	if !f.UndoMade.Read() {
		return Doing(MakeUndo)
	}
	cause := "it was made, and is not there"
	if err := f.UndoMade.Err(); err != nil {
		cause = err.Error()
	}
	return waitFor(WorkloadPoll, v1alpha1.ReasonUndoing, "the check says that the data is wrong; its undo is being made", cause)
}

// stillQuiet checks that nothing has seen the rewound data: what somebody brought back may have written, and an undo would discard
// that.
func stillQuiet(f *Facts) Decision {
	for _, d := range f.Object.Status.Dependents {
		if d.State != v1alpha1.DependentSkipped && d.State != v1alpha1.DependentPaused {
			return notUndone(f, fmt.Sprintf("%s %s/%s was not paused all the time, and may have written", d.Kind, d.Namespace, d.Name))
		}
	}
	if f.Count(v1alpha1.StrategyPause) == 0 {
		return Passed()
	}
	if !f.Quiet.Read() {
		return Doing(VerifyPaused)
	}
	var reverted *workload.RevertedError
	switch err := f.Quiet.Err(); {
	case errors.As(err, &reverted):
		return notUndone(f, err.Error())
	case err != nil:
		return waitFor(WorkloadPoll, v1alpha1.ReasonUndoing, "the check says that the data is wrong; not everything is quiet", err.Error())
	}
	return Passed()
}

// undoEnded says how the run ends by how its undo did.
func undoEnded(f *Facts, child *v1alpha1.AuroraBacktrack) Decision {
	f.Object.Status.Verification.Undo, f.Object.Status.Verification.UndoUID = child.Name, child.UID
	end, record := endOf(child), child.Status.Backtrack
	switch {
	case record != nil && record.Status == rds.StatusCompleted:
		return Halted(v1alpha1.ReasonUndone, fmt.Sprintf("the check says that the data was wrong, and AuroraBacktrack %s brought it forward again to %s, where it came from (%s): %s", child.Name, record.BacktrackTo, end.Reason, f.Object.Status.Verification.Message))
	case child.Status.Claim != nil:
		return Halted(v1alpha1.ReasonUndoFailed, fmt.Sprintf("the check says that the data is wrong, and what became of its undo is not known, so look at the data; AuroraBacktrack %s ended as %s: %s; the check: %s", child.Name, end.Reason, end.Message, f.Object.Status.Verification.Message))
	}
	return notUndone(f, fmt.Sprintf("AuroraBacktrack %s ended as %s: %s", child.Name, end.Reason, end.Message))
}

// notUndone ends a run whose data is wrong and stays so.
func notUndone(f *Facts, why string) Decision {
	return Halted(v1alpha1.ReasonUndoFailed, "the check says that the data is wrong, and it was not undone ("+why+"); "+keptRewound(f)+": "+f.Object.Status.Verification.Message)
}

func endOf(b *v1alpha1.AuroraBacktrack) metav1.Condition {
	return ptr.Deref(meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded), metav1.Condition{})
}

// isUndoOf reports whether the child is the object's undo.
func isUndoOf(child, b *v1alpha1.AuroraBacktrack) bool {
	of := child.Spec.UndoOf
	return of != nil && of.UID == b.UID && b.Status.Backtrack != nil && child.Spec.ClusterRef == b.Spec.ClusterRef &&
		child.Spec.BacktrackTo.Time().Equal(b.Status.Backtrack.BacktrackedFrom.Time())
}
