package claim

import (
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	// skewSlack covers the Date header's resolution of one second, on both sides.
	skewSlack = 2 * time.Second
	// SignatureLifetime is how long after it was signed a request can still be received: a signature is good for five
	// minutes (AWS's "Signature expired" errors name the limit).
	SignatureLifetime = 5 * time.Minute
	// recordPrecision is the precision of BacktrackTo in RDS's records: whole seconds.
	recordPrecision = time.Second
)

// Verdict is what RDS's history says about a claim.
type Verdict struct {
	// Candidates are the records that may be the claim's.
	Candidates []v1alpha1.BacktrackRecord
	// Others are records since the claim that cannot be its own: the history did not stay empty.
	Others []v1alpha1.BacktrackRecord
}

// Search is how a record is recognised.
type Search struct {
	// Tolerance is how far the time that Aurora reached may lie from the time asked for.
	Tolerance time.Duration
	// UseEarliest says that RDS may have gone to the start of the window instead.
	UseEarliest bool
	// Delivery is how late RDS can receive the claim's call.
	Delivery Delivery
	// Accounted reports whether the record is known to be another object's.
	Accounted func(id string) bool
}

// Begun is when the claim was written, by RDS's clock.
func Begun(claim v1alpha1.Claim) time.Time {
	return claim.ClaimedAt.Time().Add(time.Duration(claim.ClockSkew) * time.Second)
}

// Delivery is how late RDS can receive a call.
type Delivery struct {
	CallTimeout       time.Duration // how long after the claim the call is begun at the latest
	SignatureLifetime time.Duration // how long after that it can be received
	ListingLag        time.Duration // how long after that RDS's history may not show it yet
}

// ReceivableUntil is the last moment, by RDS's clock, at which RDS can receive the claim's call. The signature carries our
// time, which RDS reads by its own clock.
func (d Delivery) ReceivableUntil(claim v1alpha1.Claim) time.Time {
	signed := Begun(claim)
	if ours := claim.ClaimedAt.Time(); ours.After(signed) {
		signed = ours
	}
	return signed.Add(d.CallTimeout + d.SignatureLifetime)
}

// Match looks in RDS's history for the record of a claim: requested while the claim's call could be received, by RDS's
// clock, with the time asked for or one within the tolerance, and not known to be another object's.
func (s Search) Match(claim v1alpha1.Claim, history []v1alpha1.BacktrackRecord) Verdict {
	var v Verdict
	earliest, latest := Begun(claim).Add(-skewSlack), s.Delivery.ReceivableUntil(claim).Add(skewSlack)
	target := claim.BacktrackTo.Time()
	for _, record := range history {
		requested := record.RequestedAt.Time()
		if requested.Before(earliest) || s.Accounted(record.ID) {
			continue
		}
		reached := record.BacktrackTo.Time()
		same := reached.Sub(target).Abs() <= s.Tolerance || (s.UseEarliest && reached.After(target))
		if same && !requested.After(latest) {
			v.Candidates = append(v.Candidates, record)
		} else {
			v.Others = append(v.Others, record)
		}
	}
	return v
}

// SettledAt is when, by RDS's clock, the claim's call was certainly not accepted: RDS's history has then shown no record, and
// the cluster was idle, for the listing lag after the last moment at which the call could be received.
func (d Delivery) SettledAt(claim v1alpha1.Claim) time.Time {
	from := d.ReceivableUntil(claim)
	if empty := claim.EmptySince.Time(); empty.After(from) {
		from = empty
	}
	return from.Add(d.ListingLag)
}

// Settled reports whether that moment has come.
func (d Delivery) Settled(claim v1alpha1.Claim, rdsNow time.Time) bool {
	return claim.EmptySince != "" && !rdsNow.Before(d.SettledAt(claim))
}

// MadeElsewhere looks in RDS's history for a backtrack that has ended, completed or failed, that did what the object asks for
// and that no object accounts for: the second witness that a finished rewind never runs again, for when the ledger was lost together with
// the object's status. earliest is the start of the window; with useEarliestTimeOnPointInTimeUnavailable RDS's record shows
// the start of the window at that time. What repeat names, and whatever is older, does not count.
func MadeElsewhere(
	spec v1alpha1.AuroraBacktrackSpec, history []v1alpha1.BacktrackRecord, accounted func(id string) bool, earliest time.Time,
) *v1alpha1.BacktrackRecord {
	target := spec.BacktrackTo.Time()
	var found *v1alpha1.BacktrackRecord
	for i := range history { // oldest first
		record := &history[i]
		reached := record.BacktrackTo.Time()
		same := reached.Sub(target).Abs() < recordPrecision
		if spec.UseEarliestTimeOnPointInTimeUnavailable && target.Before(earliest) && reached.After(target) {
			same = true
		}
		if same && ended(record.Status) && !accounted(record.ID) {
			found = record
		}
		if spec.Repeat != "" && record.ID == spec.Repeat {
			found = nil
		}
	}
	return found
}
