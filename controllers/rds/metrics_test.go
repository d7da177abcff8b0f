package rds

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

func counterValue(t testing.TB, counter prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := counter.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// TestCodeLabel: foreign text is no label.
func TestCodeLabel(t *testing.T) {
	for want, err := range map[string]error{
		"OK":         nil,
		"NoAnswer":   &Error{Reason: v1alpha1.ReasonRDSUnreachable},
		"NotSent":    &Error{Reason: v1alpha1.ReasonThrottled, Refused: true},
		"Throttling": &Error{Code: "Throttling", Refused: true},
		"Other":      &Error{Code: "SomethingNew", Refused: true},
	} {
		if got := codeLabel(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
	if got := codeLabel(errors.New("x")); got != "NoAnswer" {
		t.Errorf("another error: %s", got)
	}
}

// TestBudgetMetrics shows the budget of each account and Region, and nothing where there is none.
func TestBudgetMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, local.Options{})
	w.add("x")
	registry := prometheus.NewPedanticRegistry()
	for _, p := range []*Provider{w.provider(func(o *Options) { o.RequestsPerSecond, o.Burst = 8, 40 }), w.provider()} {
		if err := registry.Register(p.Metrics()); err == nil {
			defer registry.Unregister(p.Metrics())
		}
		if _, err := p.History(t.Context(), Target{Identifier: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, label := range m.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			got = append(got, fmt.Sprintf("%s %s", strings.TrimPrefix(family.GetName(), "aurora_backtrack_rds_"), strings.Join(labels, " ")))
		}
	}
	want := "budget_left_ratio own eu-west-1, budget_requests_per_second own eu-west-1, waiting_requests own active eu-west-1, waiting_requests own call eu-west-1, waiting_requests own rest eu-west-1"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("got %s", text)
	}
}
