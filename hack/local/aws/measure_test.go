package aws

import (
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

var begin = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

// look is what RDS says at a moment after the call.
type look struct {
	after        time.Duration
	record       string // its status; "" while it is not listed
	status       string
	rewoundAfter time.Duration // BacktrackedFrom, after the request
}

// TestSee follows backtracks as AWS may show them.
func TestSee(t *testing.T) {
	for name, test := range map[string]struct {
		looks []look

		want string // the timing, or the error
	}{
		"as documented": {
			looks: []look{
				{1 * time.Second, "", "available", 0}, {6 * time.Second, "pending", "available", 0}, {21 * time.Second, "pending", "backtracking", 0},
				{80 * time.Second, "applying", "backtracking", 73 * time.Second}, {200 * time.Second, "completed", "backtracking", 73 * time.Second}, {230 * time.Second, "completed", "available", 73 * time.Second},
			},
			want: "--unlisted=6s --pending=1m13s --backtracking=2m7s --status-lag=30s",
		},
		"too short for its status to change": {
			looks: []look{{1 * time.Second, "completed", "available", 500 * time.Millisecond}, {30 * time.Second, "completed", "available", 500 * time.Millisecond}, {61 * time.Second, "completed", "available", 500 * time.Millisecond}},
			want:  "--unlisted=1s --pending=500ms --backtracking=500ms",
		},
		"its status changes late": {
			looks: []look{{1 * time.Second, "completed", "available", time.Second}, {10 * time.Second, "completed", "backtracking", time.Second}, {15 * time.Second, "completed", "available", time.Second}},
			want:  "--unlisted=1s --pending=1s --backtracking=0s --status-lag=14s",
		},
		"it does not end": {looks: []look{{time.Second, "applying", "backtracking", 0}}, want: "goes on"},
		"it fails":        {looks: []look{{time.Second, "failed", "backtracking", 0}}, want: "RDS reports backtrack b-1 as failed: look at the cluster's events"},
	} {
		m := measure{answered: begin}
		got := "goes on"
		for i, l := range test.looks {
			var record *v1alpha1.BacktrackRecord
			if l.record != "" {
				record = &v1alpha1.BacktrackRecord{ID: "b-1", Status: l.record, RequestedAt: v1alpha1.NewTimestamp(begin)}
				if l.rewoundAfter > 0 {
					record.BacktrackedFrom = v1alpha1.NewTimestamp(begin.Add(l.rewoundAfter))
				}
			}
			over, err := m.see(begin.Add(l.after), record, l.status, time.Minute)
			if over != (i == len(test.looks)-1 && test.want != "goes on") {
				t.Errorf("%s: after %s it is over: %v", name, l.after, over)
			}
			if err != nil {
				got = err.Error()
			} else if over {
				got = strings.TrimSpace(timingOf([]measure{m}).flags())
			}
		}
		if got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, test.want)
		}
	}
}

// TestTimingOf takes medians, and leaves out what was not measured.
func TestTimingOf(t *testing.T) {
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	got := string(timingOf([]measure{{answered: begin, listed: at(9)}, {answered: begin, listed: at(2)}, {answered: begin, listed: at(3)}}).JSON())
	if want := "{\n  \"unlisted\": \"3s\"\n}\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
