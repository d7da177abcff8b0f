package backtrack

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// step makes one condition true. It looks at facts, does what is missing, and is harmless to run again.
type step struct {
	condition string
	do        func(*run, context.Context) outcome
}

// lifecycle is the whole of a rewind, read top to bottom.
func lifecycle() []step {
	return []step{
		{v1alpha1.ConditionAdmitted, (*run).admit},
		{v1alpha1.ConditionPreflightPassed, (*run).preflight},
		{v1alpha1.ConditionDependentsPaused, (*run).pause},
		{v1alpha1.ConditionBacktracked, (*run).backtrack},
		{v1alpha1.ConditionClusterAvailable, (*run).available},
		{v1alpha1.ConditionDependentsReconnected, (*run).reconnect},
	}
}

// walk goes on from the first step that is not done. A condition that is False is a verdict of an earlier
// walk: what was begun is unwound.
func (x *run) walk(ctx context.Context) outcome {
	for _, s := range lifecycle() {
		condition := meta.FindStatusCondition(x.object.Status.Conditions, s.condition)
		if condition != nil && condition.Status == metav1.ConditionTrue {
			continue
		}
		if condition != nil && condition.Status == metav1.ConditionFalse {
			return x.unwind(ctx, *condition)
		}
		if out := x.record(s.condition, s.do(x, ctx)); out.kind != goOn {
			return out
		}
		if x.finished() { // a replay found that its wish came true before
			return done("", "")
		}
	}
	return x.succeed(ctx)
}

// called tells whether RDS was asked, or may have been. From here on there is no way back, only to the end.
func (x *run) called() bool { return x.object.Status.Claim != nil }

// cancelTooLate tells whether the object was cancelled although RDS has taken the call.
func (x *run) cancelTooLate() bool {
	return x.object.Spec.Cancel && x.called() && x.object.Status.Backtrack != nil
}

// started tells whether the object was admitted and took the lock.
func (x *run) started() bool { return x.object.Status.StartedAt != "" }

// finished tells whether the object came to its end, whichever.
func (x *run) finished() bool { return x.object.Status.CompletedAt != "" }
