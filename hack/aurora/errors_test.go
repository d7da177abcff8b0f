package aurora_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestBacktrackRules asks for backtracks that are refused, and for some that
// only just are not.
func TestBacktrackRules(t *testing.T) {
	set := func(edit func(*aurora.Cluster)) func(*aurora.Cluster) { return edit }
	nothing := set(func(*aurora.Cluster) {})
	tests := map[string]struct {
		edit       func(*aurora.Cluster)
		to         time.Duration // from now; a day back is before the window
		force      bool
		earliest   bool
		twice      bool
		cluster    string
		wantCode   string
		wantStatus int
		wantTo     time.Duration
	}{
		"now":                    {edit: nothing},
		"in the future":          {edit: nothing, to: time.Millisecond, wantCode: "InvalidParameterValue"},
		"earliest":               {edit: nothing, to: -2 * time.Hour, wantTo: -2 * time.Hour},
		"before the earliest":    {edit: nothing, to: -2*time.Hour - time.Millisecond, wantCode: "InvalidParameterValue"},
		"earliest instead":       {edit: nothing, to: -24 * time.Hour, earliest: true, wantTo: -2 * time.Hour},
		"unknown cluster":        {edit: nothing, cluster: "nobody", wantCode: "DBClusterNotFoundFault", wantStatus: 404},
		"a shorter real window":  {edit: func(c *aurora.Cluster) { c.EarliestBacktrackTime = newClock().now.Add(4 * time.Hour) }, to: -90 * time.Minute, wantCode: "InvalidParameterValue"},
		"stopped":                {edit: func(c *aurora.Cluster) { c.Status = "stopped" }, wantCode: "InvalidDBClusterStateFault"},
		"an unknown status":      {edit: func(c *aurora.Cluster) { c.Status = "being-odd" }, wantCode: "InvalidDBClusterStateFault"},
		"busy":                   {edit: nothing, twice: true, wantCode: "InvalidDBClusterStateFault"},
		"PostgreSQL":             {edit: func(c *aurora.Cluster) { c.Engine = "aurora-postgresql" }, wantCode: "InvalidParameterCombination"},
		"serverless":             {edit: func(c *aurora.Cluster) { c.EngineMode = "serverless" }, wantCode: "InvalidParameterCombination"},
		"window 0":               {edit: func(c *aurora.Cluster) { c.BacktrackWindow = 0 }, wantCode: "InvalidParameterCombination"},
		"binary logging":         {edit: func(c *aurora.Cluster) { c.BinaryLogging = true }, wantCode: "InvalidParameterCombination"},
		"binary logging, forced": {edit: func(c *aurora.Cluster) { c.BinaryLogging = true }, force: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			s, clock := newServer(t, func(o *aurora.Options) { o.Timing = aurora.Timing{Pending: time.Minute, StatusLag: time.Minute} })
			client := rdsClient(s)
			createCluster(t, client)
			clock.advance(5 * time.Hour)
			if err := s.EditCluster("testcluster", tt.edit); err != nil {
				t.Fatal(err)
			}
			if tt.cluster == "" {
				tt.cluster = "testcluster"
			}
			in := &rds.BacktrackDBClusterInput{
				DBClusterIdentifier: aws.String(tt.cluster), BacktrackTo: aws.Time(clock.now.Add(tt.to)),
				Force: aws.Bool(tt.force), UseEarliestTimeOnPointInTimeUnavailable: aws.Bool(tt.earliest),
			}
			if tt.twice {
				_, err := client.BacktrackDBCluster(ctx, in)
				wantCode(t, err, "")
			}
			out, err := client.BacktrackDBCluster(ctx, in)
			wantCode(t, err, tt.wantCode)
			if err == nil {
				if got := out.BacktrackTo.UTC(); got != clock.now.Add(tt.wantTo) {
					t.Errorf("goes to %v, want %v", got, clock.now.Add(tt.wantTo))
				}
				return
			}
			var response *awshttp.ResponseError
			if tt.wantStatus == 0 {
				tt.wantStatus = http.StatusBadRequest
			}
			if !errors.As(err, &response) || response.HTTPStatusCode() != tt.wantStatus || len(response.ServiceRequestID()) != 36 {
				t.Errorf("status %d and request id %q, want %d and one", response.HTTPStatusCode(), response.ServiceRequestID(), tt.wantStatus)
			}
		})
	}
}

