package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Values of the label run.
const (
	runActive = "active" // the AuroraBacktrack has not ended
	runEnded  = "ended"
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("aurora_backtrack_"+name, help, labels, nil)
}

// The gauges. The label auroracluster is the name of an AuroraCluster that exists, or empty for AuroraBacktracks whose
// spec.clusterRef names none, so that nobody who may create AuroraBacktracks can add series. It is not called cluster, which
// many give to all series of a Kubernetes cluster.
var (
	leader = gauge("leader", "1 on the process that leads, 0 on one that stands by. Only the leader shows the gauges of AuroraClusters and AuroraBacktracks.")

	active    = gauge("active", "AuroraBacktracks that hold their cluster's lock and have not ended.", "auroracluster")
	activeAge = gauge("active_age_seconds", "Time since the AuroraBacktrack under way took the lock; 0 when there is none.", "auroracluster")

	waiting    = gauge("waiting", "AuroraBacktracks that have not started, by what they wait for: Queued, ApprovalRequired, Suspended, OutsideWindow, …", "auroracluster", "reason")
	waitingAge = gauge("waiting_oldest_age_seconds", "Age of the oldest of them: for how long it could have started but for what policy.startWithin bounds, else since its creation.", "auroracluster", "reason")

	paused    = gauge("paused_workloads", "Workloads that AuroraBacktracks have paused and not resumed yet, while the run is active or after it has ended.", "auroracluster", "run")
	pausedAge = gauge("paused_workloads_age_seconds", "Time since the longest of these pauses began; 0 when nothing is paused.", "auroracluster", "run")

	claims    = gauge("claims_without_record", "Calls to RDS that were made, or may have been, and for which RDS has shown no record yet, while the run is active or after it has ended.", "auroracluster", "run")
	claimsAge = gauge("claims_without_record_oldest_age_seconds", "Age of the oldest of these claims; 0 when there is none.", "auroracluster", "run")

	lastFinished = gauge("last_finished_timestamp_seconds", "When an AuroraBacktrack that still exists ended last with the reason, in Unix time.", "auroracluster", "reason")
	lastExternal = gauge("last_external_backtrack_timestamp_seconds", "When the latest backtrack was requested that no AuroraBacktrack asked for and that was made since the AuroraCluster exists, in Unix time.", "auroracluster")

	ready         = gauge("cluster_ready", "1 while the AuroraCluster's Ready condition is True, else 0.", "auroracluster")
	observed      = gauge("cluster_observed_timestamp_seconds", "When RDS last answered for the cluster, in Unix time. While RDS does not answer, the gauges of its answer are absent.", "auroracluster")
	windowTarget  = gauge("cluster_window_target_seconds", "The backtrack window that the Aurora cluster is set to; 0 when backtracking is off.", "auroracluster")
	windowActual  = gauge("cluster_window_actual_seconds", "How far the Aurora cluster can be rewound now. Under heavy writes it is less than the target.", "auroracluster")
	earliest      = gauge("cluster_earliest_timestamp_seconds", "The earliest time that the Aurora cluster can be rewound to, in Unix time.", "auroracluster")
	changeRecords = gauge("cluster_change_records", "Change records that the backtrack history of the Aurora cluster holds; AWS charges for them.", "auroracluster")
)

var gauges = []*prometheus.Desc{
	leader, active, activeAge, waiting, waitingAge, paused, pausedAge, claims, claimsAge, lastFinished, lastExternal,
	ready, observed, windowTarget, windowActual, earliest, changeRecords,
}

// sample is one value of a gauge.
type sample struct {
	desc   *prometheus.Desc
	value  float64
	labels []string
}

// tally counts things of one kind and remembers since when the oldest is there.
type tally struct {
	count  int
	oldest time.Time
}

func (t *tally) add(n int, since time.Time) {
	if n == 0 {
		return
	}
	t.count += n
	if !since.IsZero() && (t.oldest.IsZero() || since.Before(t.oldest)) {
		t.oldest = since
	}
}

// samples gives the number and the age of the oldest.
func (t *tally) samples(count, age *prometheus.Desc, now time.Time, labels ...string) []sample {
	seconds := 0.0
	if !t.oldest.IsZero() {
		seconds = max(now.Sub(t.oldest).Seconds(), 0)
	}
	return []sample{{count, float64(t.count), labels}, {age, seconds, labels}}
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
