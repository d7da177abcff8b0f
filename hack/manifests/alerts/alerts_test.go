// Package alerts_test runs promtool's unit tests of the alerts in config/prometheus, and checks what the alerts refer to.
package alerts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	root    = "../../.."
	runbook = "https://github.com/aurora-backtrack/operator/blob/main/docs/runbook.md#"
)

// rule is what is read of an alert.
type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// alerts gives the alerts, and the spec of the PrometheusRule, which has the form of Prometheus's own rule files.
func alerts(t *testing.T) (found []rule, spec []byte) {
	t.Helper()
	var manifest struct {
		Spec struct {
			Groups []struct {
				Rules []rule `json:"rules"`
			} `json:"groups"`
		} `json:"spec"`
	}
	var whole struct {
		Spec any `json:"spec"`
	}
	text := []byte(read(t, "config", "prometheus", "rules.yaml"))
	for _, into := range []any{&manifest, &whole} {
		if err := yaml.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	for _, group := range manifest.Spec.Groups {
		found = append(found, group.Rules...)
	}
	if len(found) < 10 {
		t.Fatalf("only %d alerts", len(found))
	}
	spec, err := yaml.Marshal(whole.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return found, spec
}

// TestUnits has promtool check the alerts and run their unit tests.
func TestUnits(t *testing.T) {
	promtool, err := filepath.Abs(filepath.Join(root, "bin", "promtool"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(promtool); err != nil {
		t.Fatalf("there is no promtool: run make bin/promtool (%v)", err)
	}
	_, spec := alerts(t)
	dir := t.TempDir()
	for name, content := range map[string]string{"rules.yaml": string(spec), "rules_test.yaml": read(t, "hack/manifests/alerts/testdata/rules_test.yaml")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", "rules.yaml"}, {"test", "rules", "rules_test.yaml"}} {
		command := exec.CommandContext(t.Context(), promtool, args...)
		command.Dir = dir
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, output)
		}
	}
}

// TestUnitsAreComplete: each alert has a unit test in which it fires, and one in which it does not.
func TestUnitsAreComplete(t *testing.T) {
	var units struct {
		Tests []struct {
			Rules []struct {
				Alert    string `json:"alertname"`
				Expected []any  `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		} `json:"tests"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "hack/manifests/alerts/testdata/rules_test.yaml")), &units); err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		alert string
		fires bool
	}
	tested := map[outcome]bool{}
	for _, test := range units.Tests {
		for _, r := range test.Rules {
			tested[outcome{r.Alert, len(r.Expected) > 0}] = true
		}
	}
	found, _ := alerts(t)
	for _, r := range found {
		for _, fires := range []bool{true, false} {
			if !tested[outcome{r.Alert, fires}] {
				t.Errorf("no unit test has %s with firing %v", r.Alert, fires)
			}
		}
	}
}

// TestReferences: each alert leads to a section of the runbook, and is made of metrics that docs/metrics.md lists. Each
// section is that of an alert.
func TestReferences(t *testing.T) {
	page, listed := read(t, "docs", "runbook.md"), read(t, "docs", "metrics.md")
	_, section, there := strings.Cut(page, "\n## Alerts\n")
	if !there {
		t.Fatal("docs/runbook.md has no section Alerts")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var headings []string
	for _, match := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(section, -1) {
		headings = append(headings, match[1])
	}
	found, _ := alerts(t)
	var names []string
	for _, r := range found {
		names = append(names, r.Alert)
		if want := runbook + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want || !slices.Contains(headings, r.Alert) {
			t.Errorf("%s leads to %s, want %s, and the runbook's section Alerts has %v", r.Alert, r.Annotations["runbook_url"], want, headings)
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" || !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s has the labels %v and the annotations %v", r.Alert, r.Labels, r.Annotations)
		}
		metrics := regexp.MustCompile(`aurora_backtrack_\w+`).FindAllString(r.Expr, -1)
		if len(metrics) == 0 {
			t.Errorf("%s is about no metric of ours", r.Alert)
		}
		for _, metric := range metrics {
			if !strings.Contains(listed, "| `"+metric+"` |") {
				t.Errorf("%s is about %s, which docs/metrics.md does not list", r.Alert, metric)
			}
		}
	}
	for _, heading := range headings {
		if !slices.Contains(names, heading) {
			t.Errorf("docs/runbook.md explains the alert %s, which does not exist", heading)
		}
	}
}

// TestComponents builds an overlay with the components that belong to the metrics.
func TestComponents(t *testing.T) {
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Rel(dir, absolute)
	if err != nil {
		t.Fatal(err)
	}
	overlay := "resources: [" + path + "/config/default]\ncomponents: [" + path + "/config/prometheus, " + path + "/config/grafana]\n"
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	built, err := exec.CommandContext(t.Context(), filepath.Join(absolute, "bin", "kustomize"), "build", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("kustomize: %v\n%s", err, built)
	}
	for _, want := range []string{"kind: ServiceMonitor", "kind: PrometheusRule", "grafana_dashboard: \"1\"", "name: aurora-backtrack-dashboard"} {
		if !strings.Contains(string(built), want) {
			t.Errorf("the overlay has no %s", want)
		}
	}
}
