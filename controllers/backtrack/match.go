package backtrack

import (
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	// skewSlack covers the Date header's resolution of one second, on both sides.
	skewSlack = 2 * time.Second
	// latest is how long after its claim a call can still have been received: a signed request is void after
	// five minutes.
	latest = 5 * time.Minute
)

// verdict is what RDS's history says about a claim.
type verdict struct {
	// candidates are the records that may be the claim's.
	candidates []v1alpha1.BacktrackRecord
	// others are records since the claim that cannot be its own: the history did not stay empty.
	others []v1alpha1.BacktrackRecord
}

// begun is when the claim was written, by RDS's clock.
func begun(claim v1alpha1.Claim) time.Time {
	return claim.ClaimedAt.Time().Add(time.Duration(claim.ClockSkew) * time.Second)
}

// match looks in RDS's history for the record of a claim: requested at or after the claim by RDS's clock,
// with the time asked for or one within the tolerance, and not known to be another object's.
func match(claim v1alpha1.Claim, history []v1alpha1.BacktrackRecord, accounted func(id string) bool, tolerance time.Duration, useEarliest bool) verdict {
	var v verdict
	claimed := begun(claim)
	target := claim.BacktrackTo.Time()
	for _, record := range history {
		requested := record.RequestedAt.Time()
		if requested.Before(claimed.Add(-skewSlack)) || accounted(record.ID) {
			continue
		}
		reached := record.BacktrackTo.Time()
		same := near(reached, target, tolerance) || (useEarliest && reached.After(target))
		if same && !requested.After(claimed.Add(latest)) {
			v.candidates = append(v.candidates, record)
		} else {
			v.others = append(v.others, record)
		}
	}
	return v
}
