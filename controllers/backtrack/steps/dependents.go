package steps

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// PauseTimeout is how long a pause may take, and after it the wait for RDS.
func PauseTimeout(f *Facts) time.Duration {
	if c := f.Cluster.Value(); c != nil {
		return c.Spec.PauseTimeout.Or(defaultPauseTimeout)
	}
	return defaultPauseTimeout
}

// ReconnectTimeout is how long dependents may take to be up again.
func ReconnectTimeout(f *Facts) time.Duration {
	if c := f.Cluster.Value(); c != nil {
		return c.Spec.ReconnectTimeout.Or(defaultReconnectTimeout)
	}
	return defaultReconnectTimeout
}

// TakenOver reports whether the run was taken over half way and its dependents are not known: its own list was lost with its
// status. Until they are known the run neither asks RDS nor ends, since some of them may be paused.
func TakenOver(f *Facts) bool {
	status := f.Object.Status
	return !isUndo(f) && status.Plan == nil && f.Is(v1alpha1.ConditionPreflightPassed) && len(status.Dependents) == 0 && f.Cluster.Value() != nil
}

// dependentsUnknown waits until the dependents of a run that was taken over are known.
func dependentsUnknown(f *Facts, reason, doing string) Decision {
	if err := f.Dependents.Err(); TakenOver(f) && err != nil {
		return waitFor(WorkloadPoll, reason, doing, "finding the dependents of the earlier run: "+err.Error())
	}
	return Passed()
}

// unfinished names the dependents that have not come to the state, a few of them.
func unfinished(f *Facts, reached v1alpha1.DependentState) string {
	const shown = 3
	var lines []string
	n := 0
	for _, d := range f.Object.Status.Dependents {
		if d.State == reached || d.State == v1alpha1.DependentSkipped || (reached == v1alpha1.DependentPaused && d.Strategy != v1alpha1.StrategyPause) {
			continue
		}
		if n++; n <= shown {
			lines = append(lines, fmt.Sprintf("%s %s/%s: %s", d.Kind, d.Namespace, d.Name, cmp.Or(d.Message, strings.ToLower(string(d.State)))))
		}
	}
	if n > shown {
		lines = append(lines, fmt.Sprintf("and %d more", n-shown))
	}
	if n == 0 {
		return "waiting for the last pods"
	}
	return strings.Join(lines, "; ")
}

// workloads counts workloads in words.
func workloads(n int) string {
	if n == 1 {
		return "1 workload"
	}
	return fmt.Sprintf("%d workloads", n)
}

// round makes a length of time readable.
func round(d time.Duration) string {
	if d > time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// inSteps shows progress without making every reconciliation a write of the status, and writes that become rarer.
func inSteps(d time.Duration) string {
	if d < 10*time.Minute {
		return d.Truncate(time.Minute).String()
	}
	return d.Truncate(10 * time.Minute).String()
}
