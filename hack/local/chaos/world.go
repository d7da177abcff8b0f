package chaos

import (
	"context"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// clusters is how many Aurora clusters there are, each with an AuroraCluster and a namespace of the same name.
const clusters = 10

func clusterName(n int) string { return fmt.Sprintf("chaos-%d", n) }

// prepare makes the clusters and everything that depends on them, waits until all of it runs, and notes how it is.
func (s *storm) prepare(ctx context.Context) error {
	s.Say("%d Aurora clusters, and for each a namespace with seven dependents", clusters)
	began := time.Now()
	var manifests strings.Builder
	for n := range clusters {
		// Without a database: the data is not the point here, and snapshots of it would cost time.
		_, err := s.rds.Client.CreateDBCluster(ctx, &rds.CreateDBClusterInput{
			DBClusterIdentifier: aws.String(clusterName(n)), Engine: aws.String("aurora-mysql"), BacktrackWindow: aws.Int64(7200),
			MasterUsername: aws.String("admin"), MasterUserPassword: aws.String("chaos-password"),
		})
		if err != nil {
			return fmt.Errorf("creating Aurora cluster %s: %w", clusterName(n), err)
		}
		odd, even := v1alpha1.StrategyPause, v1alpha1.StrategyRestart
		if n%2 == 0 {
			odd, even = even, odd
		}
		err = dependents.Execute(&manifests, map[string]any{"Name": clusterName(n), "StatefulSet": even, "DaemonSet": odd})
		if err != nil {
			return err
		}
	}
	if err := s.kube.Apply(ctx, manifests.String()); err != nil {
		return err
	}
	err := stage.Until(ctx, "all workloads run and all AuroraClusters are Ready", func() (bool, error) { return s.ready(ctx) })
	if err != nil {
		return err
	}
	s.before, err = s.workloads(ctx)
	if err != nil {
		return err
	}
	// Targets lie between the clusters' creation and now: let there be some room.
	ready := time.Now()
	if err := stage.Pass(ctx, 3*time.Second); err != nil {
		return err
	}
	s.wishes = draw(s.settings, ready)
	s.Tell("%d workloads run, after %s", len(s.before), time.Since(began).Round(time.Second))
	return nil
}

// ready reports whether every AuroraCluster is Ready and every workload up.
func (s *storm) ready(ctx context.Context) (bool, error) {
	var list v1alpha1.AuroraClusterList
	if err := s.kube.API.List(ctx, &list); err != nil {
		return false, err
	}
	for i := range list.Items {
		if !isTrue(list.Items[i].Status.Conditions, v1alpha1.ConditionReady) {
			return false, nil
		}
	}
	found, err := s.workloads(ctx)
	if err != nil {
		return false, err
	}
	for _, w := range found {
		if !w.up {
			return false, nil
		}
	}
	return len(list.Items) == clusters && len(found) == clusters*perCluster, nil
}

// perCluster is how many workloads, autoscalers included, the manifest has for a cluster.
const perCluster = 8

// dependents is what a platform team and application teams would apply for one cluster. What says nothing is restarted.
// One is named by the AuroraCluster, the others by their label.
var dependents = template.Must(template.New("dependents").Parse(`
{{- define "labels"}}{aurora-backtrack.io/cluster: {{.Name}}}{{end -}}
{{- define "pod"}}
    metadata: {labels: {app: {{.}}}}
    spec:
      terminationGracePeriodSeconds: 2
      containers: [{name: main, image: sleep, command: [/sleep], args: [infinity]}]
{{- end -}}
apiVersion: v1
kind: Namespace
metadata: {name: {{.Name}}}
---
apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraCluster
metadata: {name: {{.Name}}}
spec:
  dbClusterIdentifier: {{.Name}}
  allowedNamespaces: {names: [{{.Name}}]}
  refreshInterval: 10s
  dependents:
  - {kind: Deployment, namespace: {{.Name}}, name: worker, strategy: Pause, order: -1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: {{.Name}}, labels: {{template "labels" .}}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {{template "pod" "web"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: {{.Name}}}
spec:
  replicas: 1
  selector: {matchLabels: {app: worker}}
  template: {{template "pod" "worker"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: scaled, namespace: {{.Name}}, labels: {{template "labels" .}}, annotations: {aurora-backtrack.io/strategy: Pause}}
spec:
  replicas: 1
  selector: {matchLabels: {app: scaled}}
  template: {{template "pod" "scaled"}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scaled, namespace: {{.Name}}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: scaled}
  minReplicas: 1
  maxReplicas: 3
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle, namespace: {{.Name}}, labels: {{template "labels" .}}, annotations: {aurora-backtrack.io/strategy: Pause}}
spec:
  replicas: 0
  selector: {matchLabels: {app: idle}}
  template: {{template "pod" "idle"}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: {{.Name}}, labels: {{template "labels" .}}, annotations: {aurora-backtrack.io/strategy: {{.StatefulSet}}}}
spec:
  replicas: 1
  serviceName: store
  selector: {matchLabels: {app: store}}
  template: {{template "pod" "store"}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: {{.Name}}, labels: {{template "labels" .}}, annotations: {aurora-backtrack.io/strategy: {{.DaemonSet}}}}
spec:
  selector: {matchLabels: {app: agent}}
  template: {{template "pod" "agent"}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: {{.Name}}, labels: {{template "labels" .}}, annotations: {aurora-backtrack.io/strategy: Pause}}
spec:
  schedule: "* * * * *"
  concurrencyPolicy: Forbid
  successfulJobsHistoryLimit: 1
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: main, image: sleep, command: [/sleep], args: ["1"]}]
---
`))
