package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

func burst(n int) measurement {
	return inWorld(fmt.Sprintf("burst/%d", n), fmt.Sprintf("%d rewinds at once, of as many clusters", n), fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) {
		return atOnce(ctx, w, "burst", n)
	})
}

// atOnce measures n rewinds that are created at the same time, one for each of n clusters, without dependents.
func atOnce(ctx context.Context, w *world.World, prefix string, n int) (report.Values, error) {
	const namespace = "game"
	if err := w.Namespace(ctx, namespace); err != nil {
		return nil, err
	}
	if err := w.Clusters(ctx, prefix, n); err != nil {
		return nil, err
	}
	m, err := w.Start(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.AllReady(ctx, 10*time.Minute, n); err != nil {
		return nil, err
	}
	// The budget is full again before the rewinds begin.
	if err := stage.Pass(ctx, 15*time.Second); err != nil {
		return nil, err
	}
	before, err := m.CPU()
	if err != nil {
		return nil, err
	}
	w.Tell("%d rewinds begin", n)
	from := time.Now()
	err = world.Many(ctx, n, func(ctx context.Context, i int) error {
		return w.API.Create(ctx, world.Backtrack(namespace, fmt.Sprintf("undo-%d", i), fmt.Sprintf("%s-%d", prefix, i)))
	})
	if err != nil {
		return nil, err
	}
	if err := w.AllSucceeded(ctx, 20*time.Minute, n); err != nil {
		return nil, err
	}
	to := time.Now()
	t, err := w.Traffic(from, to)
	if err != nil {
		return nil, err
	}
	after, err := m.CPU()
	if err != nil {
		return nil, err
	}
	used, err := m.Memory()
	if err != nil {
		return nil, err
	}
	each := func(calls int) float64 { return float64(calls) / float64(n) }
	values := report.Values{
		report.TotalSeconds: {to.Sub(from).Seconds()}, report.Accepted: {float64(t.Accepted)},
		report.RDSEach: {each(t.RDS)}, report.HistoriesEach: {each(t.Histories)}, report.DescribesEach: {each(t.Describes)},
		report.BeyondSharedEach: {each(t.Accepted + t.Histories + t.Single)},
		report.APIReadsEach:     {each(t.Reads)}, report.APIWritesEach: {each(t.Writes)},
		report.CPUSecondsEach: {(after - before).Seconds() / float64(n)}, report.HighestMiB: {mebibytes(used.Highest)},
	}
	return values, m.Stop(ctx)
}
