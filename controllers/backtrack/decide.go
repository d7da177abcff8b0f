package backtrack

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
)

// decide says what follows from the facts: what an earlier run left is recovered first, then the guards speak, then the
// first step that is not done, whose waits are bounded. It is pure, but for the status of the object in the facts.
func decide(f *steps.Facts) steps.Decision {
	for i, s := range lifecycle {
		condition := meta.FindStatusCondition(f.Object.Status.Conditions, s.condition)
		switch {
		case !steps.Applies(f, s.condition), condition != nil && condition.Status == metav1.ConditionTrue:
			continue
		case condition != nil && condition.Status == metav1.ConditionFalse: // a verdict of an earlier decision
			return named(s, passOr(recoverDependents(f), func() steps.Decision { return steps.Unwind(f, *condition) }))
		}
		return named(s, bounded(f, i, decideStep(f, s)))
	}
	return steps.Succeed(f)
}

// decideStep lets the layers speak, from the first to the last.
func decideStep(f *steps.Facts, s step) steps.Decision {
	return passOr(recoverRun(f, s), func() steps.Decision {
		return passOr(guard(f), func() steps.Decision { return declared(s, s.decide(f)) })
	})
}

// declared holds a step to the facts that the list of steps names for it.
func declared(s step, d steps.Decision) steps.Decision {
	if d.Kind == steps.Need && d.Fact != steps.Cluster && !slices.Contains(s.needs, d.Fact) {
		return steps.Failed(fmt.Errorf("the step of condition %s does not name the fact %s that it needs", s.condition, d.Fact))
	}
	return d
}
