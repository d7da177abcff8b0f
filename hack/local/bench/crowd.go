package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// How often a rewind is made in a crowd, and how often after a start of the manager.
const (
	crowdRewinds = 10
	crowdStarts  = 3
)

func crowd(n int) measurement {
	return measurement{fmt.Sprintf("crowd/%d", n), fmt.Sprintf("a rewind beside %d idle AuroraClusters", n), func(ctx context.Context, b *bench) (values report.Values, err error) {
		err = b.world(ctx, fiveSeconds, func(w *world.World) error {
			values, err = inCrowd(ctx, w, n, crowdRewinds, crowdStarts)
			return err
		})
		return values, err
	}}
}

// inCrowd measures how long a rewind waits for its call while n other clusters are refreshed, and when the manager has just been
// started and reads all of them.
func inCrowd(ctx context.Context, w *world.World, n, rewinds, starts int) (report.Values, error) {
	const namespace = "game"
	if err := w.Namespace(ctx, namespace); err != nil {
		return nil, err
	}
	if err := w.Clusters(ctx, "idle", n); err != nil {
		return nil, err
	}
	if err := w.Clusters(ctx, "game", 1); err != nil {
		return nil, err
	}
	m, err := w.Start(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.AllReady(ctx, 10*time.Minute, n+1); err != nil {
		return nil, err
	}
	if err := stage.Pass(ctx, 15*time.Second); err != nil {
		return nil, err
	}
	values, made := report.Values{}, 0
	rewind := func(metric string) error {
		made++
		name, from := fmt.Sprintf("undo-%d", made), time.Now()
		if err := w.API.Create(ctx, world.Backtrack(namespace, name, "game-0")); err != nil {
			return err
		}
		if err := w.AllSucceeded(ctx, 5*time.Minute, made); err != nil {
			return err
		}
		accepted, err := w.Accepted("game-0", from, time.Now())
		if err != nil {
			return err
		}
		w.Tell("%s: %.3f s", metric, accepted.Sub(from).Seconds())
		values.Add(metric, accepted.Sub(from).Seconds())
		return nil
	}
	for range rewinds {
		if err := rewind(report.CallSeconds); err != nil {
			return nil, err
		}
	}
	for range starts {
		if err := m.Stop(ctx); err != nil {
			return nil, err
		}
		if m, err = w.Start(ctx); err != nil {
			return nil, err
		}
		if err := rewind(report.CallAfterStart); err != nil {
			return nil, err
		}
	}
	return values, m.Stop(ctx)
}
