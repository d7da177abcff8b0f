package backtrack_test

import (
	"testing"
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
				s.TestTogether(t, way)
			}
		})
	}
}
