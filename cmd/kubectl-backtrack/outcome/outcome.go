// Package outcome reads from an AuroraBacktrack how far it is, and what became of it.
package outcome

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

// Of gives the exit code of an object that has come to its end or waits for a person, and reports whether it has.
func Of(b *v1alpha1.AuroraBacktrack) (code int, over bool) {
	why, _ := Reason(b)
	switch {
	case Finished(b) && Succeeded(b):
		return exit.Succeeded, true
	case Finished(b) && why == v1alpha1.ReasonOutcomeUnknown:
		return exit.Unknown, true
	case Finished(b):
		return exit.Ended, true
	case NeedsPerson(b):
		return exit.NeedsPerson, true
	}
	return 0, false
}

// NeedsPerson reports whether the operator has looked at the object as it is now, and waits for somebody to start or
// approve it.
func NeedsPerson(b *v1alpha1.AuroraBacktrack) bool {
	if b.Status.ObservedGeneration != b.Generation || Finished(b) {
		return false
	}
	switch why, _ := Reason(b); why {
	case v1alpha1.ReasonSuspended:
		return b.Spec.Suspend && Planned(b)
	case v1alpha1.ReasonApprovalRequired, v1alpha1.ReasonApprovalNotEnforced:
		return true
	}
	return false
}

// Planned reports whether the operator has examined a suspended object.
func Planned(b *v1alpha1.AuroraBacktrack) bool {
	c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionPreflightPassed)
	return c != nil && c.Reason == v1alpha1.ReasonSuspended && b.Status.ObservedGeneration == b.Generation
}

// Refusal is what the examination of a suspended object found against the rewind: a reason and a message; "" if nothing. The
// operator says so in the message of the condition PreflightPassed only.
func Refusal(b *v1alpha1.AuroraBacktrack) string {
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
