package report

import (
	"fmt"
	"strings"
)

// Ratio is a figure that another machine would measure nearly alike.
type Ratio struct {
	Metric string
	// Factor and Slack bound what is no regression: committed × Factor + Slack.
	Factor, Slack float64
}

// Ratios are what is compared. Counts are exact but for a poll more or less; times are not.
var Ratios = []Ratio{
	{"RDS calls for a rewind: among 20 at once to among 5", 1.3, 0.2},
	{"API writes for a rewind: among 20 at once to among 5", 1.3, 0.2},
	{"history calls at rest: of 60 clusters to 6", 1.5, 1},
	{"RDS calls for a rewind, among 20 at once", 1.3, 1},
	{"API reads for a paused Deployment, of 20", 1.3, 0.5},
	{"API writes for a paused Deployment, of 20", 1.3, 0.5},
	{"time to the call: beside 200 idle clusters to beside none", 2, 0.5},
	{"heap: beside 1000 Deployments and 2000 pods of others to beside none", 1.1, 0},
}

// Compare writes a line for each ratio, and returns those that are worse than the committed ones allow. Fewer is always better.
func Compare(committed, now Values) (table string, regressions []string) {
	text := &strings.Builder{}
	for _, ratio := range Ratios {
		before, has := committed[ratio.Metric]
		if !has {
			regressions = append(regressions, ratio.Metric+": no figure is committed; run make bench BENCH=ratios and commit docs/benchmarks")
			continue
		}
		was, is := Median(before), Median(now[ratio.Metric])
		most, verdict := was*ratio.Factor+ratio.Slack, "ok"
		if is > most {
			verdict = "worse"
			regressions = append(regressions, fmt.Sprintf("%s: %.2f, committed %.2f, at most %.2f is taken for the same", ratio.Metric, is, was, most))
		}
		fmt.Fprintf(text, "%-70s %6.2f  committed %6.2f  at most %6.2f  %s\n", ratio.Metric, is, was, most, verdict)
	}
	return text.String(), regressions
}
