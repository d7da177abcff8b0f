package show

import (
	"bytes"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
)

func TestElapsedTimes(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2023, 12, 23, 14, 0, 0, 0, time.UTC)
	s := terminal.New(genericiooptions.IOStreams{Out: &out})
	s.Clock, s.Environ = testingclock.NewFakePassiveClock(now), func(string) string { return "" }
	at := func(ago time.Duration) metav1.Time { return metav1.NewTime(now.Add(-ago)) }
	b := &v1alpha1.AuroraBacktrack{}
	b.CreationTimestamp = at(time.Minute)
	b.Status.Conditions = []metav1.Condition{
		{Type: v1alpha1.ConditionAdmitted, Status: metav1.ConditionTrue, Reason: "Admitted", Message: "long ago", LastTransitionTime: at(50 * time.Second)},
		{Type: v1alpha1.ConditionPreflightPassed, Status: metav1.ConditionTrue, Reason: "Passed", Message: "just now", LastTransitionTime: at(time.Second)},
		{Type: v1alpha1.ConditionDependentsPaused, Status: metav1.ConditionUnknown, Reason: "Pausing", Message: "under way", LastTransitionTime: at(time.Minute)},
	}
	NewProgress(s, b, false).Show(b)
	const want = `   10s  ✓ Admitted               long ago
    1m  ✓ PreflightPassed        just now
    1m  … DependentsPaused       under way
`
	if out.String() != want {
		t.Errorf("the progress is\n%s\nwant\n%s", out.String(), want)
	}
}
