package harness

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Condition is the object's condition of that type; zero without it.
func Condition(b *v1alpha1.AuroraBacktrack, name string) metav1.Condition {
	for _, c := range b.Status.Conditions {
		if c.Type == name {
			return c
		}
	}
	return metav1.Condition{}
}

// Verdict is the reason of Succeeded; empty without it.
func Verdict(b *v1alpha1.AuroraBacktrack) string {
	c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	if c == nil {
		return ""
	}
	return c.Reason
}

// HasReason reports whether the object has the condition with the reason.
func HasReason(b *v1alpha1.AuroraBacktrack, condition, reason string) bool {
	c := meta.FindStatusCondition(b.Status.Conditions, condition)
	return c != nil && c.Reason == reason
}

// StepConditions are the conditions of the steps that every rewind has, in their order.
func StepConditions() []string {
	return []string{
		v1alpha1.ConditionAdmitted, v1alpha1.ConditionPreflightPassed, v1alpha1.ConditionDependentsPaused,
		v1alpha1.ConditionBacktracked, v1alpha1.ConditionClusterAvailable, v1alpha1.ConditionDependentsReconnected,
	}
}

// Path is how far the object came: each step's condition that is True or False, with its reason.
func Path(b *v1alpha1.AuroraBacktrack) string {
	var steps []string
	for _, condition := range v1alpha1.StepConditions {
		c := meta.FindStatusCondition(b.Status.Conditions, condition)
		switch {
		case c == nil && !slices.Contains(StepConditions(), condition):
		case c == nil:
			steps = append(steps, condition+" missing")
		case c.Status != metav1.ConditionUnknown:
			steps = append(steps, fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason))
		case c.Reason != v1alpha1.ReasonNotReached && c.Reason != v1alpha1.ReasonWaiting:
			steps = append(steps, fmt.Sprintf("%s?%s", c.Type, c.Reason))
		}
	}
	return strings.Join(steps, " ")
}

// Equal holds that what was got is what was wanted.
func Equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is\n  %v\nwant\n  %v", what, got, want)
	}
}
