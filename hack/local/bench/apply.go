package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// One rewind follows the other, of the next cluster.
const (
	applyRewinds  = 100
	applyClusters = 20
)

func applies() measurement {
	return inWorld(fmt.Sprintf("apply/%d", applyRewinds), fmt.Sprintf("from kubectl apply to the accepted call, %d times", applyRewinds), aurora.Timing{Backtracking: time.Second}, func(ctx context.Context, w *world.World) (report.Values, error) {
		return fromApply(ctx, w, applyRewinds)
	})
}

// fromApply measures how long it takes from `kubectl apply` to the accepted call, with a Deployment that is restarted.
func fromApply(ctx context.Context, w *world.World, n int) (report.Values, error) {
	if err := w.Clusters(ctx, standing, applyClusters); err != nil {
		return nil, err
	}
	for i := range applyClusters {
		cluster := fmt.Sprintf("%s-%d", standing, i)
		if err := w.Namespace(ctx, cluster); err != nil {
			return nil, err
		}
		d := world.Deployment(cluster, "app")
		d.Labels[v1alpha1.ClusterLabel] = cluster
		if err := w.API.Create(ctx, d); err != nil {
			return nil, err
		}
	}
	m, err := w.Start(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.AllReady(ctx, 2*time.Minute, applyClusters); err != nil {
		return nil, err
	}
	if err := stage.Pass(ctx, 15*time.Second); err != nil {
		return nil, err
	}
	began := make([]time.Time, n+1)
	w.Tell("%d rewinds, one after the other", n)
	for i := range n {
		cluster := fmt.Sprintf("%s-%d", standing, i%applyClusters)
		rewind := stage.Rewind{Namespace: cluster, Name: fmt.Sprintf("undo-%d", i), Cluster: cluster, To: time.Now().Add(-10 * time.Minute)}
		began[i] = time.Now()
		if err := w.Apply(ctx, rewind.Manifest()); err != nil {
			return nil, err
		}
		if err := w.AllSucceeded(ctx, time.Minute, i+1); err != nil {
			return nil, err
		}
	}
	began[n] = time.Now()
	values, err := callTimes(w, began)
	if err != nil {
		return nil, err
	}
	return values, m.Stop(ctx)
}

// callTimes reads how long each rewind took to its call. The last time is the end of all.
func callTimes(w *world.World, began []time.Time) (report.Values, error) {
	values := report.Values{}
	created, err := w.AllCreated(began[0])
	if err != nil {
		return nil, err
	}
	for i, from := range began[:len(began)-1] {
		cluster := fmt.Sprintf("%s-%d", standing, i%applyClusters)
		accepted, err := w.Accepted(cluster, from, began[i+1])
		if err != nil {
			return nil, err
		}
		received, ok := created[fmt.Sprintf("%s/undo-%d", cluster, i)]
		if !ok {
			return nil, fmt.Errorf("the audit log does not say who created undo-%d", i)
		}
		values.Add(report.CallSeconds, accepted.Sub(from).Seconds())
		values.Add(report.CallFromReceived, accepted.Sub(received).Seconds())
	}
	return values, nil
}
