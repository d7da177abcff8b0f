// Package metrics shows at /metrics what the objects of both kinds say, and what RDS says about the clusters. The gauges are
// computed from the cache when somebody scrapes, so none of them can drift, and what belongs to a deleted AuroraCluster is gone
// with it.
package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// readTimeout bounds the reading of the cache in one scrape.
const readTimeout = 5 * time.Second

// Collector shows the gauges.
type Collector struct {
	// Cache is where the objects are read.
	Cache client.Reader
	// Latest gives what the pollers know of a cluster (rds.Watcher.Latest).
	Latest func(rds.Target) (rds.Observation, bool)
	// Elected is closed once this process leads. One that stands by does not poll, and would show everything twice.
	Elected <-chan struct{}
	Clock   clock.PassiveClock
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range gauges {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	for _, s := range c.samples() {
		out <- prometheus.MustNewConstMetric(s.desc, prometheus.GaugeValue, s.value, s.labels...)
	}
}

func (c *Collector) samples() []sample {
	select {
	case <-c.Elected:
	default:
		return []sample{{leader, 0, nil}}
	}
	all := []sample{{leader, 1, nil}}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	var clusters v1alpha1.AuroraClusterList
	var objects v1alpha1.AuroraBacktrackList
	err := c.Cache.List(ctx, &clusters, client.UnsafeDisableDeepCopy)
	if err == nil {
		err = c.Cache.List(ctx, &objects, client.UnsafeDisableDeepCopy)
	}
	if err != nil { // the process ends, or has just begun
		log.Log.V(1).Info("the cache can't be read for the metrics", "detail", err.Error())
		return all
	}
	now := c.Clock.Now()
	for i := range clusters.Items {
		cluster := &clusters.Items[i]
		all = append(all, readiness(cluster))
		all = append(all, ledger(cluster, now)...)
		if seen, ok := c.Latest(rds.TargetOf(cluster)); ok {
			all = append(all, answer(cluster.Name, seen, now)...)
		}
	}
	return append(all, ofRewinds(clusters.Items, objects.Items, now)...)
}

// ofRewinds gives the samples of the AuroraBacktracks: for each AuroraCluster, and together for those that name none.
func ofRewinds(clusters []v1alpha1.AuroraCluster, objects []v1alpha1.AuroraBacktrack, now time.Time) []sample {
	byCluster := make(map[string]*rewinds, len(clusters))
	for i := range clusters {
		byCluster[clusters[i].Name] = newRewinds(clusters[i].Spec.Policy.Approval)
	}
	nowhere := newRewinds("")
	for i := range objects {
		of := byCluster[objects[i].Spec.ClusterRef.Name]
		if of == nil {
			of = nowhere
		}
		of.add(&objects[i])
	}
	all := nowhere.samples("", now)
	for i := range clusters {
		all = append(all, byCluster[clusters[i].Name].samples(clusters[i].Name, now)...)
	}
	return all
}
