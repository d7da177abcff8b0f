package outcome

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Reason is that of the root condition, and its message.
func Reason(b *v1alpha1.AuroraBacktrack) (reason, message string) {
	if c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded); c != nil {
		return c.Reason, c.Message
	}
	return "", "the operator has not looked at it yet"
}

// Finished reports whether the object has come to its end.
func Finished(b *v1alpha1.AuroraBacktrack) bool { return b.Status.CompletedAt != "" }

// Succeeded reports whether its root condition says so.
func Succeeded(b *v1alpha1.AuroraBacktrack) bool {
	return meta.IsStatusConditionPresentAndEqual(b.Status.Conditions, v1alpha1.ConditionSucceeded, metav1.ConditionTrue)
}

// Command is a command of the plugin about the object, to be typed as it is.
func Command(verb string, b *v1alpha1.AuroraBacktrack) string {
	return fmt.Sprintf("kubectl backtrack %s %s -n %s", verb, b.Name, b.Namespace)
}
