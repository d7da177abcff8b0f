package aurora_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// overHTTP is an RDS client of a server on a socket.
func overHTTP(t *testing.T, s *aurora.Server) *rds.Client {
	t.Helper()
	socket := httptest.NewServer(s)
	t.Cleanup(socket.Close)
	config := inMemory(s)
	config.HTTPClient, config.BaseEndpoint = socket.Client(), aws.String(socket.URL)
	return rds.NewFromConfig(config)
}

// TestClusterLifecycle uses every call on one cluster, on a real socket, and
// reads every member that the operator relies on.
func TestClusterLifecycle(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t)
	client := overHTTP(t, s)
	created := createCluster(t, client, func(in *rds.CreateDBClusterInput) {
		in.DBClusterIdentifier = aws.String("TestCluster")
		in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("game")}}
	}).DBCluster
	clock.advance(time.Minute)
	instance, err := client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("writer"), DBInstanceClass: aws.String("db.r6g.large"),
		Engine: aws.String("aurora-mysql"), DBClusterIdentifier: aws.String("testcluster"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := describe(t, client)
	for name, got := range map[string][2]any{
		"DBClusterIdentifier":   {*c.DBClusterIdentifier, "testcluster"},
		"Status":                {*c.Status, "available"},
		"Engine":                {*c.Engine, "aurora-mysql"},
		"EngineMode":            {*c.EngineMode, "provisioned"},
		"BacktrackWindow":       {*c.BacktrackWindow, int64(7200)},
		"EarliestBacktrackTime": {c.EarliestBacktrackTime.UTC(), clock.now.Add(-time.Minute)},
		"consumed":              {*c.BacktrackConsumedChangeRecords, int64(0)},
		"DbClusterResourceId":   {*c.DbClusterResourceId, *created.DbClusterResourceId},
		"DBClusterArn":          {*c.DBClusterArn, "arn:aws:rds:eu-west-1:123456789012:cluster:testcluster"},
		"Port":                  {*c.Port, int32(3306)},
		"tags":                  {fmt.Sprint(tags(c.TagList)), "map[team:game]"},
		"members":               {len(c.DBClusterMembers), 1},
		"instance":              {*instance.DBInstance.DBClusterIdentifier, "testcluster"},
		"instance status":       {*instance.DBInstance.DBInstanceStatus, "creating"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %v, want %v", name, got[0], got[1])
		}
	}
	clock.advance(3 * time.Hour)
	if got, want := describe(t, client).EarliestBacktrackTime.UTC(), clock.now.Add(-2*time.Hour); got != want {
		t.Errorf("the window has slid to %v, want %v", got, want)
	}

	_, err = client.AddTagsToResource(ctx, &rds.AddTagsToResourceInput{ResourceName: c.DBClusterArn,
		Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("team"), Value: aws.String("x")}}})
	wantCode(t, err, "")
	_, err = client.RemoveTagsFromResource(ctx, &rds.RemoveTagsFromResourceInput{ResourceName: c.DBClusterArn, TagKeys: []string{"a"}})
	wantCode(t, err, "")
	listed, err := client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: c.DBClusterArn})
	wantCode(t, err, "")
	if got := fmt.Sprint(tags(listed.TagList)); got != "map[team:x]" {
		t.Errorf("tags %s", got)
	}

	modified, err := client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("testcluster"),
		BacktrackWindow: aws.Int64(3600), NewDBClusterIdentifier: aws.String("renamed"), ApplyImmediately: aws.Bool(true)})
	wantCode(t, err, "")
	if got := *modified.DBCluster.DbClusterResourceId; got != *created.DbClusterResourceId {
		t.Errorf("a renamed cluster has resource id %s, had %s", got, *created.DbClusterResourceId)
	}
	instances, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{Filters: filter("db-cluster-id", "renamed")})
	wantCode(t, err, "")
	if len(instances.DBInstances) != 1 {
		t.Errorf("%d instances of the renamed cluster", len(instances.DBInstances))
	}
	_, err = client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("writer")})
	wantCode(t, err, "")
	_, err = client.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("renamed"), SkipFinalSnapshot: aws.Bool(true)})
	wantCode(t, err, "")
	again := createCluster(t, client)
	if *again.DBCluster.DbClusterResourceId == *created.DbClusterResourceId {
		t.Error("a resource id was used twice")
	}
	events, err := client.DescribeEvents(ctx, &rds.DescribeEventsInput{SourceType: types.SourceTypeDbCluster, Duration: aws.Int32(600)})
	wantCode(t, err, "")
	var messages []string
	for _, e := range events.Events {
		messages = append(messages, aws.ToString(e.Message))
	}
	if got := fmt.Sprint(messages); got != "[DB cluster created. DB cluster modified. DB cluster deleted. DB cluster created.]" {
		t.Errorf("events %s", got)
	}
}

