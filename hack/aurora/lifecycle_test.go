package aurora_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

const lifecycle = time.Minute

// slow is a server on which every change takes a minute, with a cluster and
// two instances that are available.
func slow(t *testing.T) (*aurora.Server, *clock, *rds.Client) {
	t.Helper()
	s, clock := newServer(t, func(o *aurora.Options) {
		o.Timing = aurora.Timing{Pending: lifecycle, Lifecycle: lifecycle, Copying: 2 * lifecycle}
	})
	if err := s.AddCluster(aurora.Cluster{Identifier: "testcluster", BacktrackWindow: 7200, MasterUsername: "admin"}, ""); err != nil {
		t.Fatal(err)
	}
	for n, name := range []string{"one", "two", "three"} {
		if err := s.AddInstance(aurora.Instance{Identifier: name, ClusterIdentifier: "testcluster", PromotionTier: int64(3 - n)}); err != nil {
			t.Fatal(err)
		}
	}
	clock.advance(time.Hour)
	return s, clock, rdsClient(s)
}

// statuses are what the cluster and its instances read, in order of name.
func statuses(t *testing.T, client *rds.Client) (cluster, instances string) {
	t.Helper()
	ctx := context.Background()
	out, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{})
	wantCode(t, err, "")
	var all []string
	for _, i := range out.DBInstances {
		all = append(all, *i.DBInstanceStatus)
	}
	return aws.ToString(describe(t, client).Status), fmt.Sprint(all)
}

// TestChangesTakeAMoment reads clusters and instances while something changes
// and after it.
func TestChangesTakeAMoment(t *testing.T) {
	ctx := context.Background()
	id, one := aws.String("testcluster"), aws.String("one")
	available := "[available available available]"
	tests := map[string]struct {
		do                            func(*rds.Client) (any, error)
		wantCluster, wantInstances    string
		wantClusterThen, wantThenInst string
	}{
		"modify the cluster": {func(c *rds.Client) (any, error) {
			return c.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: id, BacktrackWindow: aws.Int64(60)})
		}, "modifying", "[modifying modifying modifying]", "available", available},
		"stop": {func(c *rds.Client) (any, error) {
			return c.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: id})
		}, "stopping", "[stopping stopping stopping]", "stopped", "[stopped stopped stopped]"},
		"fail over": {func(c *rds.Client) (any, error) {
			return c.FailoverDBCluster(ctx, &rds.FailoverDBClusterInput{DBClusterIdentifier: id})
		}, "failing-over", available, "available", available},
		"reboot": {func(c *rds.Client) (any, error) {
			return c.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: one})
		}, "available", "[rebooting available available]", "available", available},
		"modify an instance": {func(c *rds.Client) (any, error) {
			return c.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: one, PromotionTier: aws.Int32(0)})
		}, "available", "[modifying available available]", "available", available},
		"create an instance": {func(c *rds.Client) (any, error) {
			return c.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("zero"), DBClusterIdentifier: id,
				Engine: aws.String("aurora-mysql"), DBInstanceClass: aws.String("db.r6g.large")})
		}, "available", "[available available available creating]", "available", "[available available available available]"},
		"delete an instance": {func(c *rds.Client) (any, error) {
			return c.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: one})
		}, "available", "[deleting available available]", "available", "[available available]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, clock, client := slow(t)
			_, err := tt.do(client)
			wantCode(t, err, "")
			clock.advance(lifecycle - time.Millisecond)
			if c, i := statuses(t, client); c != tt.wantCluster || i != tt.wantInstances {
				t.Errorf("meanwhile %s, %s; want %s, %s", c, i, tt.wantCluster, tt.wantInstances)
			}
			clock.advance(time.Millisecond)
			if c, i := statuses(t, client); c != tt.wantClusterThen || i != tt.wantThenInst {
				t.Errorf("then %s, %s; want %s, %s", c, i, tt.wantClusterThen, tt.wantThenInst)
			}
		})
	}
}

// TestCreateAndDelete follows a cluster from nothing to nothing.
func TestCreateAndDelete(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t, func(o *aurora.Options) { o.Timing.Lifecycle = lifecycle })
	client := rdsClient(s)
	if got := *createCluster(t, client).DBCluster.Status; got != "creating" {
		t.Errorf("created as %s", got)
	}
	clock.advance(lifecycle / 4)
	if c := describe(t, client); *c.Status != "creating" || *c.PercentProgress != "25" {
		t.Errorf("%s at %s percent", *c.Status, *c.PercentProgress)
	}
	_, err := client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: aws.String("testcluster"), BacktrackTo: &clock.now})
	wantCode(t, err, "InvalidDBClusterStateFault")
	clock.advance(lifecycle)
	if c := describe(t, client); *c.Status != "available" || c.PercentProgress != nil {
		t.Errorf("%s at %v percent", *c.Status, c.PercentProgress)
	}
	remove := &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("testcluster"), SkipFinalSnapshot: aws.Bool(true)}
	_, err = client.DeleteDBCluster(ctx, remove)
	wantCode(t, err, "")
	if got := *describe(t, client).Status; got != "deleting" {
		t.Errorf("while it is deleted it reads %s", got)
	}
	_, err = client.DeleteDBCluster(ctx, remove)
	wantCode(t, err, "InvalidDBClusterStateFault")
	clock.advance(lifecycle)
	_, err = client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("testcluster")})
	wantCode(t, err, "DBClusterNotFoundFault")
}

