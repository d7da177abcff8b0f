package aurora_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// TestMaintenanceWindow lets changes wait for the window, unless they are to
// be applied immediately.
func TestMaintenanceWindow(t *testing.T) {
	ctx := context.Background()
	_, clock, client := slow(t) // on a Saturday, at two in the afternoon
	id := aws.String("testcluster")
	const newer = "8.0.mysql_aurora.3.09.0"
	_, err := client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: id, EngineVersion: aws.String(newer),
		PreferredMaintenanceWindow: aws.String("sun:05:00-sun:05:30")})
	wantCode(t, err, "")
	_, err = client.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("one"), DBInstanceClass: aws.String("db.r6g.2xlarge"),
		PreferredMaintenanceWindow: aws.String("sun:06:00-sun:06:30"), PromotionTier: aws.Int32(5)})
	wantCode(t, err, "InvalidDBInstanceState") // the cluster is still being modified
	clock.advance(lifecycle)
	_, err = client.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("one"), DBInstanceClass: aws.String("db.r6g.2xlarge"),
		PreferredMaintenanceWindow: aws.String("sun:06:00-sun:06:30"), PromotionTier: aws.Int32(5)})
	wantCode(t, err, "")
	instance := func() types.DBInstance {
		t.Helper()
		out, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("one")})
		wantCode(t, err, "")
		return out.DBInstances[0]
	}
	if c, i := describe(t, client), instance(); *c.EngineVersion == newer || *c.PendingModifiedValues.EngineVersion != newer ||
		*i.DBInstanceClass != "db.r6g.large" || *i.PendingModifiedValues.DBInstanceClass != "db.r6g.2xlarge" || *i.PromotionTier != 5 {
		t.Errorf("before the window: %s, %s, tier %d", *c.EngineVersion, *i.DBInstanceClass, *i.PromotionTier)
	}
	clock.now = time.Date(2023, 12, 24, 5, 59, 59, 0, time.UTC)
	if c, i := describe(t, client), instance(); *c.EngineVersion != newer || c.PendingModifiedValues != nil || *i.DBInstanceClass != "db.r6g.large" {
		t.Errorf("after the cluster's window: %s, %s", *c.EngineVersion, *i.DBInstanceClass)
	}
	clock.advance(time.Second)
	if got := *instance().DBInstanceClass; got != "db.r6g.2xlarge" {
		t.Errorf("after the instance's window: %s", got)
	}
	_, err = client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: id, EngineVersion: aws.String("8.4.mysql_aurora.8.4.7"),
		AllowMajorVersionUpgrade: aws.Bool(true), ApplyImmediately: aws.Bool(true)})
	wantCode(t, err, "")
	c := describe(t, client)
	if got := c.EarliestBacktrackTime.UTC(); *c.EngineVersion != "8.4.mysql_aurora.8.4.7" || !got.Equal(clock.now) {
		t.Errorf("upgraded to %s, it goes back to %v, want %v: not before the upgrade", *c.EngineVersion, got, clock.now)
	}
}
