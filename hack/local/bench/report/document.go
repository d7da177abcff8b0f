package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Files are the page, its plots and the README, by their paths below the checkout.
func (r Results) Files(root string) (map[string][]byte, error) {
	files := map[string][]byte{"docs/benchmarks.md": []byte(r.page())}
	for _, s := range sections {
		for _, g := range s.plots {
			picture, err := r.draw(s, g)
			if err != nil {
				return nil, fmt.Errorf("drawing %s: %w", g.file, err)
			}
			if picture != nil {
				files["docs/benchmarks/"+g.file] = picture
			}
		}
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md")) //nolint:gosec // of the checkout
	if err != nil {
		return nil, err
	}
	files["README.md"], err = r.readme(readme)
	return files, err
}

const intro = `# Benchmarks

What rewinds, and clusters at rest, cost. ` + "`make bench`" + ` measures it and writes this page, its plots and the figures in the README;
[results.json](benchmarks/results.json) has every run. To measure some of it, name rows or cases:

` + "```sh" + `
make bench BENCH=list             # the cases
make bench BENCH=rest/100,burst   # a row is all its cases; a case takes between one and six minutes
make bench-check                  # small runs, whose ratios are compared with the committed ones
` + "```" + `

"make bench-check" fails when a ratio is worse than the committed one allows, and names it. It asserts no absolute time: those are the
machine's.

How it is measured: a control plane of its own for each case, built from Kubernetes' own modules; the manager as it is built and
configured for a deployment, with the rights of its service account, as a process whose processor time and memory the kernel counts;
requests to the API server from the audit log, without those for the Lease; calls to RDS from the local Aurora's log. Where many clusters are
needed the local Aurora keeps no data; an application's downtime is measured on real data. Tables show the median of the runs, and the range
in parentheses.

The machine is small and is shared with other work, so times are noisy; counts are not. The load average of each run is at the end of the
page, and so is the commit of the operator that was measured. "Before" is what the same bench measured on the same machine at commit
e0033bb, when AuroraClusters at rest were read together and rewinds were not yet (empty where that is still the latest measurement);
"first" was measured before either.

`

func (r Results) page() string {
	text := &strings.Builder{}
	text.WriteString(intro)
	text.WriteString("## Summary\n\n" + r.summary() + "\n")
	if misses := r.misses(); misses != "" {
		text.WriteString("Missed:\n\n" + misses + "\n")
	}
	for _, s := range sections {
		r.section(text, s)
	}
	text.WriteString("## Runs\n\n" + r.runs())
	if missing := r.missing(); len(missing) > 0 {
		text.WriteString("\nNot measured yet: " + strings.Join(missing, ", ") + ".\n")
	}
	return text.String()
}

// section writes a part, unless nothing of it was measured yet.
func (r Results) section(text *strings.Builder, s section) {
	var columns []column
	for _, c := range s.columns {
		if _, ok := r.Cases[c.name]; ok {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		return
	}
	fmt.Fprintf(text, "## %s\n\n%s\n\n", s.heading, s.text)
	if len(s.lines) == 0 {
		text.WriteString(r.steps(columns[0].name))
	} else {
		r.table(text, columns, s.lines)
	}
	text.WriteString("\n")
	for _, g := range s.plots {
		if r.drawable(s, g) {
			fmt.Fprintf(text, "![%s](benchmarks/%s)\n\n", g.title, g.file)
		}
	}
}

func (r Results) table(text *strings.Builder, columns []column, lines []line) {
	text.WriteString("| |")
	for _, c := range columns {
		fmt.Fprintf(text, " %s |", c.title)
	}
	text.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, l := range lines {
		fmt.Fprintf(text, "| %s |", l.title)
		for _, c := range columns {
			fmt.Fprintf(text, " %s |", spread(r.Cases[c.name].Values[l.metric], l.unit))
		}
		text.WriteString("\n")
	}
}

// outage are the steps of a downtime, in their order.
var outage = []line{
	{"the database is closed", DatabaseSeconds, "s"}, {"… until its end is noticed", LookSeconds, "s"}, {"… until a new pod exists", NewPodSeconds, "s"},
	{"… until that is ready", PodReadySeconds, "s"}, {"… until it answers", AnswerSeconds, "s"},
}

// steps is the table of a downtime, with the operator and the runbook side by side.
func (r Results) steps(name string) string {
	text, values := &strings.Builder{}, r.Cases[name].Values
	text.WriteString("| | operator | runbook |\n|---|---|---|\n")
	totals := []line{{"**downtime**", DowntimeSeconds, "s"}, {"**… beyond the database's own**", BeyondDatabase, "s"}}
	for _, l := range slices.Concat(outage, totals) {
		fmt.Fprintf(text, "| %s | %s | %s |\n", l.title, spread(values[OperatorPrefix+l.metric], l.unit), spread(values[RunbookPrefix+l.metric], l.unit))
	}
	return text.String()
}

// runs says when and on what each case was measured.
func (r Results) runs() string {
	text := &strings.Builder{}
	text.WriteString("| case | measured | operator's commit | load average at the end | machine |\n|---|---|---|---|---|\n")
	for _, name := range sorted(r.Cases) {
		c := r.Cases[name]
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s |\n", name, c.MeasuredAt.Format(time.RFC3339), c.Commit, c.Load, c.Machine)
	}
	return text.String()
}

// missing are the cases of which there is no figure.
func (r Results) missing() (names []string) {
	for _, s := range sections {
		for _, c := range s.columns {
			if _, ok := r.Cases[c.name]; !ok {
				names = append(names, c.name)
			}
		}
	}
	return names
}

// The README's figures stand between these two lines.
const (
	figuresBegin = "<!-- figures: make bench writes what follows -->\n"
	figuresEnd   = "<!-- figures end -->\n"
)

func (r Results) readme(content []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(content, []byte(figuresBegin))
	_, after, closed := bytes.Cut(rest, []byte(figuresEnd))
	if !ok || !closed {
		return nil, errors.New("README.md lacks the two lines between which the figures stand: " + strings.TrimSpace(figuresBegin) + " and " + strings.TrimSpace(figuresEnd))
	}
	return []byte(string(before) + figuresBegin + r.summary() + figuresEnd + string(after)), nil
}
