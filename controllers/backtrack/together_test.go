package backtrack

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestTogether has two operators that both believe to lead walk side by side: one stands still at any moment, a read
// among them, while the other goes on for a while. The story ends as it does with one.
func TestTogether(t *testing.T) {
	ways := uint64(150)
	if testing.Short() {
		ways = 10
	}
	for _, name := range []string{"it succeeds", "the reply is lost", "another one waits for it", "it is deleted after the claim"} {
		s := stories()[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for way := range ways {
				s.together(t, way)
			}
		})
	}
}

// together tells the story with two operators that take turns as the seed has it.
func (s story) together(t *testing.T, seed uint64) {
	t.Helper()
	seen, random := s.begin(t), rand.New(rand.NewPCG(seed, 0))
	both := []*actor{seen.newActor(), seen.newActor()}
	pace := random.IntN(8) + 1 // moments from one stop to the next, about
	for _, a := range both {
		a.stallAt = func(moment) bool { return random.IntN(pace) == 0 }
	}
	s.toTheEnd(t, seen, func() time.Time {
		both[random.IntN(len(both))].look(nothing, 0)
		soon := seen.clock.Now().Add(time.Minute)
		for _, a := range both {
			if _, due, any := a.next(); any && due.Before(soon) {
				soon = due
			}
			if a.inFlight {
				soon = seen.clock.Now()
			}
		}
		return soon
	})
	for _, a := range both {
		a.stop()
	}
	s.judge(t, fmt.Sprintf("two together, seed %d", seed), seen)
}
