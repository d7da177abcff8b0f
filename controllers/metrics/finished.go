package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

var (
	finished = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aurora_backtrack_finished_total",
		Help: "AuroraBacktracks that this process brought to their end, by the reason of their Succeeded condition.",
	}, []string{"reason"})
	duration = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "aurora_backtrack_duration_seconds",
		Help:    "Time from an AuroraBacktrack's start (it took the lock) to its success, in seconds.",
		Buckets: []float64{10, 30, 60, 120, 300, 600, 1200, 3600},
	})
	stepDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "aurora_backtrack_step_duration_seconds",
		Help:    "Time that each step took which was done, of every AuroraBacktrack that ended, in whole seconds: from the step before it, and for Admitted from the creation, so that it contains the wait for an approval, a window and the queue.",
		Buckets: []float64{1, 5, 10, 30, 60, 120, 300, 600, 1200, 3600, 21600},
	}, []string{"step"})
)

func init() {
	metrics.Registry.MustRegister(finished, duration, stepDuration)
	// A series that is there before the first event lets increase() see that event.
	for reason := range endReasons {
		finished.WithLabelValues(reason)
	}
	for _, step := range v1alpha1.StepConditions {
		stepDuration.WithLabelValues(step)
	}
}

// CountEnd counts the end of an AuroraBacktrack. It is called once, after the write that made the end true.
func CountEnd(b *v1alpha1.AuroraBacktrack) {
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	if succeeded == nil {
		return
	}
	finished.WithLabelValues(endReason(succeeded.Reason)).Inc()
	if succeeded.Reason == v1alpha1.ReasonSucceeded {
		duration.Observe(b.Status.CompletedAt.Time().Sub(b.Status.StartedAt.Time()).Seconds())
	}
	for step, took := range stepDurations(b) {
		stepDuration.WithLabelValues(step).Observe(took.Seconds())
	}
}

// stepDurations gives how long each step took that is done. The times of conditions have whole seconds.
func stepDurations(b *v1alpha1.AuroraBacktrack) map[string]time.Duration {
	durations := map[string]time.Duration{}
	since := b.CreationTimestamp.Time
	for _, step := range v1alpha1.StepConditions {
		c := meta.FindStatusCondition(b.Status.Conditions, step)
		if c == nil || c.Status != metav1.ConditionTrue {
			break
		}
		durations[step] = max(c.LastTransitionTime.Sub(since), 0)
		since = c.LastTransitionTime.Time
	}
	return durations
}
