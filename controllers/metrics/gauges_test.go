package metrics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	crmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// now is the time at which the tests scrape.
var now = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

func ago(d time.Duration) v1alpha1.Timestamp { return v1alpha1.NewTimestamp(now.Add(-d)) }

// stored is a cache with these objects in it.
type stored struct {
	clusters []v1alpha1.AuroraCluster
	objects  []v1alpha1.AuroraBacktrack
	err      error
}

func (s *stored) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errors.New("nothing is got")
}

func (s *stored) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch l := list.(type) {
	case *v1alpha1.AuroraClusterList:
		l.Items = s.clusters
	case *v1alpha1.AuroraBacktrackList:
		l.Items = s.objects
	}
	return s.err
}

// scrape gives what a collector of the cache shows, a line a series, without those that read 0.
func scrape(t *testing.T, cache *stored, change ...func(*Collector)) []string {
	t.Helper()
	elected := make(chan struct{})
	close(elected)
	c := &Collector{Cache: cache, Elected: elected, Clock: testclock.NewFakePassiveClock(now), Latest: func(rds.Target) (rds.Observation, bool) { return rds.Observation{}, false }}
	for _, f := range change {
		f(c)
	}
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if m.GetGauge().GetValue() == 0 {
				continue
			}
			lines = append(lines, fmt.Sprintf("%s%s %.0f", strings.TrimPrefix(family.GetName(), "aurora_backtrack_"), labelled(m), m.GetGauge().GetValue()))
		}
	}
	return lines
}

func labelled(m *dto.Metric) string {
	var values []string
	for _, label := range m.GetLabel() {
		values = append(values, label.GetValue())
	}
	if values == nil {
		return ""
	}
	return "{" + strings.Join(values, ",") + "}"
}

// object is an AuroraBacktrack of the AuroraCluster game, created an hour ago.
func object(name string, change ...func(*v1alpha1.AuroraBacktrack)) v1alpha1.AuroraBacktrack {
	b := v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: name, UID: "uid-1", CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))}}
	b.Spec.ClusterRef.Name = "game"
	for _, f := range change {
		f(&b)
	}
	return b
}

func reads(condition string, status metav1.ConditionStatus, reason string, since time.Duration) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: condition, Status: status, Reason: reason, LastTransitionTime: metav1.NewTime(now.Add(-since))})
	}
}

func waits(reason string) func(*v1alpha1.AuroraBacktrack) {
	return reads(v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, reason, time.Hour)
}

// pauses has the object started ten minutes ago, pausing for nine, with dependents in these states.
func pauses(states ...v1alpha1.DependentState) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		b.Status.StartedAt = ago(10 * time.Minute)
		reads(v1alpha1.ConditionAdmitted, metav1.ConditionTrue, v1alpha1.ReasonAdmitted, 10*time.Minute)(b)
		reads(v1alpha1.ConditionPreflightPassed, metav1.ConditionTrue, v1alpha1.ReasonPassed, 9*time.Minute)(b)
		for _, state := range states {
			b.Status.Dependents = append(b.Status.Dependents, v1alpha1.DependentStatus{Kind: "Deployment", Namespace: "game", Name: "worker", State: state})
		}
	}
}

func ends(reason string, since time.Duration) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		b.Status.CompletedAt = ago(since)
		reads(v1alpha1.ConditionSucceeded, metav1.ConditionFalse, reason, since)(b)
	}
}

func auroraCluster(change ...func(*v1alpha1.AuroraCluster)) v1alpha1.AuroraCluster {
	c := v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "game", CreationTimestamp: metav1.NewTime(now.Add(-24 * time.Hour))}}
	c.Spec.DBClusterIdentifier = "game-aurora"
	for _, f := range change {
		f(&c)
	}
	return c
}

