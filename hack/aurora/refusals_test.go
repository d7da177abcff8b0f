package aurora_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestNotModelled refuses what the stand-in would otherwise ignore, and says
// so.
func TestNotModelled(t *testing.T) {
	ctx := context.Background()
	s, _ := newServer(t)
	client := rdsClient(s)
	createCluster(t, client)
	create := func(change func(*rds.CreateDBClusterInput)) func() error {
		return func() error {
			in := &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("new"), Engine: aws.String("aurora-mysql"),
				MasterUsername: aws.String("admin"), MasterUserPassword: aws.String("correct-horse")}
			change(in)
			_, err := client.CreateDBCluster(ctx, in)
			return err
		}
	}
	instance := func(change func(*rds.CreateDBInstanceInput)) func() error {
		return func() error {
			in := &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("new"), DBClusterIdentifier: aws.String("testcluster"),
				Engine: aws.String("aurora-mysql"), DBInstanceClass: aws.String("db.r6g.large")}
			change(in)
			_, err := client.CreateDBInstance(ctx, in)
			return err
		}
	}
	modify := func(in rds.ModifyDBClusterInput) func() error {
		in.DBClusterIdentifier = aws.String("testcluster")
		return func() error { _, err := client.ModifyDBCluster(ctx, &in); return err }
	}
	tests := map[string]struct {
		do   func() error
		want string
	}{
		"port": {create(func(in *rds.CreateDBClusterInput) { in.Port = aws.Int32(3307) }), "InvalidParameterValue: The local Aurora does not model the parameter Port of CreateDBCluster."},
		"serverless v2": {create(func(in *rds.CreateDBClusterInput) {
			in.ServerlessV2ScalingConfiguration = &types.ServerlessV2ScalingConfiguration{MinCapacity: aws.Float64(1)}
		}), "ServerlessV2ScalingConfiguration"},
		"replication":     {create(func(in *rds.CreateDBClusterInput) { in.ReplicationSourceIdentifier = aws.String("arn:x") }), "ReplicationSourceIdentifier"},
		"global":          {create(func(in *rds.CreateDBClusterInput) { in.GlobalClusterIdentifier = aws.String("g") }), "GlobalClusterIdentifier"},
		"domain":          {create(func(in *rds.CreateDBClusterInput) { in.Domain = aws.String("d") }), "Domain"},
		"insights":        {create(func(in *rds.CreateDBClusterInput) { in.EnablePerformanceInsights = aws.Bool(true) }), "EnablePerformanceInsights=true"},
		"network":         {create(func(in *rds.CreateDBClusterInput) { in.NetworkType = aws.String("DUAL") }), "IPv4"},
		"version":         {create(func(in *rds.CreateDBClusterInput) { in.EngineVersion = aws.String("5.6.mysql_aurora.1.22.0") }), "InvalidParameterCombination: Cannot find version 5.6.mysql_aurora.1.22.0 for aurora-mysql"},
		"subnet group":    {create(func(in *rds.CreateDBClusterInput) { in.DBSubnetGroupName = aws.String("none") }), "DBSubnetGroupNotFoundFault"},
		"parameter group": {create(func(in *rds.CreateDBClusterInput) { in.DBClusterParameterGroupName = aws.String("none") }), "DBClusterParameterGroupNotFound"},
		"another family": {create(func(in *rds.CreateDBClusterInput) {
			in.DBClusterParameterGroupName = aws.String("default.aurora-mysql5.7")
		}), "InvalidParameterCombination"},
		"retention":        {create(func(in *rds.CreateDBClusterInput) { in.BackupRetentionPeriod = aws.Int32(36) }), "it must be 1 to 35"},
		"window":           {create(func(in *rds.CreateDBClusterInput) { in.PreferredMaintenanceWindow = aws.String("sunday") }), "ddd:hh24:mi"},
		"two passwords":    {create(func(in *rds.CreateDBClusterInput) { in.ManageMasterUserPassword = aws.Bool(true) }), "InvalidParameterCombination"},
		"class":            {instance(func(in *rds.CreateDBInstanceInput) { in.DBInstanceClass = aws.String("db.huge") }), "Invalid DB Instance class: db.huge"},
		"serverless class": {instance(func(in *rds.CreateDBInstanceInput) { in.DBInstanceClass = aws.String("db.serverless") }), "Serverless v2 is not modelled"},
		"instance version": {instance(func(in *rds.CreateDBInstanceInput) { in.EngineVersion = aws.String("8.0.mysql_aurora.3.04.0") }), "does not match"},
		"instance group":   {instance(func(in *rds.CreateDBInstanceInput) { in.DBParameterGroupName = aws.String("mine") }), "DBParameterGroupNotFound"},
		"tier":             {instance(func(in *rds.CreateDBInstanceInput) { in.PromotionTier = aws.Int32(16) }), "it must be 0 to 15"},
		"storage":          {instance(func(in *rds.CreateDBInstanceInput) { in.AllocatedStorage = aws.Int32(10) }), "AllocatedStorage"},
		"scaling":          {modify(rds.ModifyDBClusterInput{ScalingConfiguration: &types.ScalingConfiguration{AutoPause: aws.Bool(true)}}), "ScalingConfiguration"},
		"rotation":         {modify(rds.ModifyDBClusterInput{RotateMasterUserPassword: aws.Bool(true)}), "RotateMasterUserPassword"},
		"major version":    {modify(rds.ModifyDBClusterInput{EngineVersion: aws.String("8.4.mysql_aurora.8.4.7")}), "AllowMajorVersionUpgrade"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := len(s.Calls())
			err := tt.do()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if call := s.Calls()[before]; call.Done() {
				t.Errorf("logged as done: %+v", call)
			}
		})
	}
	if out, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{}); err != nil || len(out.DBClusters) != 1 {
		t.Errorf("something was made: %v, %v", out, err)
	}
}

