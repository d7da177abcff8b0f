// Package bench measures on the local cloud what a rewind costs: time, memory and calls. It asserts no absolute value:
// what a machine makes of it is the machine's.
package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// Help says what a person should know of the subcommand.
const Help = `Measures rewinds on a cloud of its own, which it takes down afterwards: time, the operator's memory,
and calls to RDS and to the API server, with 1 and with 200 Deployments. Prints a Markdown table.`

// How long the local Aurora takes: together half-way between two looks of the operator, as the average rewind is.
const (
	pending      = time.Second
	backtracking = 3500 * time.Millisecond
	poll         = 3 * time.Second // the operator's --poll-interval as it is deployed
)

// scenario is a column of the table.
type scenario struct {
	name, title string
	strategy    v1alpha1.Strategy
	deployments int
	runs        int
}

var scenarios = []scenario{
	{"restart-1", "1 Deployment, restarted", v1alpha1.StrategyRestart, 1, 5},
	{"pause-1", "1 Deployment, paused and resumed", v1alpha1.StrategyPause, 1, 5},
	{"pause-200", "200 Deployments, paused and resumed", v1alpha1.StrategyPause, 200, 3},
}

// bench is a run.
type bench struct {
	stage.Voice
	cloud *cloud.Cloud
	kube  *stage.Kubernetes
	rds   *stage.RDS
}

// Run measures every scenario and prints the table.
func Run(ctx context.Context, options cloud.Options, _ []string) error {
	options.AuroraFlags = append(options.AuroraFlags, "--pending="+pending.String(), "--backtracking="+backtracking.String())
	return stage.Own(ctx, options, "bench", func(c *cloud.Cloud) error {
		kube, err := stage.NewKubernetes(c)
		if err != nil {
			return err
		}
		b := &bench{Voice: stage.Voice{Out: options.Out}, cloud: c, kube: kube, rds: stage.NewRDS(c)}
		results := make([][]measure, len(scenarios))
		for i, s := range scenarios {
			b.Say("%s", s.title)
			if results[i], err = b.play(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s.title, err)
			}
		}
		fmt.Fprintf(options.Out, "\n%s\n%s\n", table(scenarios, results), machine())
		return nil
	})
}

// play measures one scenario, run after run, and clears up.
func (b *bench) play(ctx context.Context, s scenario) ([]measure, error) {
	if err := b.prepare(ctx, s); err != nil {
		return nil, err
	}
	var all []measure
	for run := range s.runs {
		m, err := b.measure(ctx, s, fmt.Sprintf("run-%d", run+1))
		if err != nil {
			return nil, err
		}
		b.Tell("run %d: %s", run+1, m)
		all = append(all, m)
	}
	// What is idle goes on asking RDS now and then; the next scenario's calls must be its own.
	for _, args := range [][]string{{"namespace", s.name}, {"auroracluster", s.name}} {
		if err := b.kube.Delete(ctx, args...); err != nil {
			return nil, err
		}
	}
	return all, b.rds.DeleteCluster(ctx, s.name)
}

// prepare makes the Aurora cluster and its dependents: Deployments with one pod each, which sleeps.
func (b *bench) prepare(ctx context.Context, s scenario) error {
	if _, err := b.rds.CreateCluster(ctx, s.name); err != nil {
		return err
	}
	manifest := &strings.Builder{}
	fmt.Fprintf(manifest, cluster, s.name, s.strategy)
	for n := range s.deployments {
		fmt.Fprintf(manifest, deployment, n, s.name)
	}
	begin := time.Now()
	if err := b.kube.Apply(ctx, manifest.String()); err != nil {
		return err
	}
	err := stage.Within(ctx, 5*time.Minute, fmt.Sprintf("%d pods are ready", s.deployments), func() (bool, error) {
		var object v1alpha1.AuroraCluster
		if err := b.kube.API.Get(ctx, client.ObjectKey{Name: s.name}, &object); err != nil {
			return false, err
		}
		var pods corev1.PodList
		err := b.kube.API.List(ctx, &pods, client.InNamespace(s.name))
		ready := 0
		for i := range pods.Items {
			for _, c := range pods.Items[i].Status.Conditions {
				if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
					ready++
				}
			}
		}
		return object.Status.ClusterStatus == "available" && ready == s.deployments, err
	})
	b.Tell("ready pods: %d, after %s", s.deployments, time.Since(begin).Round(time.Second))
	return err
}

const cluster = `apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraCluster
metadata: {name: %[1]s}
spec:
  dbClusterIdentifier: %[1]s
  allowedNamespaces: {names: [%[1]s]}
  strategy: %[2]s
`

const deployment = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-%[1]d, namespace: %[2]s, labels: {aurora-backtrack.io/cluster: %[2]s}}
spec:
  selector: {matchLabels: {app: app-%[1]d}}
  template:
    metadata: {labels: {app: app-%[1]d}}
    spec: {containers: [{name: it, image: it, command: [sleep, "86400"]}]}
`
