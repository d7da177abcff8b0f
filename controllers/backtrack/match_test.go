package backtrack

import (
	"fmt"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestMatch has one record after a claim, made at 14:10 by our clock and a minute later by RDS's: it is the claim's,
// another one since the claim, or no matter.
func TestMatch(t *testing.T) {
	const (
		own     = "own"
		other   = "other"
		ignored = ""
	)
	start := time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)
	target := start.Add(-15 * time.Minute)
	claimed := start.Add(time.Minute) // by RDS's clock
	for name, test := range map[string]struct {
		requested time.Time
		reached   time.Time
		taken     bool // by another object
		earliest  bool // useEarliestTimeOnPointInTimeUnavailable

		want string
	}{
		"at the claim":                           {requested: claimed, reached: target, want: own},
		"as early as the clocks can tell":        {requested: claimed.Add(-skewSlack), reached: target, want: own},
		"before the claim":                       {requested: claimed.Add(-skewSlack - time.Millisecond), reached: target, want: ignored},
		"after the claim by our clock only":      {requested: start.Add(30 * time.Second), reached: target, want: ignored},
		"as late as a call can arrive":           {requested: claimed.Add(latest), reached: target, want: own},
		"later than a call can arrive":           {requested: claimed.Add(latest + time.Millisecond), reached: target, want: other},
		"a minute before the target":             {requested: claimed, reached: target.Add(-time.Minute), want: own},
		"a minute after it":                      {requested: claimed, reached: target.Add(time.Minute), want: own},
		"further before it":                      {requested: claimed, reached: target.Add(-time.Minute - time.Millisecond), want: other},
		"further after it":                       {requested: claimed, reached: target.Add(time.Minute + time.Millisecond), want: other},
		"further after it, and that will do":     {requested: claimed, reached: target.Add(time.Hour), earliest: true, want: own},
		"further before it, and later would do":  {requested: claimed, reached: target.Add(-time.Hour), earliest: true, want: other},
		"another object's":                       {requested: claimed, reached: target, taken: true, want: ignored},
		"another object's, to some other target": {requested: claimed, reached: target.Add(-time.Hour), taken: true, want: ignored},
	} {
		claim := v1alpha1.Claim{ClaimedAt: v1alpha1.NewTimestamp(start), BacktrackTo: v1alpha1.NewTimestamp(target), ClockSkew: 60}
		record := v1alpha1.BacktrackRecord{ID: "r", RequestedAt: v1alpha1.NewTimestamp(test.requested), BacktrackTo: v1alpha1.NewTimestamp(test.reached)}
		v := match(claim, []v1alpha1.BacktrackRecord{record}, func(string) bool { return test.taken }, time.Minute, test.earliest)
		want := map[string]string{own: "1 0", other: "0 1", ignored: "0 0"}[test.want]
		if got := fmt.Sprint(len(v.candidates), len(v.others)); got != want {
			t.Errorf("%s: candidates and others are %s, want %s", name, got, want)
		}
	}
}