// TestSettingsAreEchoed reads back everything that is accepted.
func TestSettingsAreEchoed(t *testing.T) {
	ctx := context.Background()
	s, _ := newServer(t)
	client := rdsClient(s)
	createCluster(t, client, func(in *rds.CreateDBClusterInput) {
		in.BackupRetentionPeriod, in.PreferredBackupWindow, in.PreferredMaintenanceWindow = aws.Int32(7), aws.String("01:00-02:00"), aws.String("mon:02:00-mon:03:00")
		in.VpcSecurityGroupIds, in.AvailabilityZones = []string{"sg-1"}, []string{"eu-west-1b", "eu-west-1c", "eu-west-1a"}
		in.StorageEncrypted, in.KmsKeyId, in.StorageType = aws.Bool(true), aws.String("arn:aws:kms:eu-west-1:123456789012:key/k"), aws.String("aurora-iopt1")
		in.CopyTagsToSnapshot, in.EnableIAMDatabaseAuthentication = aws.Bool(true), aws.Bool(true)
		in.EnableCloudwatchLogsExports, in.EngineLifecycleSupport = []string{"audit"}, aws.String("open-source-rds-extended-support-disabled")
		in.DBClusterParameterGroupName, in.DBSubnetGroupName = aws.String("default.aurora-mysql8.0"), aws.String("default")
	})
	c := describe(t, client)
	for name, got := range map[string][2]any{
		"retention":   {*c.BackupRetentionPeriod, int32(7)},
		"backups":     {*c.PreferredBackupWindow, "01:00-02:00"},
		"maintenance": {*c.PreferredMaintenanceWindow, "mon:02:00-mon:03:00"},
		"group":       {*c.VpcSecurityGroups[0].VpcSecurityGroupId, "sg-1"},
		"zone":        {c.AvailabilityZones[0], "eu-west-1b"},
		"encrypted":   {*c.StorageEncrypted, true},
		"key":         {*c.KmsKeyId, "arn:aws:kms:eu-west-1:123456789012:key/k"},
		"storage":     {*c.StorageType, "aurora-iopt1"},
		"tags":        {*c.CopyTagsToSnapshot, true},
		"IAM":         {*c.IAMDatabaseAuthenticationEnabled, true},
		"logs":        {c.EnabledCloudwatchLogsExports[0], "audit"},
		"support":     {*c.EngineLifecycleSupport, "open-source-rds-extended-support-disabled"},
		"parameters":  {*c.DBClusterParameterGroup, "default.aurora-mysql8.0"},
		"subnets":     {*c.DBSubnetGroup, "default"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %v, want %v", name, got[0], got[1])
		}
	}
	instance, err := client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("one"), DBClusterIdentifier: aws.String("testcluster"),
		Engine: aws.String("aurora-mysql"), DBInstanceClass: aws.String("db.t4g.medium"), PromotionTier: aws.Int32(3), AutoMinorVersionUpgrade: aws.Bool(false),
		PubliclyAccessible: aws.Bool(true), AvailabilityZone: aws.String("eu-west-1c")})
	wantCode(t, err, "")
	if i := instance.DBInstance; *i.PromotionTier != 3 || *i.AutoMinorVersionUpgrade || !*i.PubliclyAccessible || *i.AvailabilityZone != "eu-west-1c" || !*i.StorageEncrypted {
		t.Errorf("the instance is %+v", i)
	}
	if got := *describe(t, client).DBClusterMembers[0].PromotionTier; got != 3 {
		t.Errorf("the member has promotion tier %d", got)
	}
}

