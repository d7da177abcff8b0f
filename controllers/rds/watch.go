package rds

import (
	"hash/fnv"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Observation is what is known of a watched cluster.
type Observation struct {
	Cluster      Cluster   // RDS's latest answer; zero when it has given none
	At           time.Time // when that was asked for, by our clock; zero when there is none
	Backtracking time.Time // when the latest answer was asked for that read "backtracking"; zero when none did
	Err          error     // why the latest question brought no answer; nil when it did
	ErrSince     time.Time // since when questions have ended with the reason of Err
}

// watch is one cluster that a poller asks about.
type watch struct {
	target  Target
	every   time.Duration // at rest
	due     time.Time
	rewind  *rewind // nil at rest
	alone   bool    // RDS objects to its identifier: it must not spoil the call of others
	seen    Observation
	asked   time.Time // when the question was put whose answer is seen
	shown   Cluster   // as subscribers were woken for it last
	history struct {
		read   time.Time // when it was read last, or offered for reading
		hinted time.Time // when an answer last hinted at a backtrack
		due    bool
	}
}

// rewind is a backtrack under way.
type rewind struct {
	begun    time.Time
	expected time.Duration
}

// rank is that of the questions about the cluster.
func (w *watch) rank() Rank {
	if w.rewind != nil {
		return RankActive
	}
	return RankRest
}

// apply takes in an answer to a question that was put at the time, and reports whether a person or a rule looks at what it
// changed. Throttling is not shown once there is an answer: it says nothing about the cluster.
func (w *watch) apply(asked time.Time, a answer) bool {
	if asked.Before(w.asked) {
		return false // a later question has been answered meanwhile
	}
	if a.err != nil {
		if IsReason(a.err, v1alpha1.ReasonThrottled) && !w.asked.IsZero() {
			return false
		}
		news := w.seen.Err == nil || ReasonOf(w.seen.Err) != ReasonOf(a.err)
		if news {
			w.seen.ErrSince = asked
		}
		w.seen.Err, w.asked = a.err, asked
		return news
	}
	first, before := w.seen.At.IsZero(), w.seen
	w.seen, w.asked = Observation{Cluster: a.cluster, At: asked, Backtracking: before.Backtracking}, asked
	if a.cluster.Backtracking() {
		w.seen.Backtracking = asked
	}
	if !first && hintsAtBacktrack(before.Cluster, a.cluster) {
		w.history.due, w.history.hinted = true, asked
	}
	if !first && before.Err == nil && !changed(w.shown, a.cluster) {
		return false
	}
	w.shown = a.cluster
	return true
}

// hintsAtBacktrack reports whether a cluster's history may have a new record, or one that has ended.
func hintsAtBacktrack(before, now Cluster) bool {
	return before.ResourceID != now.ResourceID || before.Backtracking() != now.Backtracking()
}

// changed reports whether a person or a rule looks at what is different: all but the change records, which move with every
// write, and the earliest time within its step.
func changed(shown, observed Cluster) bool {
	observed.Earliest = StepEarliest(shown.Earliest, observed)
	observed.ChangeRecords = shown.ChangeRecords
	return shown != observed
}

const (
	minEarliestStep = time.Minute
	maxEarliestStep = time.Hour
)

// StepEarliest gives the earliest backtrack time to show for the cluster: the one that is shown, until a step is full. The
// earliest time moves on all the time; showing it in steps, of half the window but an hour at most, makes one write of many.
// Each cluster has a phase of its own, so that a thousand of them are not written at the same moment.
func StepEarliest(shown time.Time, observed Cluster) time.Time {
	step := min(max(time.Duration(observed.BacktrackWindow)*time.Second/2, minEarliestStep), maxEarliestStep)
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(observed.Identifier))
	phase := time.Duration(hash.Sum32()) * time.Second % step
	if shown.IsZero() != observed.Earliest.IsZero() || !shown.Add(phase).Truncate(step).Equal(observed.Earliest.Add(phase).Truncate(step)) {
		return observed.Earliest
	}
	return shown
}
