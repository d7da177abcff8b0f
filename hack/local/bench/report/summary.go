package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// mark is a line of the summary: a figure and what it must reach.
type mark struct {
	what, name, metric string
	// q picks the figure among the runs: 0 is the median.
	q float64
	// must is the most that is wanted, filed what was measured when the issue was filed, by hand.
	must  float64
	unit  string
	filed string
	// miss says why the figure is above its mark, if it is.
	miss string
}

// The summary: issue 9's table.
var marks = []mark{
	{what: "1,000 AuroraClusters at rest: `DescribeDBClusters` a minute", name: "rest/1000", metric: DescribesAMinute, must: 12, filed: "485"},
	{what: "… `DescribeDBClusterBacktracks` a minute", name: "rest/1000", metric: HistoriesAMinute, must: 12, filed: "200"},
	{what: "… API writes a minute", name: "rest/1000", metric: APIWritesAMinute, must: 20, filed: "1,000"},
	{what: "… processor time a minute", name: "rest/1000", metric: CPUSecondsAMinute, must: 0.6, unit: "s", filed: "5.3 s"},
	{what: "… resident memory", name: "rest/1000", metric: ResidentMiB, must: 64, unit: "MiB", filed: "69–80 MiB", miss: memoryMiss},
	{what: "… all Ready after a start", name: "rest/1000", metric: ReadySeconds, must: 15, unit: "s", filed: "128 s", miss: readyMiss},
	{what: "500 rewinds at once, backtracks of 5 s: in all", name: "burst/500", metric: TotalSeconds, must: 280, unit: "s", filed: "645 s", miss: burstMiss},
	{what: "… RDS calls each, beyond the polling that is shared", name: "burst/500", metric: BeyondSharedEach, must: 4, filed: "10.4", miss: burstMiss},
	{what: "A rewind beside 1,000 idle AuroraClusters: to the accepted call, the slowest", name: "crowd/1000", metric: CallSeconds, q: 1, must: 0.5, unit: "s", filed: "27 s and more"},
	{what: "One rewind, `Restart`: reads of the Kubernetes API", name: "rewind/restart", metric: APIReads, must: 12, filed: "31"},
	{what: "… writes", name: "rewind/restart", metric: APIWrites, must: 14, filed: "25"},
	{what: "API server receives the object → accepted call, `Restart`: median", name: "apply/100", metric: CallFromReceived, must: 0.1, unit: "s", filed: "0.28 s"},
	{what: "… 99th percentile", name: "apply/100", metric: CallFromReceived, q: 0.99, must: 0.5, unit: "s"},
	{what: "Downtime beyond the database's own, operator", name: "downtime/game-api", metric: OperatorPrefix + BeyondDatabase, must: 1.2, unit: "s", filed: "3.5 s", miss: downtimeMiss},
	{what: "… the runbook, for comparison", name: "downtime/game-api", metric: RunbookPrefix + BeyondDatabase, unit: "s", filed: "10.0 s"},
	{what: "200 Deployments paused: to the accepted call, without the pods' end", name: "pause/200", metric: BeyondSeconds, must: 6, unit: "s", filed: "16.9 s with it"},
	{what: "… and resumed: reads of the Kubernetes API for each", name: "pause/200", metric: APIReadsEach, must: 3, filed: "13.2"},
	{what: "… writes for each", name: "pause/200", metric: APIWritesEach, must: 2, filed: "2.2"},
	{what: "10,000 Deployments and 20,000 pods of others: heap that they add", name: "foreign/10000", metric: HeapAdded, must: 2, unit: "MiB"},
}

// summary is the table of the marks, for the page and for the README.
func (r Results) summary() string {
	text := &strings.Builder{}
	text.WriteString("| what | measured | wanted | before | first |\n|---|---|---|---|---|\n")
	for _, m := range marks {
		c, ok := r.Cases[m.name]
		if !ok || len(c.Values[m.metric]) == 0 {
			continue
		}
		wanted := "–"
		if m.must > 0 {
			wanted = "≤ " + trim(m.must) + suffix(m.unit)
			if m.value(c) > m.must {
				wanted += ", missed"
			}
		}
		before := "–"
		if older, ok := r.Before[m.name]; ok && older.Commit != c.Commit {
			before = m.shown(older)
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s |\n", m.what, m.shown(c), wanted, before, orDash(m.filed))
	}
	if least, most := r.loads(); most > 0 {
		fmt.Fprintf(text, "\nMeasured at load averages between %.0f and %.0f: times are those of a busy machine.\n", least, most)
	}
	return text.String()
}

// loads are the lowest and the highest load average at the end of a case.
func (r Results) loads() (least, most float64) {
	for _, c := range r.Cases {
		load, err := strconv.ParseFloat(c.Load, 64)
		if err != nil {
			continue
		}
		if most = max(most, load); least == 0 || load < least {
			least = load
		}
	}
	return least, most
}

// misses are the reasons for the marks that are missed, each once.
func (r Results) misses() string {
	text, said := &strings.Builder{}, map[string]bool{}
	for _, m := range marks {
		c, ok := r.Cases[m.name]
		if !ok || m.must == 0 || m.value(c) <= m.must || said[m.miss+m.what] {
			continue
		}
		said[m.miss+m.what] = true
		reason := cmp.Or(m.miss, "The reason was not looked for.")
		if r.Before[m.name].Commit == c.Commit {
			reason = strings.TrimSpace(m.miss + " " + stale)
		}
		fmt.Fprintf(text, "- **%s** (%s): %s instead of %s. %s\n", strings.TrimPrefix(m.what, "… "), m.name, m.shown(c), trim(m.must)+suffix(m.unit), reason)
	}
	return text.String()
}

func (m mark) value(c Case) float64 {
	if m.q == 0 {
		return Median(c.Values[m.metric])
	}
	return Quantile(c.Values[m.metric], m.q)
}

// shown is the figure, with the range of the runs behind a median.
func (m mark) shown(c Case) string {
	if m.q != 0 {
		return trim(m.value(c)) + suffix(m.unit)
	}
	return spread(c.Values[m.metric], m.unit)
}

// spread writes the median, and the range where there is one.
func spread(values []float64, unit string) string {
	if len(values) == 0 {
		return "–"
	}
	middle, least, most := trim(Median(values)), trim(Quantile(values, 0)), trim(Quantile(values, 1))
	if least == most {
		return middle + suffix(unit)
	}
	return fmt.Sprintf("%s%s (%s–%s)", middle, suffix(unit), least, most)
}

// trim writes three significant digits, and no more than is known.
func trim(value float64) string {
	switch {
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0")
	}
	text := strings.TrimRight(fmt.Sprintf("%.2f", value), "0")
	return strings.TrimSuffix(text, ".")
}

func suffix(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