// TestWords meets the errors whose words are known from public reports.
func TestWords(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t)
	client := rdsClient(s)
	createCluster(t, client)
	for _, c := range []aurora.Cluster{
		{Identifier: "serverless", EngineMode: "serverless", EngineVersion: "5.7.mysql_aurora.2.08.3"},
		{Identifier: "postgres", Engine: "aurora-postgresql"},
		{Identifier: "old", EngineVersion: "5.7.mysql_aurora.2.04.9", BacktrackWindow: 60},
		{Identifier: "global", GlobalClusterIdentifier: "g", BacktrackWindow: 60},
	} {
		if err := s.AddCluster(c, ""); err != nil {
			t.Fatal(err)
		}
	}
	in := func(region string) *rds.Client {
		config := inMemory(s)
		config.Region = region
		return rds.NewFromConfig(config)
	}
	create := func(client *rds.Client, engine string) error {
		_, err := client.CreateDBCluster(ctx, &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("new"), Engine: &engine,
			MasterUsername: aws.String("admin"), MasterUserPassword: aws.String("correct-horse"), BacktrackWindow: aws.Int64(60)})
		return err
	}
	records := func(cluster string) error {
		_, err := client.DescribeDBClusterBacktracks(ctx, &rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: &cluster})
		return err
	}
	backtrack := func(cluster string) error {
		_, err := client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: &cluster, BacktrackTo: &clock.now})
		return err
	}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"PostgreSQL": {create(client, "aurora-postgresql"), "InvalidParameterValue: Backtrack is not enabled for the aurora-postgresql engine."},
		"Stockholm":  {create(in("eu-north-1"), "aurora-mysql"), "InvalidParameterValue: Backtrack is not enabled for the aurora-mysql engine."},
		"São Paulo":  {create(in("sa-east-1"), "aurora-mysql"), "InvalidParameterValue: Backtrack is not enabled for the aurora-mysql engine."},
		"serverless": {records("serverless"), "InvalidParameterCombination: Aurora MySQL Engine Version 5.7.mysql_aurora.2.08.3 with mode: SERVERLESS does not support Backtrack."},
		"old":        {backtrack("old"), "InvalidParameterCombination: Aurora MySQL Engine Version 5.7.mysql_aurora.2.04.9 with mode: PROVISIONED does not support Backtrack."},
		"postgres":   {records("postgres"), "InvalidParameterCombination: Aurora PostgreSQL Engine Version 16.6 with mode: PROVISIONED does not support Backtrack."},
		"global":     {backtrack("global"), "InvalidParameterCombination: Backtrack is not enabled for DB cluster global: it is a member of a global database."},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
				t.Errorf("%v, want %q", tt.err, tt.want)
			}
		})
	}
}

// TestShortThrottling meets the other code of throttling, which the SDK knows
// as one.
func TestShortThrottling(t *testing.T) {
	s, _ := newServer(t)
	s.FailNext("DescribeDBClusters", aurora.FaultThrottlingShort, 1)
	_, err := rdsClient(s).DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{})
	wantCode(t, err, "Throttling")
}

// TestSignatures refuses signatures that are too old, ahead, or made for
// another service.
func TestSignatures(t *testing.T) {
	tests := map[string]struct {
		ahead time.Duration // of the server's clock
		sign  func(*aurora.Server) error
		want  string
	}{
		"good":         {4 * time.Minute, describeAll, ""},
		"too old":      {5*time.Minute + 2*time.Second, describeAll, "Signature expired: "},
		"ahead":        {-5*time.Minute - 2*time.Second, describeAll, "Signature not yet current: "},
		"for a bucket": {0, describeAsS3, "Credential should be scoped to correct service: 'rds'."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, _ := newServer(t, func(o *aurora.Options) {
				o.SignatureNow = func() time.Time { return time.Now().Add(tt.ahead) }
			})
			err := tt.sign(s)
			if tt.want == "" {
				wantCode(t, err, "")
				return
			}
			wantCode(t, err, "SignatureDoesNotMatch")
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func describeAll(s *aurora.Server) error {
	_, err := rdsClient(s).DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{})
	return err
}

// describeAsS3 is a call whose signature is scoped to another service.
func describeAsS3(s *aurora.Server) error {
	form := url.Values{"Action": {"DescribeDBClusters"}, "Version": {"2014-10-31"}}
	r := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode()))
	date := time.Now().UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", date)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+testKey+"/"+date[:8]+"/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=00")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	code, message := between(w.Body.String(), "<Code>", "</Code>"), between(w.Body.String(), "<Message>", "</Message>")
	return &smithy.GenericAPIError{Code: code, Message: strings.ReplaceAll(message, "&#39;", "'")}
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}
