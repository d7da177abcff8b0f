package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is a line of the table.
type row struct {
	title string
	cell  func([]measure) string
}

var rows = []row{
	{"`kubectl apply` → last patch that pauses", durations(func(m measure) time.Duration { return m.toPaused })},
	{"`kubectl apply` → RDS accepts the backtrack", durations(func(m measure) time.Duration { return m.toCall })},
	{"cluster available → the operator looks", durations(func(m measure) time.Duration { return m.toLook })},
	{"… → last patch that resumes or restarts", durations(func(m measure) time.Duration { return m.toPatch })},
	{"`kubectl apply` → `Succeeded`", durations(func(m measure) time.Duration { return m.toEnd })},
	{"memory of the leading manager, idle", memory(func(m measure) int64 { return m.idle })},
	{"the most during the rewind", memory(func(m measure) int64 { return m.most })},
	{"RDS calls", counts(func(m measure) int { return m.rds })},
	{"Kubernetes API calls: reads", counts(func(m measure) int { return m.reads })},
	{"Kubernetes API calls: writes", counts(func(m measure) int { return m.writes })},
}

// table writes the results as Markdown: the median of the runs, and the range.
func table(scenarios []scenario, results [][]measure) string {
	text := &strings.Builder{}
	text.WriteString("| per rewind: median (range) |")
	for i, s := range scenarios {
		fmt.Fprintf(text, " %s, %d runs |", s.title, len(results[i]))
	}
	text.WriteString("\n|---|" + strings.Repeat("---|", len(scenarios)) + "\n")
	for _, r := range rows {
		fmt.Fprintf(text, "| %s |", r.title)
		for _, measures := range results {
			fmt.Fprintf(text, " %s |", r.cell(measures))
		}
		text.WriteString("\n")
	}
	fmt.Fprintf(text, "\nThe local Aurora takes %s for a backtrack; the operator looks every %s meanwhile (`--poll-interval`). Every Deployment has "+
		"one pod, a real process. Calls are those of the operator from `kubectl apply` to `Succeeded`, without the Lease's renewals.\n", pending+backtracking, poll)
	return text.String()
}

func durations(of func(measure) time.Duration) func([]measure) string { return spread(of, seconds) }

func memory(of func(measure) int64) func([]measure) string {
	return spread(of, func(n int64) string { return fmt.Sprintf("%d MiB", n>>20) })
}

func counts(of func(measure) int) func([]measure) string {
	return spread(of, func(n int) string { return fmt.Sprint(n) })
}

// spread writes the median of a value, and its range where it has one.
func spread[T cmp.Ordered](of func(measure) T, write func(T) string) func([]measure) string {
	return func(measures []measure) string {
		values := make([]T, len(measures))
		for i, m := range measures {
			values[i] = of(m)
		}
		slices.Sort(values)
		middle, least, most := write(values[(len(values)-1)/2]), write(values[0]), write(values[len(values)-1])
		if least == most {
			return middle
		}
		return fmt.Sprintf("%s (%s–%s)", middle, least, most)
	}
}

func seconds(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
