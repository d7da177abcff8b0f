package rds

import (
	"cmp"
	"slices"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	// defaultPoll is the polling interval of a rewind that is under way alone.
	defaultPoll = time.Second
	// maxPoll is the longest that a rewind under way is left without a look, as long as the budget allows as much.
	maxPoll = 10 * time.Second
	// pollShare is the share of the budget that polling may take when it is not short.
	pollShare = 0.5
	// maxStretch is by how much an empty budget stretches the interval.
	maxStretch = 8
)

// Load is what polling costs and what there is for it.
type Load struct {
	Least    time.Duration // the interval of a rewind that is alone; 0: 1 s
	UnderWay int           // rewinds that are polled
	Single   bool          // each takes a call of its own, because IAM refuses the call for several
	Rate     float64       // requests a second that the budget allows at present; 0: no bound
	Left     float64       // the share of the burst that is left, from 0 to 1
}

// PollInterval is how soon RDS is asked again about a rewind that has been under way for so long and is expected to take so
// long (0: not known). It is a second (load.Least) for a rewind that is alone. It grows as polling takes more of the budget and as the
// budget empties; where it has grown, it falls back near the expected end.
func PollInterval(load Load, elapsed, expected time.Duration) time.Duration {
	least := cmp.Or(load.Least, defaultPoll)
	if load.Rate > 0 {
		calls := (load.UnderWay + maxClustersPerCall - 1) / maxClustersPerCall
		if load.Single {
			calls = load.UnderWay
		}
		least = max(least, seconds(float64(calls)/(load.Rate*pollShare)))
	}
	stretch := 1.0
	if load.Rate > 0 && load.Left < 0.5 {
		stretch += (maxStretch - 1) * (0.5 - max(load.Left, 0)) / 0.5
	}
	interval := max(least, min(seconds(least.Seconds()*stretch), maxPoll))
	if expected <= 0 {
		return interval
	}
	from, to := expected*4/5, expected*3/2+maxPoll
	switch {
	case elapsed < from:
		return max(least, min(interval, from-elapsed))
	case elapsed <= to:
		return least
	}
	return interval
}

// ExpectedDuration is how long a rewind of the cluster may take, by the completed ones in its history: the median of the
// time from the request to BacktrackedFrom, when the database stops. RDS does not record when it ended, which is a little
// later. It is 0 without history.
func ExpectedDuration(history []v1alpha1.BacktrackRecord) time.Duration {
	var took []time.Duration
	for _, record := range history {
		if record.Status != StatusCompleted || record.BacktrackedFrom == "" || record.RequestedAt == "" {
			continue
		}
		if d := record.BacktrackedFrom.Time().Sub(record.RequestedAt.Time()); d > 0 && d < maxBacktrack {
			took = append(took, d)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
