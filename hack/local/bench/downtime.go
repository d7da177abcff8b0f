package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/cloud"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// What a backtrack takes here, and how often the operator and the runbook are measured, in turn.
const (
	downPending      = time.Second
	downBacktracking = 20 * time.Second
	downRuns         = 5
)

func downtime() measurement {
	return measurement{"downtime/game-api", "an application's downtime: operator and runbook in turn, on real data", func(ctx context.Context, b *bench) (values report.Values, err error) {
		options := b.options
		options.AuroraFlags = append(options.AuroraFlags, "--pending="+downPending.String(), "--backtracking="+downBacktracking.String())
		err = stage.Own(ctx, options, "bench", func(c *cloud.Cloud) error {
			d := &down{bench: b, cloud: c, rds: stage.NewRDS(c), values: report.Values{}}
			if d.kube, err = stage.NewKubernetes(c); err != nil {
				return err
			}
			values, err = d.values, d.measure(ctx)
			return err
		})
		return values, err
	}}
}

// down is the application of the demo on the local cloud, and what is noted of it.
type down struct {
	*bench
	cloud  *cloud.Cloud
	kube   *stage.Kubernetes
	rds    *stage.RDS
	values report.Values
}

func (d *down) measure(ctx context.Context) error {
	where, err := d.rds.CreateCluster(ctx, standing)
	if err != nil {
		return err
	}
	database, err := stage.OpenDatabase(ctx, where)
	if err != nil {
		return err
	}
	defer database.Close()
	if err := database.Run(ctx, "CREATE TABLE players (id INT PRIMARY KEY, username VARCHAR(20))", "INSERT INTO players VALUES (1, 'Alice')"); err != nil {
		return err
	}
	if err := d.kube.Apply(ctx, fmt.Sprintf(application, standing, where.Host, where.Port, where.Database, where.User, where.Password)); err != nil {
		return err
	}
	ways := []struct {
		prefix string
		rewind func(context.Context, string, time.Time) error
	}{{report.RunbookPrefix, d.runbook}, {report.OperatorPrefix, d.operator}}
	for run := range downRuns {
		for _, way := range ways {
			if err := d.one(ctx, database, run, way.prefix, way.rewind); err != nil {
				return fmt.Errorf("%srun %d: %w", way.prefix, run+1, err)
			}
		}
	}
	return nil
}

// one measures one rewind: it takes back a row that was written right before.
func (d *down) one(ctx context.Context, database *stage.Database, run int, prefix string, rewind func(context.Context, string, time.Time) error) error {
	watched, err := followPods(ctx, d.kube)
	if err != nil {
		return err
	}
	defer watched.stop()
	if err := watched.healthy(ctx); err != nil {
		return err
	}
	// Ahead of the row: consistent times are a tenth of a second apart. Behind it: no two rewinds of one second.
	if err := stage.Pass(ctx, 3*time.Second); err != nil {
		return err
	}
	to := time.Now()
	if err := stage.Pass(ctx, 3*time.Second); err != nil {
		return err
	}
	if err := database.Run(ctx, fmt.Sprintf("INSERT INTO players VALUES (%d, 'Mallory')", 100+run)); err != nil {
		return err
	}
	from := time.Now()
	if err := rewind(ctx, fmt.Sprintf("undo-%d", run), to); err != nil {
		return err
	}
	steps, err := watched.steps(ctx)
	if err != nil {
		return err
	}
	opened, err := d.opened(ctx, from)
	if err != nil {
		return err
	}
	noticed, err := d.noticed(ctx, opened, steps.newPod)
	if err != nil {
		return err
	}
	seconds := func(metric string, from, to time.Time) { d.values.Add(prefix+metric, to.Sub(from).Seconds()) }
	seconds(report.DowntimeSeconds, steps.failed, steps.answered)
	seconds(report.BeyondDatabase, opened, steps.answered)
	seconds(report.DatabaseSeconds, steps.failed, opened)
	seconds(report.LookSeconds, opened, noticed)
	seconds(report.NewPodSeconds, noticed, steps.newPod)
	seconds(report.PodReadySeconds, steps.newPod, steps.ready)
	seconds(report.AnswerSeconds, steps.ready, steps.answered)
	d.Tell("%srun %d: down for %.2f s, %.2f s of it after the database was open", prefix, run+1, last(d.values[prefix+report.DowntimeSeconds]),
		last(d.values[prefix+report.BeyondDatabase]))
	return nil
}

// opened is when the database let clients in again, as RDS's event says.
func (d *down) opened(ctx context.Context, since time.Time) (time.Time, error) {
	events, err := d.rds.Client.DescribeEvents(ctx, &rds.DescribeEventsInput{
		SourceIdentifier: aws.String(standing), SourceType: types.SourceTypeDbCluster, StartTime: aws.Time(since), EventCategories: []string{"backtrack"},
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("reading RDS's events: %w", err)
	}
	for _, event := range events.Events {
		if strings.HasSuffix(aws.ToString(event.Message), "has completed.") {
			return aws.ToTime(event.Date), nil
		}
	}
	return time.Time{}, fmt.Errorf("no event of %s says that the backtrack has completed", standing)
}

// noticed is when RDS answered that the cluster is available to who then restarted the application: the last question before
// the new pod, which came after the database was open.
func (d *down) noticed(ctx context.Context, opened, newPod time.Time) (time.Time, error) {
	calls, err := d.rds.Calls(ctx, opened)
	for _, call := range calls {
		if call.Time.Before(newPod) && strings.HasPrefix(call.Operation, "DescribeDBCluster") {
			opened = call.Time
		}
	}
	return opened, err
}
