package steps

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
)

// search looks in RDS's history for the record of a claim whose answer was lost.
func search(f *Facts) Decision {
	cluster, d := ClusterOf(f)
	if d.Kind != Continue || cluster == nil {
		return d
	}
	past, d := history(f)
	if d.Kind != Continue {
		return d
	}
	found := claim.Search{
		Tolerance: f.Settings.Tolerance, UseEarliest: f.Object.Spec.UseEarliestTimeOnPointInTimeUnavailable, Delivery: f.delivery(),
		Accounted: func(id string) bool { return claim.AccountedToOther(cluster, id, f.Object) },
	}.Match(*f.Object.Status.Claim, past)
	switch len(found.Candidates) {
	case 0:
		return notFound(f, found)
	case 1:
		f.Object.Status.Backtrack = &found.Candidates[0]
		return follow(f)
	}
	return Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("the answer to the call was lost, and RDS lists %d backtracks since then that may be it (%s, %s, …): look at the data and at who else rewinds this cluster", len(found.Candidates), found.Candidates[0].ID, found.Candidates[1].ID))
}

// notFound goes on searching for the settle period. Only when the history stayed empty, and the cluster idle,
// for all of it, the call certainly was not accepted, and the same object may claim again.
func notFound(f *Facts, found claim.Verdict) Decision {
	if d := emptyAndIdle(f); d.Kind != Continue {
		return d
	}
	open := *f.Object.Status.Claim
	switch {
	case !f.delivery().Settled(open, f.historyRead()):
		return wait(f.searchInterval(), v1alpha1.ReasonVerifyingOutcome, fmt.Sprintf("it is not known whether RDS accepted the call at %s; its history shows nothing yet, and it is not asked again before %s", open.ClaimedAt, v1alpha1.NewTimestamp(f.delivery().SettledAt(open))))
	case len(found.Others) > 0:
		return Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("the answer to the call was lost, and RDS lists backtrack %s, which somebody else made since then: look at the data and at who else rewinds this cluster", found.Others[0].ID))
	case !f.Object.DeletionTimestamp.IsZero():
		return abandon(Halted(v1alpha1.ReasonDeleted, "deleted, and RDS recorded no backtrack for the call; the database was not touched"))
	case f.Object.Spec.Cancel:
		return abandon(Halted(v1alpha1.ReasonCancelled, "cancelled, and RDS recorded no backtrack for the call; the database was not touched"))
	case open.Attempt >= maxAttempts:
		return abandon(Halted(v1alpha1.ReasonFailed, fmt.Sprintf("RDS gave no answer to %d calls and recorded no backtrack for them: try again with a new AuroraBacktrack when RDS answers", open.Attempt)))
	}
	d := ask(f)
	if settled := f.delivery().SettledAt(open); d.Kind == Wait && f.Count(v1alpha1.StrategyPause) > 0 && f.RDSNow().Sub(settled) > PauseTimeout(f) {
		d = Halted(v1alpha1.ReasonPauseTimedOut, fmt.Sprintf("RDS recorded no backtrack for the call and could not be asked again within %s (spec.pauseTimeout of AuroraCluster %s), so what was paused is resumed: %s", PauseTimeout(f), f.Object.Spec.ClusterRef.Name, cmp.Or(d.Cause, d.Message)))
	}
	if d.Kind == Halt && d.Reason != v1alpha1.ReasonOutcomeUnknown { // there is a reason not to
		return abandon(d)
	}
	return d
}

// searchInterval is how soon the history is read again for a record that is looked for: an eighth of the time since the claim
// in whole seconds, between the polling interval and that of a record that is followed. A call that was accepted shows up soon.
func (f *Facts) searchInterval() time.Duration {
	eighth := (f.Now.Sub(f.Object.Status.Claim.ClaimedAt.Time()) / 8).Truncate(time.Second)
	return max(min(eighth, historyInterval), f.Settings.Poll)
}

// abandon ends a run whose call certainly was not accepted. Its claim goes: nothing was rewound, so nothing
// needs a restart, and nobody has to look for a record.
func abandon(verdict Decision) Decision { return doingThen(WithdrawClaim, verdict) }
