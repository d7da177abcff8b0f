package dashboard

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// estate is what the scenario stands on: a cluster whose worker is paused for each rewind, and one that asks for approval.
const estate = `apiVersion: v1
kind: Namespace
metadata: {name: game}
---
apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraCluster
metadata: {name: game}
spec:
  dbClusterIdentifier: game
  allowedNamespaces: {names: [game]}
  refreshInterval: 10s
---
apiVersion: aurora-backtrack.io/v1alpha1
kind: AuroraCluster
metadata: {name: careful}
spec:
  dbClusterIdentifier: careful
  allowedNamespaces: {names: [game]}
  policy: {approval: Required}
  refreshInterval: 10s
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
  namespace: game
  labels: {aurora-backtrack.io/cluster: game}
  annotations: {aurora-backtrack.io/strategy: Pause}
spec:
  replicas: 2
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: worker, image: sleep, command: [sleep, "3600"]}]
`

// play has the operator do all that the dashboard shows.
func (t *test) play(ctx context.Context) error {
	t.Say("Rewinds succeed, queue, wait for an approval, fail and are made elsewhere")
	for _, identifier := range []string{"game", "careful"} {
		if _, err := t.rds.CreateCluster(ctx, identifier); err != nil {
			return err
		}
	}
	if err := t.kube.Apply(ctx, estate); err != nil {
		return err
	}
	if _, err := t.kube.Kubectl(ctx, "rollout", "status", "deployment/worker", "--namespace=game", "--timeout=2m"); err != nil {
		return err
	}
	to := time.Now().UTC().Truncate(time.Second)
	if err := stage.Pass(ctx, 2*time.Second); err != nil { // the history has begun by then
		return err
	}
	waits := stage.Rewind{Namespace: "game", Name: "waits", Cluster: "careful", To: to, More: []string{"suspend: true"}}
	future := stage.Rewind{Namespace: "game", Name: "from-the-future", Cluster: "game", To: time.Now().Add(time.Hour)}
	first := stage.Rewind{Namespace: "game", Name: "first", Cluster: "game", To: to}
	second := stage.Rewind{Namespace: "game", Name: "second", Cluster: "game", To: to.Add(time.Second)}
	for _, rewind := range []stage.Rewind{waits, future, first, second} {
		if err := t.kube.Apply(ctx, rewind.Manifest()); err != nil {
			return err
		}
	}
	ends := map[string]string{
		"from-the-future": v1alpha1.ReasonTargetInFuture, "first": v1alpha1.ReasonSucceeded, "second": v1alpha1.ReasonSucceeded,
	}
	for name, reason := range ends {
		object, err := t.kube.Follow(ctx, stage.Patience, "game", name, nil)
		if err != nil {
			return err
		}
		if got := stage.Condition(object, v1alpha1.ConditionSucceeded).Reason; got != reason {
			return fmt.Errorf("%s ended as %s, want %s", name, got, reason)
		}
	}
	return t.elsewhere(ctx, to)
}

// elsewhere rewinds past the operator, and has RDS throttle it.
func (t *test) elsewhere(ctx context.Context, to time.Time) error {
	_, err := t.rds.Client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: aws.String("game"), BacktrackTo: aws.Time(to)})
	if err != nil {
		return fmt.Errorf("rewinding as the AWS CLI would: %w", err)
	}
	if err := t.shows(ctx, "the operator has seen it", "aurora_backtrack_last_external_backtrack_timestamp_seconds"); err != nil {
		return err
	}
	throttle := aurora.Fault{Operation: "DescribeDBClusters", Error: aurora.FaultThrottlingShort, Count: 3}
	if err := t.rds.SetFaults(ctx, throttle); err != nil {
		return err
	}
	if err := t.shows(ctx, "the operator was throttled", "sum(aurora_backtrack_rds_throttles_total) > 2"); err != nil {
		return err
	}
	t.Tell("✓ two rewinds succeeded, one after the other; one failed; one waits; one was made elsewhere; RDS throttled")
	return nil
}

// shows waits until a query has a result.
func (t *test) shows(ctx context.Context, what, expr string) error {
	return stage.Until(ctx, what, func() (bool, error) {
		found, err := t.prometheus.query(ctx, expr, true, time.Time{})
		return len(found) > 0, err
	})
}
