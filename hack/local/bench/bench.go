// Package bench measures what a rewind, and a cluster at rest, cost: time, memory, and calls to RDS and to the API server. It
// asserts no absolute value: those are the machine's. What it asserts is ratios, see Check.
package bench

import (
	"context"
	"flag"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// Help says what a person should know of the subcommand.
const Help = `Measures what rewinds, and clusters at rest, cost. Each case runs on a cloud of its own, which is taken down
afterwards. The figures replace those of the same cases in docs/benchmarks/results.json, and docs/benchmarks.md,
its plots and the README's figures are written again.`

// Settings are the flags.
type Settings struct {
	rows  string
	check bool
}

// Flags declares them.
func (s *Settings) Flags(flags *flag.FlagSet) {
	flags.StringVar(&s.rows, "rows", "", "comma-separated rows or cases, such as rest,burst/10; all if empty. \"list\" lists them; \"page\" only writes\nthe page from the figures again")
	flags.BoolVar(&s.check, "check", false, "measure the ratios only, compare them with the committed ones, and fail on a regression")
}

// measurement is one case.
type measurement struct {
	name, title string
	measure     func(context.Context, *bench) (report.Values, error)
}

// bench is a run.
type bench struct {
	stage.Voice
	options  cloud.Options
	settings Settings
}

// Run measures what the settings ask for.
func Run(ctx context.Context, options cloud.Options, settings Settings) error {
	b := &bench{Voice: stage.Voice{Out: options.Out}, options: options, settings: settings}
	switch {
	case settings.rows == "list":
		for _, m := range measurements {
			fmt.Fprintf(options.Out, "%-20s %s\n", m.name, m.title)
		}
		return nil
	case settings.check:
		return b.check(ctx)
	case settings.rows == "page":
		results, err := report.Load(options.Root)
		if err != nil {
			return err
		}
		return results.Save(options.Root)
	}
	chosen, err := choose(settings.rows)
	if err != nil {
		return err
	}
	for i, m := range chosen {
		b.Say("[%d/%d] %s: %s", i+1, len(chosen), m.name, m.title)
		if err := b.run(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// run measures one case and keeps its figures at once: a later case that fails takes nothing away.
func (b *bench) run(ctx context.Context, m measurement) error {
	began, operator := time.Now(), commit(ctx, b.options.Root)
	values, err := m.measure(ctx, b)
	if err != nil {
		return err
	}
	for _, metric := range slices.Sorted(keys(values)) {
		b.Tell("%-60s %.4g", metric, report.Median(values[metric]))
	}
	b.Tell("(took %s)", time.Since(began).Round(time.Second))
	results, err := report.Load(b.options.Root)
	if err != nil {
		return err
	}
	results.Cases[m.name] = report.Case{
		MeasuredAt: time.Now().UTC().Truncate(time.Second), Commit: operator, Machine: machine(), Load: load(), Values: values,
	}
	return results.Save(b.options.Root)
}

// choose picks the cases that are named: by a row, which is all its cases, or by a case.
func choose(names string) ([]measurement, error) {
	if names == "" {
		return measurements, nil
	}
	var chosen []measurement
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		before := len(chosen)
		for _, m := range measurements {
			if m.name == name || path.Dir(m.name) == name {
				chosen = append(chosen, m)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("there is no row or case %q: make bench BENCH=list shows them", name)
		}
	}
	return chosen, nil
}

// play is what a case does on a control plane with RDS in memory.
type play func(context.Context, *world.World) (report.Values, error)

// inWorld is a case that runs on a control plane of its own, with RDS in memory that takes so long for a backtrack.
func inWorld(name, title string, timing aurora.Timing, play play) measurement {
	return measurement{name, title, func(ctx context.Context, b *bench) (report.Values, error) { return b.world(ctx, timing, play) }}
}

func (b *bench) world(ctx context.Context, timing aurora.Timing, play play) (values report.Values, err error) {
	err = world.Run(ctx, world.Options{Cloud: b.options, Timing: timing}, func(w *world.World) error {
		values, err = play(ctx, w)
		return err
	})
	return values, err
}

// fiveSeconds is a backtrack of the bench.
var fiveSeconds = aurora.Timing{Pending: time.Second, Backtracking: 4 * time.Second}
