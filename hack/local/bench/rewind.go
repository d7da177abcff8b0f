package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// rewindRuns is how often one rewind is measured.
const rewindRuns = 5

func rewind(name string, strategy v1alpha1.Strategy) measurement {
	return inWorld("rewind/"+name, fmt.Sprintf("one rewind, one Deployment with the strategy %s", strategy), fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) {
		return one(ctx, w, strategy, rewindRuns)
	})
}

// one measures rewinds of one cluster, one after the other, on which one Deployment with one pod depends.
func one(ctx context.Context, w *world.World, strategy v1alpha1.Strategy, runs int) (report.Values, error) {
	m, err := stand(ctx, w, strategy, 1, "")
	if err != nil {
		return nil, err
	}
	values := report.Values{}
	for run := range runs {
		// So that the one before is over, also for those who look once more after its end.
		if err := stage.Pass(ctx, 10*time.Second); err != nil {
			return nil, err
		}
		name, from := fmt.Sprintf("undo-%d", run), time.Now()
		if err := w.Apply(ctx, rewindOf(name)); err != nil {
			return nil, err
		}
		if err := w.AllSucceeded(ctx, 5*time.Minute, run+1); err != nil {
			return nil, err
		}
		to := time.Now()
		t, err := w.Traffic(from, to)
		if err != nil {
			return nil, err
		}
		values.Add(report.TotalSeconds, to.Sub(from).Seconds())
		values.Add(report.APIReads, float64(t.Reads))
		values.Add(report.APIWrites, float64(t.Writes))
		values.Add(report.RDSCalls, float64(t.RDS))
		w.Tell("run %d: %.2f s, %d reads and %d writes of the API, %d RDS calls", run+1, to.Sub(from).Seconds(), t.Reads, t.Writes, t.RDS)
	}
	return values, m.Stop(ctx)
}

// standing is the namespace and the cluster of what depends on one.
const standing = "game"

func rewindOf(name string) string {
	return stage.Rewind{Namespace: standing, Name: name, Cluster: standing + "-0", To: time.Now().Add(-10 * time.Minute)}.Manifest()
}

// stand makes a cluster, so many Deployments that depend on it, with one pod each on the node (any if empty), and starts the
// manager.
func stand(ctx context.Context, w *world.World, strategy v1alpha1.Strategy, deployments int, node string) (*world.Manager, error) {
	if err := w.Namespace(ctx, standing); err != nil {
		return nil, err
	}
	if err := w.Clusters(ctx, standing, 1); err != nil {
		return nil, err
	}
	if err := w.Dependents(ctx, standing, standing+"-0", strategy, deployments, node); err != nil {
		return nil, err
	}
	m, err := w.Start(ctx)
	if err != nil {
		return nil, err
	}
	return m, w.AllReady(ctx, 2*time.Minute, 1)
}
