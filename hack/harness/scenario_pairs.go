package harness

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// UntilAllIsOver is a length of time for TestStalls: until everything has come to its end.
const UntilAllIsOver = time.Hour

// TestStalls runs the scenario with an operator that stands still at its nth moment for the length of time, or until
// everything is over.
func (s Scenario) TestStalls(t *testing.T, n int, span time.Duration) {
	t.Helper()
	what, seen := "", s.Begin(t)
	first, second := seen.NewSteppedProcess(), (*SteppedProcess)(nil)
	first.stallAt = func(m Moment) bool {
		what = fmt.Sprint(m.What, " after=", m.After)
		return m.N == n
	}
	until := seen.Clock.Now().Add(24 * time.Hour)
	s.RunUntilRest(t, seen, func() time.Time {
		if second == nil {
			next := first.StepAll()
			if !first.InFlight {
				return next
			}
			second = seen.NewSteppedProcess()
			until = seen.Clock.Now().Add(span)
		}
		next := second.Work()
		over := span == UntilAllIsOver && seen.AtRest()
		if first.InFlight && (over || !seen.Clock.Now().Before(until)) {
			first.Continue(nil, NoInterruption, 0)
		}
		if !first.InFlight {
			if at := first.Work(); at.Before(next) {
				next = at
			}
		}
		return next
	})
	first.Stop()
	s.Judge(t, strings.TrimSpace(fmt.Sprintf("stalled for %s at moment %d (%s)", span, n, what)), seen)
}

// TestTogether runs the scenario with two operators that take turns as the seed has it.
func (s Scenario) TestTogether(t *testing.T, seed uint64) {
	t.Helper()
	seen, random := s.Begin(t), rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a seed that can be told again is the point
	both := []*SteppedProcess{seen.NewSteppedProcess(), seen.NewSteppedProcess()}
	pace := random.IntN(8) + 1 // moments from one stop to the next, about
	for _, a := range both {
		a.stallAt = func(Moment) bool { return random.IntN(pace) == 0 }
	}
	s.RunUntilRest(t, seen, func() time.Time {
		both[random.IntN(len(both))].Step(NoInterruption, 0)
		soon := seen.Clock.Now().Add(time.Minute)
		for _, a := range both {
			if _, due, any := a.Next(); any && due.Before(soon) {
				soon = due
			}
			if a.InFlight {
				soon = seen.Clock.Now()
			}
		}
		return soon
	})
	for _, a := range both {
		a.Stop()
	}
	s.Judge(t, fmt.Sprintf("two together, seed %d", seed), seen)
}
