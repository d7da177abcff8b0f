package aurora

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Timing says how long things take. All of it may be zero.
type Timing struct {
	// Unlisted is how long a record is missing from DescribeDBClusterBacktracks
	// after its call was accepted.
	Unlisted time.Duration `json:"unlisted"`
	// Pending is how long a record stays "pending", before the database is
	// closed and rewound.
	Pending time.Duration `json:"pending"`
	// Backtracking is how long a record stays "applying", with the database
	// closed.
	Backtracking time.Duration `json:"backtracking"`
	// StatusLag is how far the cluster's status lags behind: it changes to
	// "backtracking" this long after the call, and back to "available" this
	// long after the end.
	StatusLag time.Duration `json:"statusLag"`
	// Lifecycle is how long a cluster or an instance stays "creating",
	// "modifying", "rebooting", "failing-over", "starting", "stopping" or
	// "deleting".
	Lifecycle time.Duration `json:"lifecycle"`
	// Copying is how long a snapshot, a clone or a restored cluster stays
	// "creating".
	Copying time.Duration `json:"copying"`
}

// TimingInstant lets everything happen at once. It is the zero Timing.
const TimingInstant = "instant"

// timings are the presets by name. The figures of "aws" follow the two records
// that AWS publishes (73 s and 94 s from the request to BacktrackedFrom); the
// user guide says minutes for the rewind itself. The rest is an estimate;
// make e2e-aws measures it on a real cluster.
var timings = map[string]Timing{
	TimingInstant: {},
	"quick": {
		Unlisted: 500 * time.Millisecond, Pending: time.Second, Backtracking: 3 * time.Second, StatusLag: 500 * time.Millisecond,
		Lifecycle: time.Second, Copying: 3 * time.Second,
	},
	"aws": {
		Unlisted: 5 * time.Second, Pending: 80 * time.Second, Backtracking: 4 * time.Minute, StatusLag: 20 * time.Second,
		Lifecycle: 90 * time.Second, Copying: 6 * time.Minute,
	},
}

// TimingNames are the names of the presets.
func TimingNames() []string {
	var names []string
	for name := range timings {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TimingPreset is the Timing of a name: "instant", "quick" (to watch) or "aws"
// (about as long as AWS takes). It fails on any other name.
func TimingPreset(name string) (Timing, error) {
	t, ok := timings[name]
	if !ok {
		return Timing{}, fmt.Errorf("unknown timing %q: use one of %s", name, strings.Join(TimingNames(), ", "))
	}
	return t, nil
}