func describe(t *testing.T, client *rds.Client) types.DBCluster {
	t.Helper()
	out, err := client.DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("testcluster")})
	if err != nil {
		t.Fatal(err)
	}
	return out.DBClusters[0]
}

func tags(list []types.Tag) map[string]string {
	m := map[string]string{}
	for _, tag := range list {
		m[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return m
}

func filter(name string, values ...string) []types.Filter {
	return []types.Filter{{Name: aws.String(name), Values: values}}
}

// TestPaging walks through more clusters and records than fit on a page, while
// clusters come and go.
func TestPaging(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t)
	client := rdsClient(s)
	for n := range 45 {
		if err := s.AddCluster(aurora.Cluster{Identifier: fmt.Sprintf("c%02d", n), BacktrackWindow: 3600}, ""); err != nil {
			t.Fatal(err)
		}
	}
	var sizes []int
	clusters := rds.NewDescribeDBClustersPaginator(client, &rds.DescribeDBClustersInput{MaxRecords: aws.Int32(20)})
	for clusters.HasMorePages() {
		page, err := clusters.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.DBClusters))
		if len(sizes) == 1 {
			_, err := client.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("c05"), SkipFinalSnapshot: aws.Bool(true)})
			wantCode(t, err, "")
		}
	}
	if got := fmt.Sprint(sizes); got != "[20 20 5]" {
		t.Errorf("pages of %s", got)
	}

	clock.advance(time.Minute)
	for range 25 {
		_, err := client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: aws.String("c00"), BacktrackTo: aws.Time(clock.now)})
		wantCode(t, err, "")
		clock.advance(time.Second)
	}
	records := rds.NewDescribeDBClusterBacktracksPaginator(client, &rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: aws.String("c00"), MaxRecords: aws.Int32(20)})
	seen := map[string]bool{}
	last := clock.now
	for records.HasMorePages() {
		page, err := records.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.DBClusterBacktracks {
			seen[*r.BacktrackIdentifier] = true
			if !r.BacktrackRequestCreationTime.Before(last) {
				t.Errorf("record of %v behind one of %v: newest first", r.BacktrackRequestCreationTime, last)
			}
			last = *r.BacktrackRequestCreationTime
		}
		_, err = client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: aws.String("c00"), BacktrackTo: aws.Time(clock.now)})
		wantCode(t, err, "")
	}
	if len(seen) != 25 {
		t.Errorf("%d records on all pages, want 25", len(seen))
	}
}

// TestScope lets calls see the clusters of their account and Region alone.
func TestScope(t *testing.T) {
	s, _ := newServer(t)
	createCluster(t, rdsClient(s))
	config := inMemory(s)
	config.Region = "us-gov-west-1"
	elsewhere := rds.NewFromConfig(config)
	out, err := elsewhere.DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{})
	if err != nil || len(out.DBClusters) != 0 {
		t.Errorf("%d clusters in another Region (%v)", len(out.DBClusters), err)
	}
	if got := *createCluster(t, elsewhere).DBCluster.DBClusterArn; got != "arn:aws-us-gov:rds:us-gov-west-1:123456789012:cluster:testcluster" {
		t.Errorf("ARN %s", got)
	}
}
