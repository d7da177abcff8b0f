// Package timeline turns the backtracks of an Aurora cluster into its history as stretches of time, and draws it.
//
// Aurora keeps one line of history that only grows: a backtrack puts an old state on its end. So at every moment the
// cluster was in exactly one stretch; a backtrack ends the stretch that was current and starts one that continues from
// a point of an earlier one. The package is pure: history in, text, SVG or JSON out.
package timeline

import (
	"cmp"
	"slices"
	"time"
)

// State is how far a backtrack came.
type State string

// The states of a backtrack. Only a completed one starts a stretch.
const (
	Completed State = "completed"
	Failed    State = "failed"   // RDS's record reads failed: it does not say what state the data is in
	UnderWay  State = "underWay" // RDS took it and it has not ended
	Unknown   State = "unknown"  // RDS may have been asked; there is no record of it yet
)

// Backtrack is one backtrack of the cluster, as the ledger has it.
type Backtrack struct {
	// ID is RDS's identifier of its record; empty while there is none.
	ID string `json:"id,omitempty"`
	// Name is the AuroraBacktrack that asked for it, as namespace/name; empty for one made elsewhere.
	Name string `json:"name,omitempty"`
	// Requester is the user who created that object, where it is known.
	Requester string `json:"requester,omitempty"`
	// RequestedAt is when RDS was asked.
	RequestedAt time.Time `json:"requestedAt,omitzero"`
	// To is the time that the cluster went to.
	To time.Time `json:"to,omitzero"`
	// From is RDS's BacktrackedFrom: the last moment before the rewind. Going to it undoes the backtrack.
	From  time.Time `json:"from,omitzero"`
	State State     `json:"state"`
}

// at is when the backtrack took effect, or else was asked for; zero when neither is known.
func (b Backtrack) at() time.Time {
	if !b.From.IsZero() {
		return b.From
	}
	return b.RequestedAt
}

// Moment is something that happened in Kubernetes.
type Moment struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// History is what is known of a cluster.
type History struct {
	// Cluster is the AuroraCluster's name.
	Cluster string
	Now     time.Time
	// Earliest is the earliest time that the cluster can be rewound to; zero when it is not known.
	Earliest time.Time
	// Window is the target length of the backtrack window.
	Window     time.Duration
	Backtracks []Backtrack
	Moments    []Moment
}

// Stretch is a part of the history in which the cluster went on without a backtrack: after Start, up to and with End.
// The present one ends now. That End belongs to it is what makes an undo exact: a backtrack goes to BacktrackedFrom.
type Stretch struct {
	// Number counts the stretches, from 1, oldest first. Each is drawn in a lane of its own.
	Number int       `json:"number"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	// Parent is the number of the stretch that this one continues; 0 for the original.
	Parent int `json:"parent,omitempty"`
	// From is the time in the parent from which it continues.
	From time.Time `json:"from,omitzero"`
	// Backtrack started it; nil for the original.
	Backtrack *Backtrack `json:"backtrack,omitempty"`
	// Reachable reports whether a part of it is inside the backtrack window.
	Reachable bool `json:"reachable"`
	// GoTo is the time to rewind to in order to get to the end of the stretch, in RFC 3339; empty for the present one,
	// one outside the window and one in which no time passed.
	GoTo string `json:"goTo,omitempty"`
}

// Timeline is the history of a cluster as stretches.
type Timeline struct {
	Cluster  string        `json:"cluster"`
	Now      time.Time     `json:"now"`
	Earliest time.Time     `json:"earliest,omitzero"`
	Window   time.Duration `json:"-"`
	// Stretches cover the time from the first known moment to now, without gap or overlap.
	Stretches []Stretch `json:"stretches"`
	// Others are backtracks that started no stretch, in the order of time: failed, under way, or not known to RDS.
	Others []Backtrack `json:"others,omitempty"`
	// Moments are what else happened inside the drawn time, in the order of time.
	Moments []Moment `json:"moments,omitempty"`
}

// New makes the timeline of a history. Backtracks may come in any order.
func New(h History) Timeline {
	effective, others := divide(h.Backtracks)
	t := Timeline{Cluster: h.Cluster, Now: h.Now.UTC(), Earliest: h.Earliest.UTC(), Window: h.Window, Others: others}
	first := t.Now
	if !h.Earliest.IsZero() && h.Earliest.Before(first) {
		first = t.Earliest
	}
	for _, b := range effective {
		// RDS's clock can be ahead of ours.
		t.Now = later(t.Now, b.at().UTC())
		first = earlier(first, earlier(b.To, b.at()).UTC())
	}
	t.Stretches = append(t.Stretches, Stretch{Number: 1, Start: first, End: t.Now})
	for i := range effective {
		t.add(&effective[i])
	}
	for i := range t.Stretches {
		s := &t.Stretches[i]
		s.Reachable = i == len(t.Stretches)-1 || h.Earliest.IsZero() || s.End.After(t.Earliest)
		if s.Reachable && i < len(t.Stretches)-1 && s.End.After(s.Start) {
			s.GoTo = Typed(s.End)
		}
	}
	for _, m := range h.Moments {
		if !m.At.Before(first) && !m.At.After(t.Now) {
			t.Moments = append(t.Moments, Moment{At: m.At.UTC(), What: m.What})
		}
	}
	slices.SortStableFunc(t.Moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	return t
}

// divide gives the backtracks that started a stretch, and the others, each in the order of time.
func divide(all []Backtrack) (effective, others []Backtrack) {
	for _, b := range all {
		if b.State == Completed && !b.To.IsZero() && !b.at().IsZero() {
			effective = append(effective, b)
		} else {
			others = append(others, b)
		}
	}
	byTime := func(a, b Backtrack) int {
		return cmp.Or(a.at().Compare(b.at()), a.RequestedAt.Compare(b.RequestedAt), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name))
	}
	slices.SortStableFunc(effective, byTime)
	slices.SortStableFunc(others, byTime)
	return effective, others
}

// add ends the present stretch and starts the one of the backtrack.
func (t *Timeline) add(b *Backtrack) {
	start := b.at().UTC()
	t.Stretches[len(t.Stretches)-1].End = start
	from := earlier(b.To, start).UTC()
	parent := t.At(from)
	t.Stretches = append(t.Stretches, Stretch{
		Number: len(t.Stretches) + 1, Start: start, End: t.Now, Parent: parent.Number, From: from, Backtrack: b,
	})
}

// At gives the stretch that the cluster was in at a time. Before the first known moment that is the original, after now
// the present one.
func (t *Timeline) At(at time.Time) Stretch {
	i, _ := slices.BinarySearchFunc(t.Stretches, at, func(s Stretch, at time.Time) int { return s.End.Compare(at) })
	// Several end at one moment when two backtracks took effect at once; time passed only in the first of them.
	for i > 0 && i < len(t.Stretches) && t.Stretches[i-1].End.Equal(t.Stretches[i].End) {
		i--
	}
	return t.Stretches[min(i, len(t.Stretches)-1)]
}

// Lineage follows the arrows from a time back to the original, and gives the stretches passed, the one at that time
// first. What the database held at that time was written in them.
func (t *Timeline) Lineage(at time.Time) []Stretch {
	s := t.At(at)
	line := []Stretch{s}
	for s.Parent != 0 {
		s = t.Stretches[s.Parent-1]
		line = append(line, s)
	}
	return line
}

// Typed is the time as a person types it: RFC 3339 in UTC, with its milliseconds.
func Typed(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.999Z07:00") }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
