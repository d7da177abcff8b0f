package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestSettlePeriodStartsAnew has RDS list the record of a lost answer late: later than the settle period after the
// call, but sooner than that after the cluster was busy. RDS is not asked again.
func TestSettlePeriodStartsAnew(t *testing.T) {
	for name, unlisted := range map[string]time.Duration{
		"soon after":             66 * time.Second,
		"a good while after":     74 * time.Second,
		"close to the next call": 80 * time.Second,
	} {
		s := harness.Scenario{
			Given: func(s *harness.Checker) { // the cluster reads backtracking from 9 s to 64 s after the call
				s.RDS.SetTiming(local.Timing{Unlisted: unlisted, Pending: 2 * time.Second, Backtracking: 55 * time.Second, StatusLag: 7 * time.Second})
				failing(local.FaultLostReply)(s)
			},
			Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.Judge(t, "undisturbed", s.Run(t, nil))
		})
	}
}
