package aurora

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Backtrack is one record of a cluster's history. When it does what is fixed
// when the call is accepted; Server.Tick does the work that has become due.
type Backtrack struct {
	Identifier string `json:"identifier"`
	// RequestedAt is the BacktrackRequestCreationTime.
	RequestedAt time.Time `json:"requestedAt"`
	// AskedTo is the time to go to, as the call said it.
	AskedTo time.Time `json:"askedTo"`
	// To is the record's BacktrackTo: AskedTo, then the time that was reached.
	To time.Time `json:"to"`
	// From is BacktrackedFrom; zero until the rewind began.
	From time.Time `json:"from,omitzero"`

	Timing Timing `json:"timing"`
	// Fails marks a record that is to end as failed, or that did.
	Fails bool `json:"fails,omitempty"`
	// Ended is when the record came to its end; zero until then.
	Ended time.Time `json:"ended,omitzero"`
}

// State is one of pending, applying, completed and failed.
func (b *Backtrack) State() string {
	switch {
	case b.ended() && b.Fails:
		return "failed"
	case b.ended():
		return "completed"
	case b.begun():
		return "applying"
	default:
		return "pending"
	}
}

func (b *Backtrack) begun() bool { return !b.From.IsZero() }
func (b *Backtrack) ended() bool { return !b.Ended.IsZero() }

func (b *Backtrack) beginsAt() time.Time { return b.RequestedAt.Add(b.Timing.Pending) }
func (b *Backtrack) endsAt() time.Time   { return b.From.Add(b.Timing.Backtracking) }

func (b *Backtrack) listedAt(now time.Time) bool {
	return !now.Before(b.RequestedAt.Add(b.Timing.Unlisted))
}

// shownAt reports whether the cluster's status reads "backtracking" because of
// this record.
func (b *Backtrack) shownAt(now time.Time) bool {
	lag := b.Timing.StatusLag
	if now.Before(b.RequestedAt.Add(lag)) {
		return false
	}
	return !b.ended() || now.Before(b.Ended.Add(lag))
}

// advance does what is due for the cluster at now, and reports whether anything
// changed. Both steps may be due at once.
func (s *Server) advance(ctx context.Context, c *Cluster, now time.Time) (changed bool) {
	b := c.active()
	if b == nil {
		return false
	}
	if !b.begun() && !now.Before(b.beginsAt()) {
		s.begin(ctx, c, b)
		changed = true
	}
	if b.begun() && !now.Before(b.endsAt()) {
		s.end(ctx, c, b)
		changed = true
	}
	return changed
}

func (s *Server) begin(ctx context.Context, c *Cluster, b *Backtrack) {
	due := milliseconds(b.beginsAt())
	b.From = due
	if b.Fails {
		return
	}
	rewound, err := c.database.Rewind(ctx, b.Identifier, due, b.AskedTo)
	if err != nil {
		b.Fails = true
		s.log.Error("the rewind failed", "cluster", c.Identifier, "backtrack", b.Identifier, "error", err)
		return
	}
	b.From, b.To = milliseconds(rewound.From), rewound.To.UTC().Truncate(s.opts.RecordPrecision)
	s.event(c, b.From, "backtrack", fmt.Sprintf("Backtracking the DB cluster to %s.", timestamp(b.To)))
}

func (s *Server) end(ctx context.Context, c *Cluster, b *Backtrack) {
	if err := c.database.Resume(ctx); err != nil {
		// The data is where it should be; only the door is shut. Tried again at
		// the next tick.
		s.log.Error("the database could not be opened again", "cluster", c.Identifier, "error", err)
		return
	}
	b.Ended = milliseconds(b.endsAt())
	s.event(c, b.Ended, "backtrack", "The backtrack of the DB cluster has "+b.State()+".")
}

// word is a status as the records spell it.
func (s *Server) word(state string) string {
	if s.opts.LowerCaseStatus && !s.opts.UpperCaseStatus {
		return state
	}
	return strings.ToUpper(state)
}
