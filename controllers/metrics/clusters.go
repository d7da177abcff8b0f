package metrics

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// ledger gives what the ledger of an AuroraCluster shows: claims without a record, and backtracks made elsewhere.
func ledger(c *v1alpha1.AuroraCluster, now time.Time) []sample {
	open := map[string]*tally{runActive: {}, runEnded: {}}
	var external time.Time
	for i := range c.Status.Backtracks {
		entry := &c.Status.Backtracks[i]
		requested := entry.RequestedAt.Time()
		switch {
		case entry.RequestedBy == nil:
			if requested.After(external) && !requested.Before(c.CreationTimestamp.Time) {
				external = requested
			}
		case entry.ID == "" && entry.Status == claim.StatusClaimed:
			run := runEnded
			if lock.Holds(c, *entry.RequestedBy) {
				run = runActive
			}
			open[run].add(1, entry.ClaimedAt.Time())
		}
	}
	var all []sample
	for _, run := range []string{runActive, runEnded} {
		all = append(all, open[run].samples(claims, claimsAge, now, c.Name, run)...)
	}
	if !external.IsZero() {
		all = append(all, sample{lastExternal, unix(external), []string{c.Name}})
	}
	return all
}

// readiness gives whether the AuroraCluster is Ready.
func readiness(c *v1alpha1.AuroraCluster) sample {
	value := 0.0
	if meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionReady) {
		value = 1
	}
	return sample{ready, value, []string{c.Name}}
}

// answer gives what RDS said about the cluster. What is not known has no value.
func answer(name string, seen rds.Observation, now time.Time) []sample {
	if seen.At.IsZero() {
		return nil
	}
	label := []string{name}
	all := []sample{{observed, unix(seen.At), label}}
	if seen.Err != nil {
		return all
	}
	all = append(all, sample{windowTarget, float64(seen.Cluster.BacktrackWindow), label}, sample{changeRecords, float64(seen.Cluster.ChangeRecords), label})
	if from := seen.Cluster.Earliest; !from.IsZero() {
		all = append(all, sample{earliest, unix(from), label}, sample{windowActual, max(now.Sub(from).Seconds(), 0), label})
	}
	return all
}
