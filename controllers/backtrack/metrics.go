package backtrack

import (
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

var (
	ended = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aurora_backtrack_finished_total",
		Help: "AuroraBacktracks that came to their end, by the reason of their Succeeded condition.",
	}, []string{"reason"})
	took = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "aurora_backtrack_duration_seconds",
		Help:    "Time from an AuroraBacktrack's start to its success, in seconds.",
		Buckets: []float64{10, 30, 60, 120, 300, 600, 1200, 3600},
	})
)

func init() { metrics.Registry.MustRegister(ended, took) }

// countEnd counts an end, once it is written.
func countEnd(b *v1alpha1.AuroraBacktrack) {
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	ended.WithLabelValues(succeeded.Reason).Inc()
	if succeeded.Reason == v1alpha1.ReasonSucceeded {
		took.Observe(b.Status.CompletedAt.Time().Sub(b.Status.StartedAt.Time()).Seconds())
	}
}
