package backtrack

import (
	"context"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// enter writes the record into the ledger, so that it outlives the object, and goes on to follow it.
func (x *run) enter(ctx context.Context, record v1alpha1.BacktrackRecord) outcome {
	err := x.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool { return ledger.Record(c, x.object, record) })
	if err != nil {
		return failed(err)
	}
	return x.progress(record)
}

// progress says what the record's status means. Words that RDS may add one day mean: under way.
func (x *run) progress(record v1alpha1.BacktrackRecord) outcome {
	switch record.Status {
	case rds.StatusCompleted:
		return done(v1alpha1.ReasonCompleted, fmt.Sprintf("RDS completed backtrack %s to %s; to go forward again, backtrack to %s", record.ID, record.BacktrackTo, record.BacktrackedFrom))
	case rds.StatusFailed:
		return halted(v1alpha1.ReasonFailed, fmt.Sprintf("RDS accepted backtrack %s and reports it as failed: look at the cluster's events in RDS", record.ID))
	}
	elapsed := x.now().Sub(x.object.Status.Claim.ClaimedAt.Time())
	if !rds.UnderWay(record.Status, record.RequestedAt, x.now()) {
		return halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("backtrack %s reads %q since %s: look at the data, and at the cluster's events in RDS", record.ID, record.Status, round(elapsed)))
	}
	return waiting(x.Settings.Poll, v1alpha1.ReasonBacktracking, fmt.Sprintf("RDS took backtrack %s; it reads %q%s", record.ID, record.Status, ago(elapsed)))
}

// ago says how long ago the request was, once that is long.
func ago(d time.Duration) string {
	if d < 10*time.Second {
		return ""
	}
	return ", " + steps(d) + " after the request"
}

// steps shows progress without making every look a write of the status.
func steps(d time.Duration) string { return d.Truncate(10 * time.Second).String() }

// follow looks how far the object's record has come.
func (x *run) follow(ctx context.Context) outcome {
	if out := x.lostCluster(ctx); out.kind != goOn {
		return out
	}
	past, err := x.history(ctx)
	if err != nil {
		return x.rdsTrouble(err)
	}
	known := x.object.Status.Backtrack
	for _, record := range past {
		if record.ID != known.ID {
			continue
		}
		if known.Status == rds.StatusCompleted {
			record.Status = known.Status // what has ended does not begin again
		}
		x.object.Status.Claim.EmptySince = ""
		x.object.Status.Backtrack = &record
		return x.enter(ctx, record)
	}
	return x.unlisted(ctx)
}

// unlisted waits for a record that RDS named in its answer and does not list. When the cluster has been idle
// for long and it still is not there, nobody can tell what became of it.
func (x *run) unlisted(ctx context.Context) outcome {
	quiet, out := x.quietFor(ctx)
	if out.kind != goOn {
		return out
	}
	if quiet > 5*x.Settings.Settle {
		return halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("RDS accepted backtrack %s and has not listed it for %s, while the cluster was idle: look at the data, and at the cluster's events in RDS", x.object.Status.Backtrack.ID, round(quiet)))
	}
	return waiting(x.Settings.Poll, v1alpha1.ReasonBacktracking, fmt.Sprintf("RDS took backtrack %s and does not list it yet", x.object.Status.Backtrack.ID))
}

// look searches RDS's history for the record of a claim whose answer was lost.
func (x *run) look(ctx context.Context) outcome {
	if out := x.lostCluster(ctx); out.kind != goOn {
		return out
	}
	if x.claimedAnew() {
		return waiting(look, v1alpha1.ReasonVerifyingOutcome, "the ledger knows more of this object's call than the object itself; RDS's history is looked at")
	}
	past, err := x.history(ctx)
	if err != nil {
		return x.rdsTrouble(err)
	}
	claim := *x.object.Status.Claim
	own := func(id string) bool { return ledger.AccountedToOther(x.cluster, id, x.object) }
	found := match(claim, past, own, x.Settings.Tolerance, x.object.Spec.UseEarliestTimeOnPointInTimeUnavailable)
	switch len(found.candidates) {
	case 0:
		return x.notFound(ctx, claim, found)
	case 1:
		x.object.Status.Backtrack = &found.candidates[0]
		if err := x.persist(ctx); err != nil {
			return failed(err)
		}
		return x.enter(ctx, found.candidates[0])
	}
	return halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("the answer to the call was lost, and RDS lists %d backtracks since then that may be it (%s, %s, …): look at the data and at who else rewinds this cluster", len(found.candidates), found.candidates[0].ID, found.candidates[1].ID))
}

