package bench

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// cliPause is how long the AWS CLI waits between two questions of `aws rds wait db-cluster-available`.
const cliPause = 30 * time.Second

// operator rewinds by an AuroraBacktrack, and waits until it has succeeded.
func (d *down) operator(ctx context.Context, name string, to time.Time) error {
	if err := d.kube.Apply(ctx, stage.Rewind{Namespace: standing, Name: name, Cluster: standing, To: to}.Manifest()); err != nil {
		return err
	}
	object, err := d.kube.Follow(ctx, 5*time.Minute, standing, name, nil)
	if err == nil && !stage.Is(object, v1alpha1.ConditionSucceeded) {
		err = fmt.Errorf("%s: %s", name, stage.Summary(object))
	}
	return err
}

// runbook rewinds as a person would who has prepared the commands: with the AWS CLI where there is one. Without it, the SDK makes
// the same calls at the same distances.
func (d *down) runbook(ctx context.Context, _ string, to time.Time) error {
	if _, err := exec.LookPath("aws"); err != nil {
		return d.runbookBySDK(ctx, to)
	}
	script := fmt.Sprintf(`set -e
. '%[1]s'
aws rds backtrack-db-cluster --db-cluster-identifier %[2]s --backtrack-to %[3]s
aws rds wait db-cluster-available --db-cluster-identifier %[2]s
%[4]s`, d.cloud.EnvFile(), standing, v1alpha1.NewTimestamp(to), restart)
	return d.shell(ctx, script)
}

const restart = `kubectl rollout restart --namespace=` + standing + ` deployment/game-api
kubectl rollout status --namespace=` + standing + ` --timeout=2m deployment/game-api
`

func (d *down) shell(ctx context.Context, script string) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", script) //nolint:gosec // written above
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the runbook: %w\n%s", err, problems.String())
	}
	return nil
}

func (d *down) runbookBySDK(ctx context.Context, to time.Time) error {
	_, err := d.rds.Client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: aws.String(standing), BacktrackTo: aws.Time(to)})
	if err != nil {
		return err
	}
	waiter := rds.NewDBClusterAvailableWaiter(d.rds.Client, func(o *rds.DBClusterAvailableWaiterOptions) { o.MinDelay, o.MaxDelay = cliPause, cliPause })
	if err := waiter.Wait(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(standing)}, 10*time.Minute); err != nil {
		return err
	}
	return d.shell(ctx, fmt.Sprintf("set -e\n. '%s'\n%s", d.cloud.EnvFile(), restart))
}