// TestErrors sees every other refusal through the SDK.
func TestErrors(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t)
	client := rdsClient(s)
	createCluster(t, client)
	createCluster(t, client, func(in *rds.CreateDBClusterInput) {
		in.DBClusterIdentifier, in.BacktrackWindow, in.DeletionProtection = aws.String("off"), nil, aws.Bool(true)
	})
	_, err := client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("one"),
		DBInstanceClass: aws.String("db.r6g.large"), Engine: aws.String("aurora-mysql"), DBClusterIdentifier: aws.String("testcluster")})
	wantCode(t, err, "")
	create := func(change func(*rds.CreateDBClusterInput)) error {
		in := &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("new"), Engine: aws.String("aurora-mysql"),
			MasterUsername: aws.String("admin"), MasterUserPassword: aws.String("correct-horse")}
		change(in)
		_, err := client.CreateDBCluster(ctx, in)
		return err
	}
	modify := func(in rds.ModifyDBClusterInput) error { _, err := client.ModifyDBCluster(ctx, &in); return err }
	clusters := func(in rds.DescribeDBClustersInput) error { _, err := client.DescribeDBClusters(ctx, &in); return err }
	backtracks := func(in rds.DescribeDBClusterBacktracksInput) error {
		_, err := client.DescribeDBClusterBacktracks(ctx, &in)
		return err
	}
	events := func(in rds.DescribeEventsInput) error { _, err := client.DescribeEvents(ctx, &in); return err }
	remove := func(in rds.DeleteDBClusterInput) error { _, err := client.DeleteDBCluster(ctx, &in); return err }
	tagged := func(arn string) error {
		_, err := client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: &arn})
		return err
	}
	test := aws.String("testcluster")
	const unknownID = "7f5f5295-873d-4c71-97a4-68a4a8a3b4c4"
	var many []string
	for n := range 101 {
		many = append(many, fmt.Sprint("c", n))
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"create: exists":    {create(func(in *rds.CreateDBClusterInput) { in.DBClusterIdentifier = aws.String("TESTCLUSTER") }), "DBClusterAlreadyExistsFault"},
		"create: name":      {create(func(in *rds.CreateDBClusterInput) { in.DBClusterIdentifier = aws.String("a--b") }), "InvalidParameterValue"},
		"create: long name": {create(func(in *rds.CreateDBClusterInput) { in.DBClusterIdentifier = aws.String(strings.Repeat("a", 64)) }), "InvalidParameterValue"},
		"create: engine":    {create(func(in *rds.CreateDBClusterInput) { in.Engine = aws.String("mysql") }), "InvalidParameterValue"},
		"create: mode":      {create(func(in *rds.CreateDBClusterInput) { in.EngineMode = aws.String("odd") }), "InvalidParameterValue"},
		"create: window":    {create(func(in *rds.CreateDBClusterInput) { in.BacktrackWindow = aws.Int64(259201) }), "InvalidParameterValue"},
		"create: window, postgres": {create(func(in *rds.CreateDBClusterInput) {
			in.Engine, in.BacktrackWindow = aws.String("aurora-postgresql"), aws.Int64(1)
		}), "InvalidParameterValue"},
		"create: window, serverless": {create(func(in *rds.CreateDBClusterInput) {
			in.EngineMode, in.BacktrackWindow = aws.String("serverless"), aws.Int64(1)
		}), "InvalidParameterCombination"},
		"create: user":     {create(func(in *rds.CreateDBClusterInput) { in.MasterUsername = nil }), "InvalidParameterValue"},
		"create: password": {create(func(in *rds.CreateDBClusterInput) { in.MasterUserPassword = aws.String("short") }), "InvalidParameterValue"},
		"create: database": {create(func(in *rds.CreateDBClusterInput) { in.DatabaseName = aws.String("a b") }), "InvalidParameterValue"},
		"create: tag":      {create(func(in *rds.CreateDBClusterInput) { in.Tags = []types.Tag{{Key: aws.String("aws:x")}} }), "InvalidParameterValue"},

		"modify: unknown":      {modify(rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("nobody")}), "DBClusterNotFoundFault"},
		"modify: on again":     {modify(rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("off"), BacktrackWindow: aws.Int64(1)}), "InvalidParameterCombination"},
		"modify: name taken":   {modify(rds.ModifyDBClusterInput{DBClusterIdentifier: test, NewDBClusterIdentifier: aws.String("off")}), "DBClusterAlreadyExistsFault"},
		"delete: protected":    {remove(rds.DeleteDBClusterInput{DBClusterIdentifier: aws.String("off"), SkipFinalSnapshot: aws.Bool(true)}), "InvalidParameterCombination"},
		"delete: snapshot":     {remove(rds.DeleteDBClusterInput{DBClusterIdentifier: test}), "InvalidParameterCombination"},
		"delete: has instance": {remove(rds.DeleteDBClusterInput{DBClusterIdentifier: test, SkipFinalSnapshot: aws.Bool(true)}), "InvalidDBClusterStateFault"},

		"clusters: unknown":        {clusters(rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String("nobody")}), "DBClusterNotFoundFault"},
		"clusters: unknown filter": {clusters(rds.DescribeDBClustersInput{Filters: filter("odd", "x")}), "InvalidParameterValue"},
		"clusters: filtered":       {clusters(rds.DescribeDBClustersInput{Filters: filter("db-cluster-id", many[:100]...)}), ""},
		"clusters: 101 values":     {clusters(rds.DescribeDBClustersInput{Filters: filter("db-cluster-id", many...)}), "InvalidParameterCombination"},
		"clusters: 19 records":     {clusters(rds.DescribeDBClustersInput{MaxRecords: aws.Int32(19)}), "InvalidParameterValue"},
		"clusters: 101 records":    {clusters(rds.DescribeDBClustersInput{MaxRecords: aws.Int32(101)}), "InvalidParameterValue"},
		"clusters: marker":         {clusters(rds.DescribeDBClustersInput{Marker: aws.String("made up")}), "InvalidParameterValue"},

		"backtracks: off":     {backtracks(rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: aws.String("off")}), "InvalidParameterCombination"},
		"backtracks: unknown": {backtracks(rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: test, BacktrackIdentifier: aws.String(unknownID)}), "DBClusterBacktrackNotFoundFault"},
		"backtracks: no UUID": {backtracks(rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: test, BacktrackIdentifier: aws.String("no")}), "InvalidParameterValue"},
		"backtracks: no UUID in a filter": {backtracks(rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: test,
			Filters: filter("db-cluster-backtrack-id", unknownID, "no")}), "InvalidParameterValue"},
		"backtracks: filter": {backtracks(rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: test, Filters: filter("db-cluster-id", "x")}), "InvalidParameterValue"},

		"events: source without type": {events(rds.DescribeEventsInput{SourceIdentifier: test}), "InvalidParameterCombination"},
		"events: duration":            {events(rds.DescribeEventsInput{Duration: aws.Int32(20161)}), "InvalidParameterValue"},
		"events: span":                {events(rds.DescribeEventsInput{StartTime: &clock.now, EndTime: aws.Time(clock.now.Add(-time.Hour))}), "InvalidParameterCombination"},
		"tags: no ARN":                {tagged("testcluster"), "InvalidParameterValue"},
		"tags: no cluster":            {tagged("arn:aws:rds:eu-west-1:123456789012:cluster:nobody"), "DBClusterNotFoundFault"},
		"tags: no instance":           {tagged("arn:aws:rds:eu-west-1:123456789012:db:nobody"), "DBInstanceNotFound"},
		"tags: elsewhere":             {tagged("arn:aws:rds:us-east-1:123456789012:cluster:testcluster"), "DBClusterNotFoundFault"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { wantCode(t, tt.err, tt.want) })
	}
}

