package aurora_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestRestoreRules asks for copies that are refused, and for some that are not.
func TestRestoreRules(t *testing.T) {
	ctx := context.Background()
	source, yes := aws.String("testcluster"), aws.Bool(true)
	clone := func(change func(*rds.RestoreDBClusterToPointInTimeInput)) *rds.RestoreDBClusterToPointInTimeInput {
		in := &rds.RestoreDBClusterToPointInTimeInput{DBClusterIdentifier: aws.String("copy"), SourceDBClusterIdentifier: source,
			RestoreType: aws.String("copy-on-write"), UseLatestRestorableTime: yes}
		change(in)
		return in
	}
	type input = rds.RestoreDBClusterToPointInTimeInput
	at := func(d time.Duration) *time.Time { return aws.Time(newClock().now.Add(time.Hour + d)) } // from now
	for name, tt := range map[string]struct {
		in   *input
		want string
	}{
		"clone":               {clone(func(*input) {}), ""},
		"clone with a window": {clone(func(in *input) { in.BacktrackWindow = aws.Int64(60) }), ""},
		"clone by ARN": {clone(func(in *input) {
			in.SourceDBClusterIdentifier = aws.String("arn:aws:rds:eu-west-1:123456789012:cluster:testcluster")
		}), ""},
		"clone of the past":         {clone(func(in *input) { in.RestoreToTime, in.UseLatestRestorableTime = at(-time.Minute), nil }), "InvalidParameterCombination"},
		"clone of no time":          {clone(func(in *input) { in.UseLatestRestorableTime = nil }), "InvalidParameterCombination"},
		"clone without an instance": {clone(func(in *input) { in.SourceDBClusterIdentifier = aws.String("empty") }), "InvalidDBClusterStateFault"},
		"window of one without":     {clone(func(in *input) { in.SourceDBClusterIdentifier, in.BacktrackWindow = aws.String("off"), aws.Int64(60) }), "InvalidParameterCombination"},
		"clone of one without":      {clone(func(in *input) { in.SourceDBClusterIdentifier = aws.String("off") }), ""},
		"unknown source":            {clone(func(in *input) { in.SourceDBClusterIdentifier = aws.String("nobody") }), "DBClusterNotFoundFault"},
		"no source":                 {clone(func(in *input) { in.SourceDBClusterIdentifier = nil }), "InvalidParameterCombination"},
		"exists already":            {clone(func(in *input) { in.DBClusterIdentifier = aws.String("OFF") }), "DBClusterAlreadyExistsFault"},
		"another type":              {clone(func(in *input) { in.RestoreType = aws.String("odd") }), "InvalidParameterValue"},
		"port":                      {clone(func(in *input) { in.Port = aws.Int32(1) }), "InvalidParameterValue"},
		"unknown subnet group":      {clone(func(in *input) { in.DBSubnetGroupName = aws.String("none") }), "DBSubnetGroupNotFoundFault"},
		"full copy":                 {clone(func(in *input) { in.RestoreType = nil }), ""},
		"full copy of the past": {clone(func(in *input) {
			in.RestoreType, in.RestoreToTime, in.UseLatestRestorableTime = nil, at(-time.Minute), nil
		}), ""},
		"full copy of two times": {clone(func(in *input) { in.RestoreType, in.RestoreToTime = nil, at(-time.Minute) }), "InvalidParameterCombination"},
		"full copy of the future": {clone(func(in *input) {
			in.RestoreType, in.RestoreToTime, in.UseLatestRestorableTime = nil, at(time.Minute), nil
		}), "InvalidParameterValue"},
		"full copy of before its birth": {clone(func(in *input) {
			in.RestoreType, in.RestoreToTime, in.UseLatestRestorableTime = nil, at(-2*time.Hour), nil
		}), "InvalidParameterValue"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, client := slow(t)
			for id, window := range map[string]int64{"off": 0, "empty": 60} {
				if err := s.AddCluster(aurora.Cluster{Identifier: id, BacktrackWindow: window}, ""); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.AddInstance(aurora.Instance{Identifier: "off-1", ClusterIdentifier: "off"}); err != nil {
				t.Fatal(err)
			}
			_, err := client.RestoreDBClusterToPointInTime(ctx, tt.in)
			wantCode(t, err, tt.want)
		})
	}
}

