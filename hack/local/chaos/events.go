package chaos

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// mistold are events that are missing or too many: where the conditions of a finished object came to rest, each must
// have been told exactly once; what they went through on the way, at most once for each step.
func (f *facts) mistold() []string {
	var found []string
	for _, w := range f.wishes {
		object, there := f.objects[w.String()]
		if !there || object.Status.CompletedAt == "" {
			continue
		}
		for _, finding := range mistoldOf(&object, f.events[object.UID]) {
			found = append(found, fmt.Sprintf("%s (%s): %s", w, w.fate, finding))
		}
	}
	return found
}

func mistoldOf(object *v1alpha1.AuroraBacktrack, events []corev1.Event) []string {
	rest := map[string]int{} // reasons at which conditions came to rest
	for _, c := range object.Status.Conditions {
		if transition(c) {
			rest[c.Reason]++
		}
	}
	told := map[string]int{}
	for _, e := range events {
		told[e.Reason] += int(max(e.Count, 1))
	}
	var found []string
	for reason, want := range rest {
		if got := told[reason]; got != want {
			found = append(found, fmt.Sprintf("%s was told %d times, want %d", reason, got, want))
		}
	}
	for reason, got := range told {
		if most := mostOnTheWay(reason); rest[reason] == 0 && got > most {
			found = append(found, fmt.Sprintf("%s was told %d times on the way, want at most %d", reason, got, most))
		}
	}
	slices.Sort(found)
	return found
}

// transition tells the conditions that came to an end of their own from those that mirror another one or were never
// reached. Of a failure its step tells.
func transition(c metav1.Condition) bool {
	if c.Type == v1alpha1.ConditionSucceeded && c.Status == metav1.ConditionFalse {
		return false
	}
	return c.Status != metav1.ConditionUnknown && c.Type != v1alpha1.ConditionReconciling && c.Type != v1alpha1.ConditionStalled
}

// mostOnTheWay is at how many steps an object can wait for a reason: each tells it once.
func mostOnTheWay(reason string) int {
	switch reason {
	case v1alpha1.ReasonRDSUnreachable, v1alpha1.ReasonThrottled:
		return 4 // PreflightPassed, Backtracked, ClusterAvailable; DependentsPaused's last look
	case v1alpha1.ReasonClusterNotAvailable, v1alpha1.ReasonBacktracking, v1alpha1.ReasonQueued,
		v1alpha1.ReasonPausing, v1alpha1.ReasonClusterNotReady, v1alpha1.ReasonSuspended:
		return 2
	}
	return 1
}
