package terminal

import (
	"time"

	"github.com/aurora-backtrack/operator/controllers/timeline"
)

// Now is the present time.
func (t *Terminal) Now() time.Time { return t.Clock.Now() }

// Stamp writes a time in UTC, in the zone of the person where that is another one, and with its distance.
func (t *Terminal) Stamp(at time.Time) string {
	text := timeline.Typed(at)
	local := at.In(t.Zone)
	if _, offset := local.Zone(); offset != 0 {
		text += local.Format(" (2006-01-02 15:04:05 MST)")
	}
	return text + ", " + t.Ago(at)
}

// Ago is a time's distance from now.
func (t *Terminal) Ago(at time.Time) string {
	d := t.Now().Sub(at)
	if d < 0 {
		return "in " + timeline.Length(-d)
	}
	return timeline.Length(d) + " ago"
}
