package backtrack_test

import (
	"context"
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestVerifyCrashes runs every scenario with a check once for each thing that can go wrong at each of its moments.
func TestVerifyCrashes(t *testing.T) {
	with := func(check harness.Check) func(*harness.Checker) {
		return func(s *harness.Checker) {
			s.Create(harness.NewCheck("check"))
			s.Check = check
		}
	}
	keep := harness.VerifiedBy("check", v1alpha1.OnFailureKeep)
	verifying := func(s *harness.Checker) bool {
		b := s.Read("undo")
		return b != nil && b.Status.Verification != nil && b.Status.Verification.JobUID != ""
	}
	for name, s := range map[string]harness.Scenario{
		"its check passes": {Given: with(harness.Check{}), Object: keep, Want: v1alpha1.ReasonSucceeded, WantAccepted: 1},
		"its check fails":  {Given: with(harness.Check{ExitCode: 1}), Object: keep, Want: v1alpha1.ReasonVerificationFailed, WantAccepted: 1},
		"its check hangs":  {Given: with(harness.Check{Hangs: true}), Object: keep, Want: v1alpha1.ReasonVerificationInconclusive, WantAccepted: 1},
		"its Job is deleted": {
			Given: with(harness.Check{Hangs: true}), Object: keep, Want: v1alpha1.ReasonVerificationInconclusive, WantAccepted: 1,
			Users: once(verifying, func(s *harness.Checker) { s.Must(s.API.Delete(context.Background(), &s.Jobs()[0])) }),
		},
		"it is deleted while its data is checked": {
			Given: with(harness.Check{}), Object: keep, Want: "gone", WantAccepted: 1,
			Users: once(verifying, func(s *harness.Checker) { s.Delete("undo") }),
		},
		"its status is wiped while its data is checked": {
			Given: with(harness.Check{}), Object: keep, Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
			Users: once(verifying, func(s *harness.Checker) { s.WipeStatus("undo") }),
			// The end was written before the status was wiped.
			WantElse: []string{v1alpha1.ReasonAlreadyApplied},
		},
		"its AuroraCluster is taken away while its data is checked": {
			Given: with(harness.Check{}), Object: keep, Want: v1alpha1.ReasonSucceeded, WantAccepted: 1,
			Users: once(verifying, func(s *harness.Checker) { s.Must(s.API.Delete(context.Background(), s.ReadCluster("game"))) }),
		},
	} {
		t.Run(name, s.TestFaults)
	}
}
