package backtrack

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestStalls lets one operator stand still at each moment, as a machine does that is out of memory or out of
// sight, while another leads: for longer than a call may take, or until everything is over. Then the first goes on
// where it stood.
func TestStalls(t *testing.T) {
	for _, name := range []string{"it succeeds", "the reply is lost", "another one waits for it", "it is deleted after the claim", "it is replaced by force after the call"} {
		s := stories()[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var moments []moment
			s.tell(t, func(m moment) error { moments = append(moments, m); return nil })
			for _, m := range worthwhile(moments) {
				s.stalled(t, m.N, 40*time.Second)
				s.stalled(t, m.N, untilAllIsOver)
			}
		})
	}
}

const untilAllIsOver = time.Hour

// stalled tells the story with an operator that stands still at its nth moment for the length of time, or until
// everything is over.
func (s story) stalled(t *testing.T, n int, span time.Duration) {
	t.Helper()
	what, seen := "", s.begin(t)
	first, second := seen.newActor(), (*actor)(nil)
	first.stallAt = func(m moment) bool {
		what = fmt.Sprint(m.What, " after=", m.After)
		return m.N == n
	}
	until := seen.clock.Now().Add(24 * time.Hour)
	s.toTheEnd(t, seen, func() time.Time {
		if second == nil {
			next := first.looks()
			if !first.inFlight {
				return next
			}
			second = seen.newActor()
			until = seen.clock.Now().Add(span)
		}
		next := second.work()
		over := span == untilAllIsOver && seen.atRest()
		if first.inFlight && (over || !seen.clock.Now().Before(until)) {
			first.goOn(nil, nothing, 0)
		}
		if !first.inFlight {
			if at := first.work(); at.Before(next) {
				next = at
			}
		}
		return next
	})
	first.stop()
	s.judge(t, strings.TrimSpace(fmt.Sprintf("stalled for %s at moment %d (%s)", span, n, what)), seen)
}
