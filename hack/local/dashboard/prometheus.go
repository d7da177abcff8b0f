package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// scrapeInterval is short, as everything on the local cloud is.
const scrapeInterval = time.Second

// scraper is a user who may read the metrics.
const scraper = `apiVersion: v1
kind: ServiceAccount
metadata: {name: prometheus, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: prometheus-reads-aurora-backtrack}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: aurora-backtrack-metrics-reader}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: default}]
`

// prometheus is one that runs.
type prometheus struct {
	url     string
	process *exec.Cmd
	log     string
}

func find() (string, error) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		return "", fmt.Errorf("the program prometheus is needed, such as Debian's package prometheus (stop its service): %w", err)
	}
	return program, nil
}

// startPrometheus has a Prometheus scrape all managers, with the alerts as its rules.
func (t *test) startPrometheus(ctx context.Context, program string) error {
	if err := t.kube.Apply(ctx, scraper); err != nil {
		return err
	}
	token, err := t.kube.Kubectl(ctx, "create", "token", "prometheus", "--namespace=default", "--duration=2h")
	if err != nil {
		return err
	}
	targets, err := t.managers(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(t.cloud.Bin(), "dashboard", "prometheus")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := t.configure(dir, strings.TrimSpace(token), targets); err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	p := &prometheus{url: "http://" + address, log: filepath.Join(t.cloud.Logs(), "prometheus.log")}
	log, err := os.Create(p.log)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own descriptor
	args := []string{
		"--config.file=" + filepath.Join(dir, "prometheus.json"), "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + address,
	}
	p.process = exec.Command(program, args...) //nolint:gosec // a program that the user named by PATH; stop ends it, also after an interrupt
	p.process.Stdout, p.process.Stderr = log, log
	p.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.process.Start(); err != nil {
		return fmt.Errorf("starting prometheus: %w", err)
	}
	t.prometheus = p
	err = stage.Until(ctx, "Prometheus has scraped every manager", func() (bool, error) {
		found, err := p.query(ctx, `up == 1`, true, time.Now())
		return err == nil && len(found) == len(targets), nil //nolint:nilerr // it is not up yet
	})
	if err != nil {
		return errors.Join(err, p.stop())
	}
	t.Tell("Prometheus at %s scrapes %s", p.url, strings.Join(targets, ", "))
	return nil
}

// managers are the addresses of the operator's pods.
func (t *test) managers(ctx context.Context) ([]string, error) {
	var pods corev1.PodList
	if err := t.kube.API.List(ctx, &pods, client.InNamespace(cloud.OperatorNamespace)); err != nil {
		return nil, err
	}
	var targets []string
	for i := range pods.Items {
		if pod := &pods.Items[i]; pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil {
			targets = append(targets, net.JoinHostPort(pod.Status.PodIP, "8443"))
		}
	}
	if len(targets) == 0 {
		return nil, errors.New("no pod of the operator runs")
	}
	return targets, nil
}

// configure writes Prometheus's configuration (JSON is YAML), and the alerts of config/prometheus as its rule file.
func (t *test) configure(dir, token string, targets []string) error {
	manifest, err := os.ReadFile(filepath.Join(t.root, "config", "prometheus", "rules.yaml"))
	if err != nil {
		return err
	}
	var rule struct {
		Spec json.RawMessage `json:"spec"`
	}
	if err := yaml.Unmarshal(manifest, &rule); err != nil {
		return fmt.Errorf("config/prometheus/rules.yaml: %w", err)
	}
	config, err := json.Marshal(map[string]any{
		"global":     map[string]any{"scrape_interval": scrapeInterval.String(), "evaluation_interval": "2s"},
		"rule_files": []string{"rules.json"},
		"scrape_configs": []any{map[string]any{
			"job_name": "aurora-backtrack", "scheme": "https",
			"authorization":  map[string]any{"credentials_file": "token"},
			"tls_config":     map[string]any{"insecure_skip_verify": true}, // as in config/prometheus/service_monitor.yaml
			"static_configs": []any{map[string]any{"targets": targets}},
		}},
	})
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "token"), []byte(token), 0o600),
		os.WriteFile(filepath.Join(dir, "rules.json"), rule.Spec, 0o600),
		os.WriteFile(filepath.Join(dir, "prometheus.json"), config, 0o600))
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// stop ends it.
func (p *prometheus) stop() error {
	if err := p.process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ending prometheus: %w", err)
	}
	_ = p.process.Wait() // it was killed
	return nil
}

// series is one line of a panel.
type series struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`
	Values [][2]any          `json:"values"`

	name string
}

// points are the series's times and values.
func (s series) points() (times, values []float64) {
	all := s.Values
	if all == nil {
		all = [][2]any{s.Value}
	}
	for _, point := range all {
		at, _ := point[0].(float64)
		text, _ := point[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err == nil {
			times, values = append(times, at), append(values, value)
		}
	}
	return times, values
}

// query asks for the present, or for the time since begin.
func (p *prometheus) query(ctx context.Context, expr string, instant bool, begin time.Time) ([]series, error) {
	values := url.Values{"query": {expr}}
	path := "query"
	if !instant {
		path = "query_range"
		values.Set("start", fmt.Sprint(begin.Unix()))
		values.Set("end", fmt.Sprint(time.Now().Unix()))
		values.Set("step", "1")
	}
	var data struct{ Result []series }
	if err := p.get(ctx, path+"?"+values.Encode(), &data); err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	return data.Result, nil
}

// alertRule is how Prometheus stands to an alert.
type alertRule struct{ Name, State, Health, LastError string }

func (p *prometheus) rules(ctx context.Context) ([]alertRule, error) {
	var data struct{ Groups []struct{ Rules []alertRule } }
	if err := p.get(ctx, "rules", &data); err != nil {
		return nil, err
	}
	var all []alertRule
	for _, group := range data.Groups {
		all = append(all, group.Rules...)
	}
	return all, nil
}

func (p *prometheus) get(ctx context.Context, path string, data any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/v1/"+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", response.Status, err)
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: %s", response.Status, answer.Error)
	}
	return nil
}