// rewindCases have objects in every state, and what they come to.
var rewindCases = map[string]struct {
	objects []v1alpha1.AuroraBacktrack
	want    []string
}{
	"none": {},
	"queued, one for longer": {
		objects: []v1alpha1.AuroraBacktrack{
			object("a", waits(v1alpha1.ReasonQueued), func(b *v1alpha1.AuroraBacktrack) { b.Status.StartableSince = ago(3 * time.Minute) }),
			object("b", waits(v1alpha1.ReasonQueued), func(b *v1alpha1.AuroraBacktrack) { b.Status.StartableSince = ago(7 * time.Minute) }),
		},
		want: []string{"waiting{game,Queued} 2", "waiting_oldest_age_seconds{game,Queued} 420"},
	},
	"waits for approval since its creation": {
		objects: []v1alpha1.AuroraBacktrack{object("a", waits(v1alpha1.ReasonApprovalRequired))},
		want:    []string{"waiting{game,ApprovalRequired} 1", "waiting_oldest_age_seconds{game,ApprovalRequired} 3600"},
	},
	"suspended": {
		objects: []v1alpha1.AuroraBacktrack{object("a", waits(v1alpha1.ReasonSuspended))},
		want:    []string{"waiting{game,Suspended} 1", "waiting_oldest_age_seconds{game,Suspended} 3600"},
	},
	"not looked at yet": {
		objects: []v1alpha1.AuroraBacktrack{object("a")},
		want:    []string{"waiting{game,Waiting} 1", "waiting_oldest_age_seconds{game,Waiting} 3600"},
	},
	"with a reason of another version": {
		objects: []v1alpha1.AuroraBacktrack{object("a", waits("SomethingElse")), object("b", ends("SomethingNew", 0))},
		want:    []string{"last_finished_timestamp_seconds{game,Other} 1703340600", "waiting{game,Other} 1", "waiting_oldest_age_seconds{game,Other} 3600"},
	},
	"under way, with two paused": {
		objects: []v1alpha1.AuroraBacktrack{object("a", pauses(v1alpha1.DependentPaused, v1alpha1.DependentPausing, v1alpha1.DependentReady, v1alpha1.DependentPending))},
		want:    []string{"active{game} 1", "active_age_seconds{game} 600", "paused_workloads{game,active} 2", "paused_workloads_age_seconds{game,active} 540"},
	},
	"ended, with one still paused": {
		objects: []v1alpha1.AuroraBacktrack{object("a", pauses(v1alpha1.DependentPaused, v1alpha1.DependentFailed), ends(v1alpha1.ReasonPauseTimedOut, time.Minute))},
		want:    []string{"last_finished_timestamp_seconds{game,PauseTimedOut} 1703340540", "paused_workloads{game,ended} 1", "paused_workloads_age_seconds{game,ended} 540"},
	},
	"the latest end of each reason": {
		objects: []v1alpha1.AuroraBacktrack{
			object("a", ends(v1alpha1.ReasonOutcomeUnknown, time.Hour)), object("b", ends(v1alpha1.ReasonOutcomeUnknown, time.Minute)), object("c", ends(v1alpha1.ReasonExpired, 2*time.Minute)),
		},
		want: []string{"last_finished_timestamp_seconds{game,Expired} 1703340480", "last_finished_timestamp_seconds{game,OutcomeUnknown} 1703340540"},
	},
	"of an AuroraCluster that nobody has": {
		objects: []v1alpha1.AuroraBacktrack{
			object("a", waits(v1alpha1.ReasonClusterNotFound), func(b *v1alpha1.AuroraBacktrack) { b.Spec.ClusterRef.Name = "made-up-1" }),
			object("b", waits(v1alpha1.ReasonClusterNotFound), func(b *v1alpha1.AuroraBacktrack) { b.Spec.ClusterRef.Name = "made-up-2" }),
		},
		want: []string{"waiting{,ClusterNotFound} 2", "waiting_oldest_age_seconds{,ClusterNotFound} 3600"},
	},
}

