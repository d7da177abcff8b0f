package command

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// conclude gives the exit code of an object that has come to its end or waits for a person, and reports whether it has.
func conclude(b *v1alpha1.AuroraBacktrack) (code int, over bool) {
	why, _ := reason(b)
	switch {
	case finished(b) && succeeded(b):
		return exitSucceeded, true
	case finished(b) && why == v1alpha1.ReasonOutcomeUnknown:
		return exitUnknown, true
	case finished(b):
		return exitEnded, true
	case needsPerson(b):
		return exitNeedsPerson, true
	}
	return 0, false
}

// needsPerson reports whether the operator has looked at the object as it is now, and waits for somebody to start or
// approve it.
func needsPerson(b *v1alpha1.AuroraBacktrack) bool {
	if b.Status.ObservedGeneration != b.Generation || finished(b) {
		return false
	}
	switch why, _ := reason(b); why {
	case v1alpha1.ReasonSuspended:
		return b.Spec.Suspend && planned(b)
	case v1alpha1.ReasonApprovalRequired, v1alpha1.ReasonApprovalNotEnforced:
		return true
	}
	return false
}

// planned reports whether the operator has examined a suspended object.
func planned(b *v1alpha1.AuroraBacktrack) bool {
	c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionPreflightPassed)
	return c != nil && c.Reason == v1alpha1.ReasonSuspended && b.Status.ObservedGeneration == b.Generation
}

// refusal is what the examination of a suspended object found against the rewind: a reason and a message; "" if nothing. The
// operator says so in the message of the condition PreflightPassed only.
func refusal(b *v1alpha1.AuroraBacktrack) string {
	c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionPreflightPassed)
	if c == nil {
		return ""
	}
	_, found, refused := strings.Cut(c.Message, "would not pass")
	if !refused {
		return ""
	}
	return strings.TrimSpace(strings.TrimPrefix(found, " now"))
}
