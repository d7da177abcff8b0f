package aurora_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestInfrastructureTools makes the calls that Terraform's AWS provider makes
// for the project's example, in its order, and reads back what it reads.
func TestInfrastructureTools(t *testing.T) {
	ctx := context.Background()
	s, _ := newServer(t)
	client := rdsClient(s)
	name := aws.String("game")
	_, err := client.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: name, DBSubnetGroupDescription: aws.String("Managed by Terraform"),
		SubnetIds: []string{"subnet-a", "subnet-b"}})
	wantCode(t, err, "")
	groups, err := client.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: name})
	wantCode(t, err, "")
	if g := groups.DBSubnetGroups[0]; len(g.Subnets) != 2 || *g.Subnets[1].SubnetIdentifier != "subnet-b" || *g.SubnetGroupStatus != "Complete" {
		t.Errorf("the group is %+v", g)
	}
	_, err = client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: groups.DBSubnetGroups[0].DBSubnetGroupArn})
	wantCode(t, err, "")
	_, err = client.CreateDBCluster(ctx, &rds.CreateDBClusterInput{DBClusterIdentifier: name, Engine: aws.String("aurora-mysql"), EngineMode: aws.String("provisioned"),
		BacktrackWindow: aws.Int64(86400), DatabaseName: name, MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true),
		StorageEncrypted: aws.Bool(true), DeletionProtection: aws.Bool(true), DBSubnetGroupName: name, VpcSecurityGroupIds: []string{"sg-1"},
		CopyTagsToSnapshot: aws.Bool(false), Tags: []types.Tag{{Key: aws.String("aurora-backtrack"), Value: aws.String("allowed")}}})
	wantCode(t, err, "")
	clusters, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: name})
	wantCode(t, err, "")
	c := clusters.DBClusters[0]
	if *c.DBSubnetGroup != "game" || !*c.StorageEncrypted || c.KmsKeyId == nil || *c.MasterUserSecret.SecretStatus != "active" ||
		tags(c.TagList)["aurora-backtrack"] != "allowed" || !*c.DeletionProtection {
		t.Errorf("the cluster is %+v", c)
	}
	global, err := client.DescribeGlobalClusters(ctx, &rds.DescribeGlobalClustersInput{Filters: filter("db-cluster-id", *c.DBClusterArn)})
	wantCode(t, err, "")
	if len(global.GlobalClusters) != 0 {
		t.Errorf("a member of %v", global.GlobalClusters)
	}
	_, err = client.DescribeGlobalClusters(ctx, &rds.DescribeGlobalClustersInput{GlobalClusterIdentifier: name})
	wantCode(t, err, "GlobalClusterNotFoundFault")
	_, err = client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("game-1"), DBClusterIdentifier: name,
		Engine: aws.String("aurora-mysql"), DBInstanceClass: aws.String("db.r6g.large"), AutoMinorVersionUpgrade: aws.Bool(true),
		CopyTagsToSnapshot: aws.Bool(false), PromotionTier: aws.Int32(0), DBSubnetGroupName: name})
	wantCode(t, err, "")
	instances, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{Filters: filter("db-cluster-id", *c.DBClusterArn)})
	wantCode(t, err, "")
	if i := instances.DBInstances[0]; *i.DBSubnetGroup.DBSubnetGroupName != "game" || *i.PromotionTier != 0 || *i.Endpoint.Port != *c.Port {
		t.Errorf("the instance is %+v", i)
	}
	_, err = client.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("game-1"), DBInstanceClass: aws.String("db.r6g.xlarge"), ApplyImmediately: aws.Bool(true)})
	wantCode(t, err, "")
	_, err = client.DeleteDBSubnetGroup(ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: name})
	wantCode(t, err, "InvalidDBSubnetGroupStateFault")
	_, err = client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("game-1")})
	wantCode(t, err, "")
	_, err = client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: name, DeletionProtection: aws.Bool(false), ApplyImmediately: aws.Bool(true)})
	wantCode(t, err, "")
	_, err = client.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: name, SkipFinalSnapshot: aws.Bool(false),
		FinalDBSnapshotIdentifier: aws.String("game-final"), DeleteAutomatedBackups: aws.Bool(true)})
	wantCode(t, err, "")
	_, err = client.DeleteDBSubnetGroup(ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: name})
	wantCode(t, err, "")
}

