package backtrack

import (
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
		case condition != nil && condition.Status == metav1.ConditionTrue:
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
		return passOr(guard(f), func() steps.Decision { return s.decide(f) })
	})
}

// passOr gives the first decision, unless it lets the next one decide.
func passOr(first steps.Decision, next func() steps.Decision) steps.Decision {
	if first.Kind != steps.Continue {
		return first
	}
	return next()
}

// named names the condition that a decision is about.
func named(s step, d steps.Decision) steps.Decision {
	d.Condition = s.condition
	if d.Then != nil {
		then := named(s, *d.Then)
		d.Then = &then
	}
	return d
}
