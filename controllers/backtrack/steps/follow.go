package steps

import (
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// follow looks how far the object's record has come.
func follow(f *Facts) Decision {
	cluster, d := ClusterOf(f)
	if d.Kind != Continue || cluster == nil {
		return d
	}
	if !f.Called.Read() { // RDS's answer to the call is as fresh as its history
		due, d := historyDue(f)
		if d.Kind != Continue {
			return d
		}
		if !due {
			return progress(f, *f.Object.Status.Backtrack)
		}
		past, d := history(f)
		if d.Kind != Continue {
			return d
		}
		record := listed(past, *f.Object.Status.Backtrack)
		if record == nil {
			return unlisted(f)
		}
		f.Object.Status.Claim.EmptySince = ""
		f.Object.Status.Backtrack = record
	}
	record := *f.Object.Status.Backtrack
	if !claim.Recorded(cluster, f.Object, record) {
		return doingThen(EnterRecord, progress(f, record))
	}
	return progress(f, record)
}

// listed gives the record as RDS lists it now; nil when it does not. What has ended does not begin again.
func listed(past []v1alpha1.BacktrackRecord, known v1alpha1.BacktrackRecord) *v1alpha1.BacktrackRecord {
	for _, record := range past {
		if record.ID == known.ID {
			if known.Status == rds.StatusCompleted {
				record.Status = known.Status
			}
			return &record
		}
	}
	return nil
}

// progress says what the record's status means. Words that RDS may add one day mean: under way.
func progress(f *Facts, record v1alpha1.BacktrackRecord) Decision {
	switch record.Status {
	case rds.StatusCompleted:
		return done(v1alpha1.ReasonCompleted, fmt.Sprintf("RDS completed backtrack %s to %s; to go forward again, backtrack to %s", record.ID, record.BacktrackTo, record.BacktrackedFrom))
	case rds.StatusFailed:
		return Halted(v1alpha1.ReasonFailed, fmt.Sprintf("RDS accepted backtrack %s and reports it as failed, so the state of the data is not known: look at the data, and at the cluster's events in RDS", record.ID))
	}
	elapsed := f.Now.Sub(f.Object.Status.Claim.ClaimedAt.Time())
	if !rds.UnderWay(record.Status, record.RequestedAt, f.Now) {
		return Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("backtrack %s reads %q since %s: look at the data, and at the cluster's events in RDS", record.ID, record.Status, round(elapsed)))
	}
	message := fmt.Sprintf("RDS took backtrack %s; it reads %q", record.ID, record.Status)
	if elapsed >= time.Minute {
		message += ", " + inSteps(elapsed) + " after the request"
	}
	return wait(max(nextHistory(f), f.Settings.Poll), v1alpha1.ReasonBacktracking, message)
}

// unlisted waits for a record that RDS named in its answer and does not list. When the cluster has been idle
// for long and it still is not there, nobody can tell what became of it.
func unlisted(f *Facts) Decision {
	if d := emptyAndIdle(f); d.Kind != Continue {
		return d
	}
	quiet := f.historyRead().Sub(f.Object.Status.Claim.EmptySince.Time())
	id := f.Object.Status.Backtrack.ID
	if quiet > 5*f.Settings.Settle {
		return Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf("RDS accepted backtrack %s and has not listed it for %s, while the cluster was idle: look at the data, and at the cluster's events in RDS", id, round(quiet)))
	}
	return wait(f.searchInterval(), v1alpha1.ReasonBacktracking, fmt.Sprintf("RDS took backtrack %s and does not list it yet", id))
}
