package claim

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// FuzzMatch makes histories of two records around a claim. No record is adopted that is older than the claim,
// that belongs to another object, or that could not have been received any more; none counts twice; and none
// since the claim is overlooked.
func FuzzMatch(f *testing.F) {
	f.Add(int64(0), int64(0), int64(0), int64(5), int64(0), false, false)
	f.Add(int64(-7), int64(-2), int64(1), int64(299), int64(59), true, false)
	f.Add(int64(90), int64(91), int64(-61), int64(301), int64(3600), false, true)
	f.Fuzz(func(t *testing.T, skew, first, firstOff, second, secondOff int64, taken, earliest bool) {
		bound := func(seconds int64) time.Duration { return time.Duration(seconds%1_000_000) * time.Second }
		claimedAt := time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)
		target := claimedAt.Add(-15 * time.Minute)
		claim := v1alpha1.Claim{ClaimedAt: v1alpha1.NewTimestamp(claimedAt), BacktrackTo: v1alpha1.NewTimestamp(target), ClockSkew: int64(bound(skew) / time.Second)}
		record := func(id string, requested, off int64) v1alpha1.BacktrackRecord {
			return v1alpha1.BacktrackRecord{ID: id, RequestedAt: v1alpha1.NewTimestamp(claimedAt.Add(bound(requested))), BacktrackTo: v1alpha1.NewTimestamp(target.Add(bound(off)))}
		}
		history := []v1alpha1.BacktrackRecord{record("first", first, firstOff), record("second", second, secondOff)}
		others := func(id string) bool { return taken && id == "first" }
		const tolerance = time.Minute
		v := Search{Tolerance: tolerance, UseEarliest: earliest, Delivery: delivery, Accounted: others}.Match(claim, history)

		byRDS, latest := claimedAt.Add(bound(skew)), delivery.ReceivableUntil(claim).Add(skewSlack)
		seen := map[string]int{}
		for _, r := range v.Candidates {
			seen[r.ID]++
			requested, off := r.RequestedAt.Time(), r.BacktrackTo.Time().Sub(target)
			switch {
			case others(r.ID):
				t.Errorf("adopted %s, which is another object's", r.ID)
			case requested.Before(byRDS.Add(-skewSlack)):
				t.Errorf("adopted %s, requested %s before the claim", r.ID, byRDS.Sub(requested))
			case requested.After(latest):
				t.Errorf("adopted %s, requested %s after the claim", r.ID, requested.Sub(byRDS))
			case off.Abs() > tolerance && (!earliest || off < 0):
				t.Errorf("adopted %s, which went %s beside the target", r.ID, off)
			}
		}
		for _, r := range v.Others {
			seen[r.ID]++
		}
		for _, r := range history {
			want := 1
			if others(r.ID) || r.RequestedAt.Time().Before(byRDS.Add(-skewSlack)) {
				want = 0
			}
			if seen[r.ID] != want {
				t.Errorf("%s counts %d times, want %d", r.ID, seen[r.ID], want)
			}
		}
	})
}
