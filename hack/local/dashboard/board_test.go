package dashboard

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const root = "../../.."

// TestDashboard: every panel of the dashboard says what it shows, has a place of its own and queries with legends, and asks
// for metrics that docs/metrics.md lists. Every metric of ours is on the dashboard, or is named here.
func TestDashboard(t *testing.T) {
	board, err := read(filepath.Join(root, "config", "grafana", "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	taken, shown := map[gridPos]string{}, map[string]bool{}
	metric := regexp.MustCompile(`aurora_backtrack_\w+`)
	for _, p := range board.Panels {
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := gridPos{X: p.GridPos.X + x, Y: p.GridPos.Y + y}
				if taken[at] != "" || at.X >= 24 {
					t.Fatalf("%q and %q both stand at %+v", p.Title, taken[at], at)
				}
				taken[at] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d %q has the description %q and %d queries", p.ID, p.Title, p.Description, len(p.Targets))
		}
		for _, q := range p.Targets {
			if p.Type == "timeseries" && q.LegendFormat == "" {
				t.Errorf("%q has a query without a legend: %s", p.Title, q.Expr)
			}
			for _, name := range metric.FindAllString(q.Expr, -1) {
				name = strings.TrimSuffix(name, "_bucket")
				shown[name] = true
				if !strings.Contains(string(page), "| `"+name+"` |") {
					t.Errorf("%q asks for %s, which docs/metrics.md does not list", p.Title, name)
				}
			}
		}
	}
	elsewhere := map[string]string{
		"aurora_backtrack_duration_seconds":                          "the durations of the steps say more",
		"aurora_backtrack_last_finished_timestamp_seconds":           "an annotation and an alert",
		"aurora_backtrack_last_external_backtrack_timestamp_seconds": "an alert",
		"aurora_backtrack_cluster_observed_timestamp_seconds":        "of use in a query of one's own",
		"aurora_backtrack_rds_single_describes_total":                "docs/runbook.md",
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(aurora_backtrack_\\w+)` \\|").FindAllStringSubmatch(string(page), -1) {
		if !shown[row[1]] && elsewhere[row[1]] == "" {
			t.Errorf("%s is not on the dashboard", row[1])
		}
	}
}

func TestExpand(t *testing.T) {
	got := expand(`sum(rate(a{auroracluster=~"$auroracluster"}[$__rate_interval])) + rate(b[$__range])`, time.Now().Add(-90*time.Second))
	if want := `sum(rate(a{auroracluster=~".*"}[15s])) + rate(b[90s])`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestLegend(t *testing.T) {
	if got := legend("{{step}} p{{ n }}{{gone}}", map[string]string{"step": "Admitted", "n": "90"}); got != "Admitted p90" {
		t.Error(got)
	}
}

// TestPoints: what is no number is left out.
func TestPoints(t *testing.T) {
	times, values := series{Values: [][2]any{{1.0, "2.5"}, {2.0, "x"}, {3.0, "4"}}}.points()
	if len(times) != 2 || values[1] != 4 {
		t.Errorf("%v %v", times, values)
	}
	if _, values := (series{Value: [2]any{1.0, "7"}}).points(); len(values) != 1 || values[0] != 7 {
		t.Errorf("%v", values)
	}
}