// TestBusy refuses what can't be done while something else is.
func TestBusy(t *testing.T) {
	ctx := context.Background()
	id, one := aws.String("testcluster"), aws.String("one")
	calls := map[string]struct {
		do   func(*rds.Client) error
		want string
	}{
		"create an instance": {func(c *rds.Client) error {
			_, err := c.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("zero"), DBClusterIdentifier: id,
				Engine: aws.String("aurora-mysql"), DBInstanceClass: aws.String("db.r6g.large")})
			return err
		}, "InvalidDBClusterStateFault"},
		"modify": {func(c *rds.Client) error {
			_, err := c.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: id})
			return err
		}, "InvalidDBClusterStateFault"},
		"stop": {func(c *rds.Client) error {
			_, err := c.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: id})
			return err
		}, "InvalidDBClusterStateFault"},
		"start": {func(c *rds.Client) error {
			_, err := c.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: id})
			return err
		}, "InvalidDBClusterStateFault"},
		"fail over": {func(c *rds.Client) error {
			_, err := c.FailoverDBCluster(ctx, &rds.FailoverDBClusterInput{DBClusterIdentifier: id})
			return err
		}, "InvalidDBClusterStateFault"},
		"snapshot": {func(c *rds.Client) error {
			_, err := c.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: id, DBClusterSnapshotIdentifier: one})
			return err
		}, "InvalidDBClusterStateFault"},
		"clone": {func(c *rds.Client) error {
			_, err := c.RestoreDBClusterToPointInTime(ctx, &rds.RestoreDBClusterToPointInTimeInput{DBClusterIdentifier: aws.String("clone"),
				SourceDBClusterIdentifier: id, RestoreType: aws.String("copy-on-write"), UseLatestRestorableTime: aws.Bool(true)})
			return err
		}, "InvalidDBClusterStateFault"},
		"reboot": {func(c *rds.Client) error {
			_, err := c.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: one})
			return err
		}, "InvalidDBInstanceState"},
		"modify an instance": {func(c *rds.Client) error {
			_, err := c.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: one})
			return err
		}, "InvalidDBInstanceState"},
		"backtrack": {func(c *rds.Client) error {
			_, err := c.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: id, BacktrackTo: aws.Time(newClock().now.Add(time.Minute))})
			return err
		}, "InvalidDBClusterStateFault"},
	}
	for name, tt := range calls {
		t.Run(name, func(t *testing.T) {
			_, clock, client := slow(t)
			backtrack(t, client, clock)
			wantCode(t, tt.do(client), tt.want)
		})
	}
}

// TestStopAndStart stops a cluster, which no call but the start then touches,
// and which starts by itself after a week.
func TestStopAndStart(t *testing.T) {
	ctx := context.Background()
	s, clock, client := slow(t)
	id := aws.String("testcluster")
	stop := func() {
		t.Helper()
		_, err := client.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: id})
		wantCode(t, err, "")
		clock.advance(lifecycle)
		if c := describe(t, client); *c.Status != "stopped" || c.AutomaticRestartTime == nil {
			t.Errorf("%s, to restart at %v", *c.Status, c.AutomaticRestartTime)
		}
	}
	stop()
	_, err := client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: id, BacktrackTo: &clock.now})
	wantCode(t, err, "InvalidDBClusterStateFault")
	_, err = client.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: id})
	wantCode(t, err, "")
	if got := *describe(t, client).Status; got != "starting" {
		t.Errorf("reads %s", got)
	}
	clock.advance(lifecycle)
	stop()
	clock.advance(7 * 24 * time.Hour)
	s.Tick()
	clock.advance(lifecycle)
	if c := describe(t, client); *c.Status != "available" || c.AutomaticRestartTime != nil {
		t.Errorf("after a week it reads %s, to restart at %v", *c.Status, c.AutomaticRestartTime)
	}
}

// TestFailover promotes the reader of the lowest tier, or the one named.
func TestFailover(t *testing.T) {
	ctx := context.Background()
	_, clock, client := slow(t)
	in := &rds.FailoverDBClusterInput{DBClusterIdentifier: aws.String("testcluster")}
	writer := func() string {
		members := describe(t, client).DBClusterMembers
		n := slices.IndexFunc(members, func(m types.DBClusterMember) bool { return *m.IsClusterWriter })
		return *members[n].DBInstanceIdentifier
	}
	for _, step := range []struct{ target, want string }{{"", "three"}, {"two", "two"}, {"", "three"}} {
		if in.TargetDBInstanceIdentifier = nil; step.target != "" {
			in.TargetDBInstanceIdentifier = &step.target
		}
		_, err := client.FailoverDBCluster(ctx, in)
		wantCode(t, err, "")
		clock.advance(lifecycle)
		if got := writer(); got != step.want {
			t.Errorf("to %q: %s writes, want %s", step.target, got, step.want)
		}
	}
	in.TargetDBInstanceIdentifier = aws.String("three")
	_, err := client.FailoverDBCluster(ctx, in) // it is the writer
	wantCode(t, err, "InvalidDBInstanceState")
	for _, name := range []string{"one", "two"} {
		_, err := client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &name})
		wantCode(t, err, "")
	}
	clock.advance(lifecycle)
	in.TargetDBInstanceIdentifier = nil
	_, err = client.FailoverDBCluster(ctx, in)
	wantCode(t, err, "InvalidDBClusterStateFault")
}
