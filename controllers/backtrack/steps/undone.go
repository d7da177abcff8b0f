package steps

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// What differs in the run of an undo: it runs under the lock and the approval of what it undoes, and has no dependents.

// isUndo reports whether the object is the undo of another one.
func isUndo(f *Facts) bool { return f.Object.Spec.UndoOf != nil }

// LockReference is whose lock the object runs under: its own, or that of what it undoes.
func LockReference(f *Facts) v1alpha1.ObjectReference {
	if of := f.Object.Spec.UndoOf; of != nil {
		return v1alpha1.ObjectReference{Namespace: f.Object.Namespace, Name: of.Name, UID: of.UID}
	}
	return lock.Reference(f.Object)
}

// lockedFor checks that what the object undoes has the lock.
func lockedFor(f *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	switch {
	case !lock.Holds(cluster, LockReference(f)):
		return wait(WorkloadPoll, v1alpha1.ReasonQueued, fmt.Sprintf("AuroraBacktrack %s, which this one undoes, does not hold AuroraCluster %s", f.Object.Spec.UndoOf.Name, cluster.Name))
	case !f.Started() && !f.LockTaken:
		return Doing(TakeLock) // the finalizer
	}
	return Passed()
}

// UndoDue ends an undo for which nobody waits, until RDS was asked: whoever made it, it does only what its AuroraBacktrack wants
// at this moment.
func UndoDue(f *Facts) Decision {
	if !isUndo(f) || f.CalledRDS() {
		return Passed()
	}
	if !f.Undoes.Read() {
		return Needed(Undoes)
	}
	if err := f.Undoes.Err(); err != nil {
		return Failed(err)
	}
	parent, exists := f.Undoes.Get()
	if exists && isUndoOf(f.Object, parent) && waitsForUndo(parent) {
		return Passed()
	}
	return Halted(v1alpha1.ReasonUndoNotDue, fmt.Sprintf("AuroraBacktrack %s does not wait for an undo; the database was not touched: to go forward by hand, create an AuroraBacktrack without spec.undoOf", f.Object.Spec.UndoOf.Name))
}

// waitsForUndo reports whether the object's check has failed and the data is to be brought forward again.
func waitsForUndo(b *v1alpha1.AuroraBacktrack) bool {
	verified := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionVerified)
	return b.Status.CompletedAt == "" && b.Status.Verification != nil && b.Status.Verification.Outcome == v1alpha1.VerificationFailed &&
		b.Spec.Verify != nil && b.Spec.Verify.OnFailure == v1alpha1.OnFailureUndo && verified != nil && verified.Status == metav1.ConditionUnknown
}