func TestRewinds(t *testing.T) {
	for name, test := range rewindCases {
		got := scrape(t, &stored{clusters: []v1alpha1.AuroraCluster{auroraCluster()}, objects: test.objects})
		if want := append([]string{"leader 1"}, test.want...); !equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

// TestSuspendedForApproval: where the AuroraCluster asks for approval, an object is suspended until somebody approves it.
func TestSuspendedForApproval(t *testing.T) {
	for approval, want := range map[v1alpha1.Approval]string{
		v1alpha1.ApprovalNone: v1alpha1.ReasonSuspended, v1alpha1.ApprovalRequired: v1alpha1.ReasonApprovalRequired, v1alpha1.ApprovalRequiredFromAnother: v1alpha1.ReasonApprovalRequired,
	} {
		cluster := auroraCluster(func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.Approval = approval })
		got := scrape(t, &stored{clusters: []v1alpha1.AuroraCluster{cluster}, objects: []v1alpha1.AuroraBacktrack{object("a", waits(v1alpha1.ReasonSuspended))}})
		if !slices.Contains(got, "waiting{game,"+want+"} 1") {
			t.Errorf("approval %s: %v, want %s", approval, got, want)
		}
	}
}

// equal compares without regard to order.
func equal(got, want []string) bool {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	return slices.Equal(got, want)
}

func entry(id, status string, change ...func(*v1alpha1.LedgerEntry)) v1alpha1.LedgerEntry {
	e := v1alpha1.LedgerEntry{ID: id, Status: status, RequestedAt: ago(5 * time.Minute)}
	for _, f := range change {
		f(&e)
	}
	return e
}

func TestClusters(t *testing.T) {
	ref := v1alpha1.ObjectReference{Namespace: "game", Name: "a", UID: "uid-1"}
	claimed := func(e *v1alpha1.LedgerEntry) {
		e.RequestedBy, e.ClaimedAt, e.RequestedAt = &ref, ago(4*time.Minute), ""
	}
	answers := func(seen rds.Observation) func(*Collector) {
		return func(c *Collector) {
			c.Latest = func(target rds.Target) (rds.Observation, bool) { return seen, target.Identifier == "game-aurora" }
		}
	}
	database := rds.Cluster{BacktrackWindow: 7200, Earliest: now.Add(-time.Hour), ChangeRecords: 42}
	isReady := func(c *v1alpha1.AuroraCluster) {
		c.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue}}
	}
	for name, test := range map[string]struct {
		cluster v1alpha1.AuroraCluster
		seen    rds.Observation
		want    []string
	}{
		"RDS answers": {
			cluster: auroraCluster(isReady), seen: rds.Observation{Cluster: database, At: now.Add(-30 * time.Second)},
			want: []string{
				"cluster_ready{game} 1", "cluster_observed_timestamp_seconds{game} 1703340570", "cluster_window_target_seconds{game} 7200", "cluster_change_records{game} 42",
				"cluster_earliest_timestamp_seconds{game} 1703337000", "cluster_window_actual_seconds{game} 3600",
			},
		},
		"RDS does not answer any more": {
			cluster: auroraCluster(), seen: rds.Observation{Cluster: database, At: now.Add(-time.Hour), Err: errors.New("no")},
			want: []string{"cluster_observed_timestamp_seconds{game} 1703337000"},
		},
		"RDS never answered": {cluster: auroraCluster(), seen: rds.Observation{Err: errors.New("no")}},
		"a claim under way": {
			cluster: auroraCluster(func(c *v1alpha1.AuroraCluster) {
				c.Status.ActiveBacktrack, c.Status.Backtracks = &ref, []v1alpha1.LedgerEntry{entry("", "claimed", claimed)}
			}),
			want: []string{"claims_without_record{game,active} 1", "claims_without_record_oldest_age_seconds{game,active} 240"},
		},
		"a claim of a run that ended": {
			cluster: auroraCluster(func(c *v1alpha1.AuroraCluster) {
				c.Status.Backtracks = []v1alpha1.LedgerEntry{entry("", "claimed", claimed)}
			}),
			want: []string{"claims_without_record{game,ended} 1", "claims_without_record_oldest_age_seconds{game,ended} 240"},
		},
		"a claim with its record": {
			cluster: auroraCluster(func(c *v1alpha1.AuroraCluster) {
				c.Status.Backtracks = []v1alpha1.LedgerEntry{entry("b-1", "completed", func(e *v1alpha1.LedgerEntry) { e.RequestedBy = &ref })}
			}),
		},
		"backtracks made elsewhere": {
			cluster: auroraCluster(func(c *v1alpha1.AuroraCluster) {
				c.Status.Backtracks = []v1alpha1.LedgerEntry{entry("b-1", "completed"), entry("b-2", "completed", func(e *v1alpha1.LedgerEntry) { e.RequestedAt = ago(time.Minute) })}
			}),
			want: []string{"last_external_backtrack_timestamp_seconds{game} 1703340540"},
		},
		"one from before the AuroraCluster": {
			cluster: auroraCluster(func(c *v1alpha1.AuroraCluster) {
				c.Status.Backtracks = []v1alpha1.LedgerEntry{entry("b-1", "completed", func(e *v1alpha1.LedgerEntry) { e.RequestedAt = ago(25 * time.Hour) })}
			}),
		},
	} {
		got := scrape(t, &stored{clusters: []v1alpha1.AuroraCluster{test.cluster}}, answers(test.seen))
		if want := append([]string{"leader 1"}, test.want...); !equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

// TestDeletedClusterVanishes: no series is left of an AuroraCluster that is gone, whatever becomes of its objects.
func TestDeletedClusterVanishes(t *testing.T) {
	cache := &stored{clusters: []v1alpha1.AuroraCluster{auroraCluster()}, objects: []v1alpha1.AuroraBacktrack{object("a", pauses(v1alpha1.DependentPaused))}}
	if got := strings.Join(scrape(t, cache), " "); !strings.Contains(got, "{game") {
		t.Fatalf("it is not shown while it exists: %s", got)
	}
	cache.clusters = nil
	if got := strings.Join(scrape(t, cache), " "); strings.Contains(got, "game") {
		t.Errorf("after the deletion there is %s", got)
	}
}

// TestStandby: who does not lead shows that, and nothing else. Nor does who can't read the cache.
func TestStandby(t *testing.T) {
	cache := &stored{clusters: []v1alpha1.AuroraCluster{auroraCluster()}}
	for name, test := range map[string]struct {
		change func(*Collector)
		want   string
	}{
		"on standby":    {func(c *Collector) { c.Elected = make(chan struct{}) }, "[]"},
		"with no cache": {func(c *Collector) { c.Cache = &stored{err: errors.New("the cache is not started")} }, "[leader 1]"},
	} {
		if got := fmt.Sprint(scrape(t, cache, test.change)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestNames holds all our metrics against Prometheus's conventions.
func TestNames(t *testing.T) {
	cache := &stored{clusters: []v1alpha1.AuroraCluster{auroraCluster()}}
	for _, test := range rewindCases {
		cache.objects = append(cache.objects, test.objects...)
	}
	elected := make(chan struct{})
	close(elected)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&Collector{Cache: cache, Elected: elected, Clock: testclock.NewFakePassiveClock(now), Latest: func(rds.Target) (rds.Observation, bool) {
		return rds.Observation{At: now, Cluster: rds.Cluster{Earliest: now}}, true
	}})
	// The counters and histograms, ours and those of controllers/rds, are in controller-runtime's registry.
	families, err := prometheus.Gatherers{registry, crmetrics.Registry}.Gather()
	if err != nil {
		t.Fatal(err)
	}
	families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return !strings.HasPrefix(f.GetName(), "aurora_backtrack_") })
	if len(families) < len(gauges)+3-1 { // last_external_backtrack_… has no value here
		t.Fatalf("only %d families", len(families))
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
