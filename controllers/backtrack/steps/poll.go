package steps

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// historyInterval is how often the history of a cluster is read while its backtrack is under way. RDS gives it for one
// cluster a call only, so what is followed closely is the cluster's status, which the poller reads for many at once.
const historyInterval = 10 * time.Second

// UnderWay reports whether RDS has taken the object's backtrack and the cluster is not available again: so long the poller
// asks about it at short intervals.
func UnderWay(f *Facts) bool {
	if f.Finished() || f.Object.Status.Backtrack == nil || f.Is(v1alpha1.ConditionClusterAvailable) {
		return false
	}
	for _, c := range []string{v1alpha1.ConditionAdmitted, v1alpha1.ConditionBacktracked, v1alpha1.ConditionClusterAvailable} {
		if meta.IsStatusConditionPresentAndEqual(f.Object.Status.Conditions, c, metav1.ConditionFalse) {
			return false
		}
	}
	return true
}

// polled gives what the poller knows of the cluster. It may be older than what was read in this reconciliation.
func polled(f *Facts) (rds.Observation, Decision) {
	if !f.Polled.Read() {
		return rds.Observation{}, Needed(Polled)
	}
	if err := f.Polled.Err(); err != nil {
		return rds.Observation{}, rdsTrouble(f, err)
	}
	return f.Polled.Value(), Passed()
}

// historyDue reports whether the history is to be read to follow the object's record. Trouble of the poller is no reason to
// wait: the record is in the history.
func historyDue(f *Facts) (bool, Decision) {
	if f.History.Read() {
		return true, Passed()
	}
	if !f.Polled.Read() {
		return false, Needed(Polled)
	}
	return f.LastHistory.IsZero() || nextHistory(f) <= 0, Passed()
}

// nextHistory is after what time the history is to be read again to follow the object's record: at once when the poller has
// seen the backtrack end, at the polling interval from then on, and else rarely.
func nextHistory(f *Facts) time.Duration {
	seen, interval := f.Polled.Value(), historyInterval
	if backtrackEnded(f, seen) {
		if seen.At.After(f.LastHistory) {
			return 0
		}
		interval = f.Settings.Poll
	}
	return interval - f.Now.Sub(f.LastHistory)
}

// backtrackEnded reports whether the poller has seen the cluster backtrack since the claim, and then no more. An available
// cluster alone proves nothing: its status lags behind the call.
func backtrackEnded(f *Facts, seen rds.Observation) bool {
	return f.CalledRDS() && seen.Backtracking.After(f.Object.Status.Claim.ClaimedAt.Time()) && !seen.Cluster.Backtracking()
}