// TestClone follows a clone: it takes its time, takes over what belongs to the
// data and nothing else, and can't go back before its birth.
func TestClone(t *testing.T) {
	ctx := context.Background()
	s, clock, client := slow(t)
	clone := func(id string) types.DBCluster {
		t.Helper()
		out, err := client.RestoreDBClusterToPointInTime(ctx, &rds.RestoreDBClusterToPointInTimeInput{DBClusterIdentifier: &id,
			SourceDBClusterIdentifier: aws.String("testcluster"), RestoreType: aws.String("copy-on-write"), UseLatestRestorableTime: aws.Bool(true),
			BacktrackWindow: aws.Int64(3600), Tags: []types.Tag{{Key: aws.String("kept"), Value: aws.String("yes")}}})
		wantCode(t, err, "")
		return *out.DBCluster
	}
	made := clone("clone")
	source := describe(t, client)
	if *made.Status != "creating" || *made.CloneGroupId != *source.CloneGroupId || *made.DbClusterResourceId == *source.DbClusterResourceId ||
		*made.BacktrackWindow != 3600 || *made.MasterUsername != "admin" || len(made.DBClusterMembers) != 0 || tags(made.TagList)["kept"] != "yes" {
		t.Errorf("made %+v", made)
	}
	_, err := client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: aws.String("clone"), BacktrackTo: &clock.now})
	wantCode(t, err, "InvalidDBClusterStateFault")
	born := clock.now
	clock.advance(2 * lifecycle)
	for _, test := range []struct {
		to   time.Time
		want string
	}{{born.Add(-time.Second), "InvalidParameterValue"}, {born.Add(time.Second), ""}} { // the second one keeps the clone busy
		_, err = client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: aws.String("clone"), BacktrackTo: &test.to})
		wantCode(t, err, test.want)
	}
	for n := 2; n <= 16; n++ {
		made = clone(fmt.Sprint("clone-", n))
		if shares := made.CloneGroupId != nil; shares != (n <= 15) {
			t.Errorf("clone %d: in the group of clones: %v", n, shares)
		}
	}
	grouped, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{Filters: filter("clone-group-id", *source.CloneGroupId)})
	wantCode(t, err, "")
	if len(grouped.DBClusters) != 16 {
		t.Errorf("%d clusters share the volume, want 16", len(grouped.DBClusters))
	}
	if _, err := s.Cluster("clone-16"); err != nil {
		t.Error("the 16th copy was not made")
	}
}

// TestSnapshots makes snapshots, finds them, restores them after their cluster
// is gone, and deletes them.
func TestSnapshots(t *testing.T) {
	ctx := context.Background()
	_, clock, client := slow(t)
	id := aws.String("testcluster")
	take := func(name string) (*rds.CreateDBClusterSnapshotOutput, error) {
		return client.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: id, DBClusterSnapshotIdentifier: &name,
			Tags: []types.Tag{{Key: aws.String("kept"), Value: aws.String("yes")}}})
	}
	list := func(in rds.DescribeDBClusterSnapshotsInput) string {
		t.Helper()
		out, err := client.DescribeDBClusterSnapshots(ctx, &in)
		wantCode(t, err, "")
		var all []string
		for _, n := range out.DBClusterSnapshots {
			all = append(all, fmt.Sprint(*n.DBClusterSnapshotIdentifier, " ", *n.Status, " ", *n.PercentProgress))
		}
		return strings.Join(all, ", ")
	}
	restore := func(name, snapshot string) error {
		_, err := client.RestoreDBClusterFromSnapshot(ctx, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: &name, SnapshotIdentifier: &snapshot,
			Engine: aws.String("aurora-mysql"), BacktrackWindow: aws.Int64(60)})
		return err
	}
	remove := func(snapshot string) error {
		_, err := client.DeleteDBClusterSnapshot(ctx, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: &snapshot})
		return err
	}
	_, err := take("First")
	wantCode(t, err, "")
	_, err = take("first")
	wantCode(t, err, "DBClusterSnapshotAlreadyExistsFault")
	wantCode(t, restore("early", "first"), "InvalidDBClusterSnapshotStateFault")
	wantCode(t, remove("first"), "InvalidDBClusterSnapshotStateFault")
	clock.advance(lifecycle)
	if got := list(rds.DescribeDBClusterSnapshotsInput{}); got != "first creating 50" {
		t.Errorf("meanwhile %s", got)
	}
	clock.advance(lifecycle)
	for _, name := range []string{"one", "two", "three"} {
		_, err := client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &name})
		wantCode(t, err, "")
	}
	_, err = client.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: id, FinalDBSnapshotIdentifier: aws.String("final")})
	wantCode(t, err, "")
	clock.advance(2 * lifecycle)
	for name, tt := range map[string]struct {
		in   rds.DescribeDBClusterSnapshotsInput
		want string
	}{
		"all":        {rds.DescribeDBClusterSnapshotsInput{}, "final available 100, first available 100"},
		"of cluster": {rds.DescribeDBClusterSnapshotsInput{DBClusterIdentifier: id}, "final available 100, first available 100"},
		"of another": {rds.DescribeDBClusterSnapshotsInput{DBClusterIdentifier: aws.String("other")}, ""},
		"one":        {rds.DescribeDBClusterSnapshotsInput{DBClusterSnapshotIdentifier: aws.String("final")}, "final available 100"},
		"automated":  {rds.DescribeDBClusterSnapshotsInput{SnapshotType: aws.String("automated")}, ""},
		"filtered":   {rds.DescribeDBClusterSnapshotsInput{Filters: filter("db-cluster-snapshot-id", "first")}, "first available 100"},
	} {
		if got := list(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	wantCode(t, restore("testcluster", "final"), "") // the name is free again
	wantCode(t, restore("second", "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:first"), "")
	wantCode(t, restore("third", "none"), "DBClusterSnapshotNotFoundFault")
	if c := describe(t, client); *c.MasterUsername != "admin" || *c.BacktrackWindow != 60 {
		t.Errorf("restored %+v", c)
	}
	listed, err := client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: aws.String("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:first")})
	wantCode(t, err, "")
	if tags(listed.TagList)["kept"] != "yes" {
		t.Errorf("tags %v", tags(listed.TagList))
	}
	wantCode(t, remove("first"), "")
	wantCode(t, remove("first"), "DBClusterSnapshotNotFoundFault")
}
