package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// How long clusters are left at rest before what they cost is measured, and for how long it is measured: several of their
// refreshIntervals.
const (
	restSettles = 60 * time.Second
	restLasts   = 2 * time.Minute
)

func rest(n int) measurement {
	return inWorld(fmt.Sprintf("rest/%d", n), fmt.Sprintf("%d AuroraClusters at rest", n), aurora.Timing{}, func(ctx context.Context, w *world.World) (report.Values, error) {
		return atRest(ctx, w, n, restSettles, restLasts)
	})
}

// atRest measures what n AuroraClusters that nobody rewinds cost.
func atRest(ctx context.Context, w *world.World, n int, settles, lasts time.Duration) (report.Values, error) {
	if err := w.Clusters(ctx, "idle", n); err != nil {
		return nil, err
	}
	w.Tell("%d AuroraClusters exist; the manager is started", n)
	started := time.Now()
	m, err := w.Start(ctx)
	if err != nil {
		return nil, err
	}
	values := report.Values{}
	if err := w.AllReady(ctx, 10*time.Minute, n); err != nil {
		return nil, err
	}
	values.Add(report.ReadySeconds, time.Since(started).Seconds())
	w.Tell("all are Ready after %.1f s; then %s of rest, and %s that are measured", time.Since(started).Seconds(), settles, lasts)
	if err := stage.Pass(ctx, settles); err != nil {
		return nil, err
	}
	if err := span(ctx, w, m, lasts, values); err != nil {
		return nil, err
	}
	return values, m.Stop(ctx)
}

// span measures what the manager costs for some time, by the minute.
func span(ctx context.Context, w *world.World, m *world.Manager, lasts time.Duration, values report.Values) error {
	from := time.Now()
	before, err := m.CPU()
	if err != nil {
		return err
	}
	if err := stage.Pass(ctx, lasts); err != nil {
		return err
	}
	after, err := m.CPU()
	if err != nil {
		return err
	}
	to := time.Now()
	minutes := to.Sub(from).Minutes()
	t, err := w.Traffic(from, to)
	if err != nil {
		return err
	}
	values.Add(report.CPUSecondsAMinute, (after-before).Seconds()/minutes)
	values.Add(report.DescribesAMinute, float64(t.Describes)/minutes)
	values.Add(report.HistoriesAMinute, float64(t.Histories)/minutes)
	values.Add(report.APIReadsAMinute, float64(t.Reads)/minutes)
	values.Add(report.APIWritesAMinute, float64(t.Writes)/minutes)
	used, err := m.Memory()
	values.Add(report.AnonymousMiB, mebibytes(used.Anonymous))
	if err != nil {
		return err
	}
	return memory(ctx, m, values, report.ResidentMiB, report.HeapMiB)
}

// memory adds the manager's resident memory and its heap.
func memory(ctx context.Context, m *world.Manager, values report.Values, resident, heap string) error {
	used, err := m.Memory()
	if err != nil {
		return err
	}
	values.Add(resident, mebibytes(used.Resident))
	live, err := m.Heap(ctx)
	values.Add(heap, mebibytes(live))
	return err
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
