package steps

import (
	"fmt"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// BecomeAvailable waits until the cluster reads available again. The record's word alone is not enough, nor is the
// cluster's: its status lags behind the call.
func BecomeAvailable(f *Facts) Decision {
	cluster, d := ClusterOf(f)
	if d.Kind != Continue || cluster == nil {
		return d
	}
	seen, d := polled(f)
	if d.Kind != Continue {
		return d
	}
	db := seen.Cluster
	if db.Available() && !backtrackEnded(f, seen) {
		// The poller may have asked before the backtrack. So it is asked now, after its record read completed.
		if db, d = observed(f); d.Kind != Continue {
			return d
		}
	}
	if d := sameCluster(f, db); d.Kind != Continue {
		return d
	}
	if !db.Available() { // that it becomes available wakes the object
		return wait(max(historyInterval, f.Settings.Poll), v1alpha1.ReasonBacktracking, fmt.Sprintf("the data is rewound; Aurora cluster %s reads %q", db.Identifier, db.Status))
	}
	return done(v1alpha1.ReasonAvailable, fmt.Sprintf("Aurora cluster %s reads available", db.Identifier))
}

// UnavailableTooLong ends a run whose cluster did not become available again in time.
func UnavailableTooLong(f *Facts, cause string) Decision {
	return Halted(v1alpha1.ReasonClusterNotAvailable, fmt.Sprintf("the data is rewound, and the Aurora cluster did not become available within %s, so the dependents come back now: look at the cluster's events in RDS; at last: %s", f.Settings.Backtracking, cause))
}
