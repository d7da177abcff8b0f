package rds

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aurora_backtrack_rds_requests_total",
		Help: "Requests to RDS by operation and code: OK, an error code that is known, Other, NoAnswer, or NotSent (no turn under our own rate, or no credentials). Every page and every retry counts.",
	}, []string{"operation", "code"})

	throttles = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "aurora_backtrack_rds_throttles_total",
		Help: "Requests that RDS refused because of their rate, by operation. Each slows the budget of its account and Region down.",
	}, []string{"operation"})

	singleDescribes = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "aurora_backtrack_rds_single_describes_total",
		Help: "Clusters that were asked for one at a time, because IAM or RDS refused the call for several.",
	})
)

func init() {
	metrics.Registry.MustRegister(requests, throttles, singleDescribes)
	for _, operation := range []string{"DescribeDBClusters", "DescribeDBClusterBacktracks", "BacktrackDBCluster"} {
		throttles.WithLabelValues(operation) // a series that is there before the first event lets increase() see it
	}
}

// codeLabel bounds the label: a code that is not known is foreign text.
func codeLabel(err error) string {
	var e *Error
	switch {
	case err == nil:
		return "OK"
	case !errors.As(err, &e), e.Code == "" && !e.Refused:
		return "NoAnswer"
	case e.Code == "":
		return "NotSent"
	}
	if _, known := codes[e.Code]; known {
		return e.Code
	}
	return "Other"
}

var (
	paceMetric = prometheus.NewDesc("aurora_backtrack_rds_budget_requests_per_second",
		"The rate of requests to RDS that the budget allows at present: the configured one, or less after throttling.", []string{"account", "region"}, nil)
	leftMetric = prometheus.NewDesc("aurora_backtrack_rds_budget_left_ratio",
		"Which share of the burst is left in the budget, from 0 to 1.", []string{"account", "region"}, nil)
	waitingMetric = prometheus.NewDesc("aurora_backtrack_rds_waiting_requests",
		"Requests that wait for a turn under the budget, by rank.", []string{"account", "region", "rank"}, nil)
)

// budgetCollector shows the budgets as they are when somebody looks. Its labels are bounded by the accounts and Regions
// that AuroraClusters name.
type budgetCollector struct {
	accounts func() map[accountKey]*account
}

// Describe implements prometheus.Collector.
func (c budgetCollector) Describe(out chan<- *prometheus.Desc) {
	out <- paceMetric
	out <- leftMetric
	out <- waitingMetric
}

// Collect implements prometheus.Collector.
func (c budgetCollector) Collect(out chan<- prometheus.Metric) {
	for key, a := range c.accounts() {
		if !a.budget.bounded() {
			continue
		}
		name := key.account
		if name == "" {
			name = "own"
		}
		pace, left := a.budget.left()
		out <- prometheus.MustNewConstMetric(paceMetric, prometheus.GaugeValue, pace, name, key.region)
		out <- prometheus.MustNewConstMetric(leftMetric, prometheus.GaugeValue, left, name, key.region)
		for rank, n := range a.budget.queues() {
			out <- prometheus.MustNewConstMetric(waitingMetric, prometheus.GaugeValue, float64(n), name, key.region, Rank(rank).String())
		}
	}
}