// claimedAnew takes over what the ledger has of the object's call and the object has not: its later claim, or
// its record. Whoever wrote it died before the second write, or may be calling at this moment.
func (x *run) claimedAnew() bool {
	entry, claim := ledger.Find(x.cluster, x.object), x.object.Status.Claim
	if entry == nil || (entry.ID == "" && entry.ClaimedAt == claim.ClaimedAt && entry.Attempt == claim.Attempt) {
		return false
	}
	x.adoptClaim(entry)
	return true
}

// notFound goes on looking for the settle period. Only when the history stayed empty, and the cluster idle,
// for all of it, the call certainly was not accepted, and the same object may claim again.
func (x *run) notFound(ctx context.Context, claim v1alpha1.Claim, found verdict) outcome {
	quiet, out := x.quietFor(ctx)
	if out.kind != goOn {
		return out
	}
	settled := quiet >= x.Settings.Settle && x.rdsNow().Sub(begun(claim)) >= x.Settings.Settle+x.RDS.CallTimeout()
	switch {
	case !settled:
		return waiting(x.Settings.Poll, v1alpha1.ReasonVerifyingOutcome, fmt.Sprintf("it is not known whether RDS accepted the call at %s; its history shows nothing yet (watched for %s, %s are needed), and it is not asked again meanwhile", claim.ClaimedAt, steps(quiet), x.Settings.Settle))
	case len(found.others) > 0:
		return halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("the answer to the call was lost, and RDS lists backtrack %s, which somebody else made since then: look at the data and at who else rewinds this cluster", found.others[0].ID))
	case !x.object.DeletionTimestamp.IsZero():
		return x.abandon(ctx, halted(v1alpha1.ReasonDeleted, "deleted, and RDS had made nothing of the call; the database was not touched"))
	case x.object.Spec.Cancel:
		return x.abandon(ctx, halted(v1alpha1.ReasonCancelled, "cancelled, and RDS had made nothing of the call; the database was not touched"))
	case claim.Attempt >= mostAttempts:
		return x.abandon(ctx, halted(v1alpha1.ReasonFailed, fmt.Sprintf("RDS gave no answer to %d calls and made no backtrack of them: try again with a new AuroraBacktrack when RDS answers", claim.Attempt)))
	}
	out = x.ask(ctx, claim.Attempt+1)
	if out.kind == halt { // it found a reason not to, or was refused
		return x.abandon(ctx, out)
	}
	return out
}

// abandon ends a run whose call certainly was not accepted. Its claim goes: nothing was rewound, so nothing
// needs a restart, and nobody has to look for a record.
func (x *run) abandon(ctx context.Context, verdict outcome) outcome {
	if err := x.unclaim(ctx); err != nil {
		return failed(err)
	}
	return verdict
}

// unclaim takes the object's claim back, in the ledger and here.
func (x *run) unclaim(ctx context.Context) error {
	if x.object.Status.Claim == nil {
		return nil
	}
	claim := *x.object.Status.Claim
	if err := x.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool { return ledger.Unclaim(c, x.object, claim) }); err != nil {
		return err
	}
	x.object.Status.Claim = nil
	return nil
}

// quietFor is for how long the object's record has been missing from RDS's history while the cluster was
// idle. Anything that moves starts it anew.
func (x *run) quietFor(ctx context.Context) (time.Duration, outcome) {
	observed, err := x.describe(ctx)
	if err != nil {
		return 0, x.rdsTrouble(err)
	}
	claim := x.object.Status.Claim
	if out := x.idle(ctx, observed); out.kind != goOn {
		claim.EmptySince = ""
		return 0, waiting(x.Settings.Poll, v1alpha1.ReasonVerifyingOutcome, "it is not known whether RDS accepted the call; "+out.message)
	}
	if claim.EmptySince == "" {
		claim.EmptySince = v1alpha1.NewTimestamp(x.rdsNow())
	}
	return x.rdsNow().Sub(claim.EmptySince.Time()), done("", "")
}

// rdsNow is the time by RDS's clock, by which the settle period goes: ours may be set in the middle of it, and
// would then call RDS again before the record of the first call is listed.
func (x *run) rdsNow() time.Time { return x.now().Add(x.RDS.Skew(rds.TargetOf(x.cluster))) }

// lostCluster ends a run whose AuroraCluster was taken away by force: without it nobody can ask RDS. One that was
// created again is locked again.
func (x *run) lostCluster(ctx context.Context) outcome {
	cluster, err := x.auroraCluster(ctx)
	if err != nil {
		return failed(err)
	}
	if cluster == nil {
		return halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("AuroraCluster %s was deleted after RDS was asked; nobody can follow the backtrack: create it again, and look at the cluster in RDS", x.object.Spec.ClusterRef.Name))
	}
	if err := x.regain(ctx); err != nil {
		return failed(err)
	}
	return done("", "")
}
