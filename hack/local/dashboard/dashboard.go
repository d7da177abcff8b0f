// Package dashboard runs every query of config/grafana's dashboard, and evaluates every alert, on a real Prometheus that
// scrapes the operator on the local cloud, and draws what the panels show. It needs the program prometheus.
package dashboard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// Help says what a person should know of the subcommand.
const Help = `Runs every query of the Grafana dashboard (config/grafana) and evaluates every alert
(config/prometheus) on a Prometheus that scrapes the operator, on a cloud of its own on which rewinds
succeed, queue, wait for an approval and fail. A query that fails, or that has no result, is an error.
Draws the panels into bin/dashboard.html: it is no Grafana, but the data is what Grafana would show.
The program prometheus must be on PATH (Debian's package has that name).`

// test is a run.
type test struct {
	stage.Voice
	cloud      *cloud.Cloud
	kube       *stage.Kubernetes
	rds        *stage.RDS
	prometheus *prometheus
	root       string
}

// Run plays the scenario on a cloud of its own, and asks what the dashboard asks.
func Run(ctx context.Context, options cloud.Options, _ []string) error {
	board, err := read(filepath.Join(options.Root, "config", "grafana", "dashboard.json"))
	if err != nil {
		return err
	}
	program, err := find()
	if err != nil {
		return err
	}
	// A backtrack made elsewhere is noticed by the cluster's status, about which the operator asks every ten seconds.
	options.AuroraFlags = append(options.AuroraFlags, "--pending=1s", "--backtracking=15s", "--status-lag=500ms", "--unlisted=500ms")
	return stage.Own(ctx, options, "dashboard", func(c *cloud.Cloud) (err error) {
		kube, err := stage.NewKubernetes(c)
		if err != nil {
			return err
		}
		t := &test{Voice: stage.Voice{Out: options.Out}, cloud: c, kube: kube, rds: stage.NewRDS(c), root: options.Root}
		if err := t.startPrometheus(ctx, program); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.prometheus.stop()) }()
		begin := time.Now()
		if err := t.play(ctx); err != nil {
			return err
		}
		t.Say("Every query of the dashboard")
		drawn, err := t.ask(ctx, board, begin)
		if err != nil {
			return err
		}
		page := filepath.Join(c.Bin(), "dashboard.html")
		if err := os.WriteFile(page, []byte(draw(board, drawn)), 0o600); err != nil {
			return err
		}
		t.Tell("drawn in %s", page)
		return t.alerts(ctx)
	})
}

// ask runs every query of every panel, over the time since begin, until each has a result.
func (t *test) ask(ctx context.Context, board dashboard, begin time.Time) (map[int][]series, error) {
	drawn := map[int][]series{}
	count := 0
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			var found []series
			err := stage.Until(ctx, fmt.Sprintf("the panel %q shows something for %s", p.Title, q.Expr), func() (bool, error) {
				var err error
				found, err = t.prometheus.query(ctx, expand(q.Expr, begin), q.Instant, begin)
				return len(found) > 0, err
			})
			if err != nil {
				return nil, err
			}
			for i := range found {
				found[i].name = legend(q.LegendFormat, found[i].Metric)
			}
			drawn[p.ID] = append(drawn[p.ID], found...)
			count++
			t.Tell("✓ %-38s %3d series  %s", p.Title, len(found), q.Expr)
		}
	}
	for _, a := range board.Annotations.List {
		if _, err := t.prometheus.query(ctx, expand(a.Expr, begin), false, begin); err != nil {
			return nil, fmt.Errorf("annotation %s: %w", a.Name, err)
		}
	}
	t.Tell("✓ %d queries of panels ran, and each has a result; those of annotations (%d) ran, and may have none", count, len(board.Annotations.List))
	return drawn, nil
}

// alerts holds that Prometheus evaluates every alert, and that those fire or pend that the scenario is made for.
func (t *test) alerts(ctx context.Context) error {
	t.Say("Every alert")
	return stage.Until(ctx, "every alert is evaluated, and the approval and the external backtrack are seen", func() (bool, error) {
		rules, err := t.prometheus.rules(ctx)
		if err != nil {
			return false, err
		}
		states := map[string]string{}
		for _, r := range rules {
			if r.Health == "err" {
				return false, fmt.Errorf("the alert %s can't be evaluated: %s", r.Name, r.LastError)
			}
			if r.Health != "ok" {
				return false, nil
			}
			states[r.Name] = r.State
		}
		if states["AuroraBacktrackExternalBacktrack"] != "firing" || len(states) < 10 {
			return false, nil
		}
		for _, r := range rules {
			t.Tell("✓ %-36s %s", r.Name, r.State)
		}
		return true, nil
	})
}