// TestBacktrackFilters finds records by id and by status, in any case.
func TestBacktrackFilters(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t, func(o *aurora.Options) { o.UpperCaseStatus = true })
	client := rdsClient(s)
	createCluster(t, client)
	first := backtrack(t, client, clock)
	s.SetTiming(aurora.Timing{Pending: time.Minute})
	second := backtrack(t, client, clock)
	for name, tt := range map[string]struct {
		filters []types.Filter
		want    string
	}{
		"completed":          {filter("db-cluster-backtrack-status", "completed"), first},
		"pending or not":     {filter("db-cluster-backtrack-status", "pending", "failed"), second},
		"by id":              {filter("db-cluster-backtrack-id", first), first},
		"both":               {append(filter("db-cluster-backtrack-id", first), filter("db-cluster-backtrack-status", "pending")...), ""},
		"none, so all of it": {nil, second + first},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := client.DescribeDBClusterBacktracks(ctx, &rds.DescribeDBClusterBacktracksInput{
				DBClusterIdentifier: aws.String("testcluster"), Filters: tt.filters})
			wantCode(t, err, "")
			var got string
			for _, r := range out.DBClusterBacktracks {
				got += *r.BacktrackIdentifier
			}
			if got != tt.want {
				t.Errorf("records %s, want %s", got, tt.want)
			}
		})
	}
}

// backtrack asks for a backtrack to now, and gives its id.
func backtrack(t *testing.T, client *rds.Client, clock *clock) string {
	t.Helper()
	out, err := client.BacktrackDBCluster(context.Background(), &rds.BacktrackDBClusterInput{
		DBClusterIdentifier: aws.String("testcluster"), BacktrackTo: aws.Time(clock.now)})
	wantCode(t, err, "")
	return *out.BacktrackIdentifier
}

// TestCredentials turns callers away as AWS does.
func TestCredentials(t *testing.T) {
	tests := map[string]struct {
		provider aws.CredentialsProvider
		wantCode string
	}{
		"the key":       {credentials.NewStaticCredentialsProvider(testKey, testSecret, ""), ""},
		"wrong secret":  {credentials.NewStaticCredentialsProvider(testKey, "wrong", ""), "SignatureDoesNotMatch"},
		"unknown key":   {credentials.NewStaticCredentialsProvider("AKIAUNKNOWN", testSecret, ""), "InvalidClientTokenId"},
		"unknown token": {credentials.NewStaticCredentialsProvider("ASIAUNKNOWN", testSecret, "made.up"), "InvalidClientTokenId"},
		"none":          {aws.AnonymousCredentials{}, "MissingAuthenticationToken"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, _ := newServer(t)
			config := inMemory(s)
			config.Credentials = tt.provider
			_, err := rds.NewFromConfig(config).DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{})
			wantCode(t, err, tt.wantCode)
			var response *awshttp.ResponseError
			if errors.As(err, &response) && response.HTTPStatusCode() != http.StatusForbidden {
				t.Errorf("status %d", response.HTTPStatusCode())
			}
		})
	}
}
