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
	return inWorld(fmt.Sprintf("crowd/%d", n), fmt.Sprintf("a rewind beside %d idle AuroraClusters", n), fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) {
		return inCrowd(ctx, w, n, crowdRewinds, crowdStarts)
	})
}

// crowded is a cluster that is rewound again and again beside idle ones.
type crowded struct {
	*world.World
	made   int
	values report.Values
}

// inCrowd measures how long a rewind waits for its call while n other clusters are refreshed, and when the manager has just been
// started and reads all of them.
func inCrowd(ctx context.Context, w *world.World, n, rewinds, starts int) (report.Values, error) {
	if err := w.Namespace(ctx, standing); err != nil {
		return nil, err
	}
	if err := w.Clusters(ctx, "idle", n); err != nil {
		return nil, err
	}
	if err := w.Clusters(ctx, standing, 1); err != nil {
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
	c := &crowded{World: w, values: report.Values{}}
	for range rewinds {
		if err := c.rewind(ctx, report.CallSeconds); err != nil {
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
		if err := c.rewind(ctx, report.CallAfterStart); err != nil {
			return nil, err
		}
	}
	return c.values, m.Stop(ctx)
}

// rewind measures one, to its call, and waits for its end.
func (c *crowded) rewind(ctx context.Context, metric string) error {
	c.made++
	from := time.Now()
	if err := c.API.Create(ctx, world.Backtrack(standing, fmt.Sprintf("undo-%d", c.made), standing+"-0")); err != nil {
		return err
	}
	if err := c.AllSucceeded(ctx, 5*time.Minute, c.made); err != nil {
		return err
	}
	accepted, err := c.Accepted(standing+"-0", from, time.Now())
	if err != nil {
		return err
	}
	c.Tell("%s: %.3f s", metric, accepted.Sub(from).Seconds())
	c.values.Add(metric, accepted.Sub(from).Seconds())
	return nil
}
