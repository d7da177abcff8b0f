package harness

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Regressions lists what a write of the status takes back of what it said before: nothing may.
func Regressions(before, after v1alpha1.AuroraBacktrackStatus) (taken []string) {
	regression := func(format string, args ...any) { taken = append(taken, fmt.Sprintf(format, args...)) }
	for _, old := range before.Conditions {
		if old.Type == v1alpha1.ConditionReconciling || old.Type == v1alpha1.ConditionStalled {
			continue // they are there only while they are True
		}
		c := meta.FindStatusCondition(after.Conditions, old.Type)
		switch {
		case c == nil:
			regression("the condition %s was %s %s and is gone", old.Type, old.Status, old.Reason)
		case old.Status != metav1.ConditionUnknown && (c.Status != old.Status || c.Reason != old.Reason):
			regression("the condition %s went from %s %s to %s %s", c.Type, old.Status, old.Reason, c.Status, c.Reason)
		case c.LastTransitionTime.Before(&old.LastTransitionTime):
			regression("the transition of %s went back from %s to %s", c.Type, old.LastTransitionTime, c.LastTransitionTime)
		}
	}
	for _, field := range []struct{ name, before, after string }{
		{"startedAt", string(before.StartedAt), string(after.StartedAt)},
		{"completedAt", string(before.CompletedAt), string(after.CompletedAt)},
		{"backtrack.id", recordID(before), recordID(after)},
	} {
		if field.before != "" && field.before != field.after {
			regression("%s went from %q to %q", field.name, field.before, field.after)
		}
	}
	if before.Claim != nil && after.Claim != nil && after.Claim.Attempt < before.Claim.Attempt {
		regression("claim.attempt went from %d to %d", before.Claim.Attempt, after.Claim.Attempt)
	}
	return taken
}

func recordID(status v1alpha1.AuroraBacktrackStatus) string {
	if status.Backtrack == nil {
		return ""
	}
	return status.Backtrack.ID
}
