package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
)

func ratios() measurement {
	return measurement{"ratios", "what make bench-check compares: small runs", measureRatios}
}

// check measures the ratios and compares them with the committed ones. It writes no figures.
func (b *bench) check(ctx context.Context) error {
	results, err := report.Load(b.options.Root)
	if err != nil {
		return err
	}
	values, err := measureRatios(ctx, b)
	if err != nil {
		return err
	}
	table, regressions := report.Compare(results.Cases["ratios"].Values, values)
	fmt.Fprintf(b.Out, "\n%s", table)
	if len(regressions) > 0 {
		return errors.New("regressions:\n  " + strings.Join(regressions, "\n  "))
	}
	return nil
}

// small is a run that takes less than a minute or two.
type small struct {
	name   string
	timing aurora.Timing
	play   play
}

var smallRuns = []small{
	{"5 rewinds at once", fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) { return atOnce(ctx, w, "burst", 5) }},
	{"20 rewinds at once", fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) { return atOnce(ctx, w, "burst", 20) }},
	{"6 clusters at rest", aurora.Timing{}, func(ctx context.Context, w *world.World) (report.Values, error) {
		return atRest(ctx, w, 6, 20*time.Second, time.Minute)
	}},
	{"60 clusters at rest", aurora.Timing{}, func(ctx context.Context, w *world.World) (report.Values, error) {
		return atRest(ctx, w, 60, 20*time.Second, time.Minute)
	}},
	{"20 Deployments are paused", fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) { return paused(ctx, w, 20, 1) }},
	{"a rewind alone", fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) { return inCrowd(ctx, w, 0, 3, 0) }},
	{"a rewind beside 200 clusters", fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) {
		return inCrowd(ctx, w, 200, 3, 0)
	}},
	{"1000 Deployments of others", fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) {
		return beside(ctx, w, 1000, 2000)
	}},
}

func measureRatios(ctx context.Context, b *bench) (report.Values, error) {
	var all []report.Values
	for i, run := range smallRuns {
		b.Say("ratios, %d of %d: %s", i+1, len(smallRuns), run.name)
		values, err := b.world(ctx, run.timing, run.play)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", run.name, err)
		}
		all = append(all, values)
	}
	of := func(run int, metric string) float64 { return report.Median(all[run][metric]) }
	figures := []float64{
		of(1, report.RDSEach) / of(0, report.RDSEach),
		of(1, report.APIWritesEach) / of(0, report.APIWritesEach),
		// Either may be none in a minute.
		(of(3, report.HistoriesAMinute) + 1) / (of(2, report.HistoriesAMinute) + 1),
		of(1, report.RDSEach),
		of(4, report.APIReadsEach),
		of(4, report.APIWritesEach),
		of(6, report.CallSeconds) / of(5, report.CallSeconds),
		of(7, report.HeapAfter) / of(7, report.HeapBefore),
	}
	values := report.Values{}
	for i, ratio := range report.Ratios {
		values.Add(ratio.Metric, figures[i])
	}
	return values, nil
}