// TestManagedPassword reads the password that the stand-in manages where only
// it is, and turns the managing off and on.
func TestManagedPassword(t *testing.T) {
	ctx := context.Background()
	s, _ := newServer(t)
	client := rdsClient(s)
	id := aws.String("testcluster")
	createCluster(t, client, func(in *rds.CreateDBClusterInput) {
		in.MasterUserPassword, in.ManageMasterUserPassword = nil, aws.Bool(true)
	})
	secret := func() (int, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "/_local/secrets/testcluster", nil))
		return w.Code, w.Body.String()
	}
	if code, text := secret(); code != 200 || !strings.Contains(text, *describe(t, client).MasterUserSecret.SecretArn) || !strings.Contains(text, `\"username\":\"admin\"`) {
		t.Errorf("%d %s", code, text)
	}
	_, err := client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: id, ManageMasterUserPassword: aws.Bool(false)})
	wantCode(t, err, "InvalidParameterCombination")
	_, err = client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: id, ManageMasterUserPassword: aws.Bool(false), MasterUserPassword: aws.String("correct-horse")})
	wantCode(t, err, "")
	if code, text := secret(); code != 400 || describe(t, client).MasterUserSecret != nil {
		t.Errorf("without a managed password: %d %s", code, text)
	}
	_, err = client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: id, ManageMasterUserPassword: aws.Bool(true)})
	wantCode(t, err, "")
	if code, _ := secret(); code != 200 {
		t.Errorf("managed again: %d", code)
	}
}

// TestParameterGroups turns binary logging on by a parameter, which then makes
// a backtrack need force.
func TestParameterGroups(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t)
	client := rdsClient(s)
	name := aws.String("with-binlog")
	in := &rds.CreateDBClusterParameterGroupInput{DBClusterParameterGroupName: name, DBParameterGroupFamily: aws.String("aurora-mysql8.0"), Description: name}
	_, err := client.CreateDBClusterParameterGroup(ctx, in)
	wantCode(t, err, "")
	_, err = client.CreateDBClusterParameterGroup(ctx, in)
	wantCode(t, err, "DBParameterGroupAlreadyExists")
	createCluster(t, client, func(in *rds.CreateDBClusterInput) { in.DBClusterParameterGroupName = name })
	set := func(value string) {
		t.Helper()
		_, err := client.ModifyDBClusterParameterGroup(ctx, &rds.ModifyDBClusterParameterGroupInput{DBClusterParameterGroupName: name,
			Parameters: []types.Parameter{{ParameterName: aws.String("binlog_format"), ParameterValue: &value}}})
		wantCode(t, err, "")
	}
	for value, want := range map[string]string{"ROW": "InvalidParameterCombination", "OFF": ""} {
		set(value)
		_, err := client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: aws.String("testcluster"), BacktrackTo: &clock.now})
		wantCode(t, err, want)
	}
	listed, err := client.DescribeDBClusterParameters(ctx, &rds.DescribeDBClusterParametersInput{DBClusterParameterGroupName: name, Source: aws.String("user")})
	wantCode(t, err, "")
	if len(listed.Parameters) != 1 {
		t.Errorf("%d parameters", len(listed.Parameters))
	}
	_, err = client.DeleteDBClusterParameterGroup(ctx, &rds.DeleteDBClusterParameterGroupInput{DBClusterParameterGroupName: name})
	wantCode(t, err, "InvalidDBParameterGroupState")
	_, err = client.DescribeDBClusterParameterGroups(ctx, &rds.DescribeDBClusterParameterGroupsInput{DBClusterParameterGroupName: aws.String("none")})
	wantCode(t, err, "DBParameterGroupNotFound")
}

// TestFilters finds clusters by what tools filter by.
func TestFilters(t *testing.T) {
	s, _ := newServer(t)
	client := rdsClient(s)
	for id, engine := range map[string]string{"mysql": "aurora-mysql", "postgres": "aurora-postgresql"} {
		if err := s.AddCluster(aurora.Cluster{Identifier: id, Engine: engine}, ""); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		filters []types.Filter
		want    string
	}{
		"ARN":    {filter("db-cluster-id", "arn:aws:rds:eu-west-1:123456789012:cluster:mysql"), "mysql"},
		"engine": {filter("engine", "aurora-postgresql"), "postgres"},
		"domain": {filter("domain", "d-1"), ""},
		"clones": {filter("clone-group-id", "g"), ""},
		"both":   {append(filter("db-cluster-id", "mysql"), filter("engine", "aurora-postgresql")...), ""},
	} {
		out, err := client.DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{Filters: tt.filters})
		wantCode(t, err, "")
		var got string
		for _, c := range out.DBClusters {
			got += *c.DBClusterIdentifier
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
