package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// measure is what was seen of one backtrack, by our clock. A time is zero if the moment was not seen.
type measure struct {
	name                   string
	answered               time.Time // RDS accepted the call
	listed                 time.Time // the record stood in the history
	backtracking           time.Time // the cluster's status was backtracking
	completed              time.Time // the record read completed
	available              time.Time // then the cluster's status was available, after another one
	requested, rewoundFrom time.Time // the record's, by RDS's clock
}

// see takes in what RDS says at a moment. It reports whether the backtrack is over: the record reads completed and the cluster
// is available. A status that never left available may be late; then it is over once it has stayed so for the settle time.
func (m *measure) see(now time.Time, record *v1alpha1.BacktrackRecord, status string, settle time.Duration) (over bool, err error) {
	first := func(at *time.Time) {
		if at.IsZero() {
			*at = now
		}
	}
	if status == "backtracking" {
		first(&m.backtracking)
	}
	if record != nil {
		first(&m.listed)
		m.requested, m.rewoundFrom = record.RequestedAt.Time(), record.BacktrackedFrom.Time()
		switch record.Status {
		case "completed":
			first(&m.completed)
		case "failed":
			return true, fmt.Errorf("RDS reports backtrack %s as failed: look at the cluster's events", record.ID)
		}
	}
	if m.completed.IsZero() || status != "available" {
		return false, nil
	}
	if m.backtracking.IsZero() {
		return now.Sub(m.completed) >= settle, nil
	}
	first(&m.available)
	return true, nil
}

// pending is the time from the request to the rewind, both by RDS's clock.
func (m *measure) pending() (time.Duration, bool) {
	return m.rewoundFrom.Sub(m.requested), !m.rewoundFrom.IsZero() && !m.requested.IsZero()
}

// timing is how long things take, in the form in which the local Aurora's timing is set (PUT /_local/timing). What was not
// measured is absent, and stays there as it is.
type timing map[string]string

// timingOf gives the medians of what was measured.
func timingOf(all []measure) timing {
	found := map[string][]time.Duration{}
	for i := range all {
		m := &all[i]
		add := func(name string, from, to time.Time) {
			if !from.IsZero() && !to.IsZero() {
				found[name] = append(found[name], max(to.Sub(from), 0))
			}
		}
		add("unlisted", m.answered, m.listed)
		if pending, ok := m.pending(); ok {
			found["pending"] = append(found["pending"], pending)
			add("backtracking", m.answered.Add(pending), m.completed)
		}
		add("statusLag", m.answered, m.backtracking) // the status lags at both ends
		add("statusLag", m.completed, m.available)
	}
	t := timing{}
	for name, durations := range found {
		slices.Sort(durations)
		t[name] = durations[len(durations)/2].Round(time.Millisecond).String()
	}
	return t
}

// JSON is the file.
func (t timing) JSON() []byte {
	text, _ := json.MarshalIndent(t, "", "  ") // strings only
	return append(text, '\n')
}

// flags are those of local-aurora.
func (t timing) flags() string {
	text := ""
	for _, name := range []string{"unlisted", "pending", "backtracking", "statusLag"} {
		if t[name] != "" {
			text += " --" + strings.Replace(name, "statusLag", "status-lag", 1) + "=" + t[name]
		}
	}
	return text
}
