package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestStalls lets one operator stand still at each moment, as a machine does that is out of memory or out of
// sight, while another leads: for longer than a call may take, or until everything is over. Then the first goes on
// where it stood.
func TestStalls(t *testing.T) {
	for _, name := range []string{"it succeeds", "the reply is lost", "another one waits for it", "it is deleted after the claim", "it is replaced by force after the call"} {
		s := stories()[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, m := range s.Moments(t) {
				s.TestStalls(t, m.N, 40*time.Second)
				s.TestStalls(t, m.N, harness.UntilAllIsOver)
			}
		})
	}
}
