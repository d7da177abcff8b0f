package aurora_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// element is a piece of an answer as it was sent.
type element struct {
	name     string
	text     string
	children []element
}

// recorder keeps the latest answer of a server.
type recorder struct {
	http.RoundTripper
	body []byte
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if r.body, err = io.ReadAll(response.Body); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(r.body))
	return response, nil
}

// result is the element of the latest answer whose members are the result.
func (r *recorder) result(t *testing.T, operation string) element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(r.body))
	root := element{}
	stack := []*element{&root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			top.children = append(top.children, element{name: token.Name.Local})
			stack = append(stack, &top.children[len(top.children)-1])
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(token)
		}
	}
	for _, child := range root.children[0].children {
		if child.name == operation+"Result" {
			return child
		}
	}
	return element{}
}

// missing are the members of an element that a client of the SDK does not see:
// they are misnamed, in the wrong place, or in a list of another form.
func missing(path string, sent element, seen reflect.Value) []string {
	for seen.Kind() == reflect.Pointer {
		if seen.IsNil() {
			return []string{path + " is not seen"}
		}
		seen = seen.Elem()
	}
	switch {
	case seen.Type() == reflect.TypeFor[time.Time]():
		return nil
	case seen.Kind() == reflect.Struct:
		return missingMembers(path, sent, seen)
	case seen.Kind() == reflect.Slice:
		if len(sent.children) != seen.Len() {
			return []string{fmt.Sprintf("%s: %d of %d are seen", path, seen.Len(), len(sent.children))}
		}
		var lost []string
		for n, child := range sent.children {
			lost = append(lost, missing(fmt.Sprintf("%s[%d]", path, n), child, seen.Index(n))...)
		}
		return lost
	case sent.text != "" && fmt.Sprint(seen.Interface()) != sent.text:
		return []string{fmt.Sprintf("%s is seen as %v, sent was %s", path, seen.Interface(), sent.text)}
	}
	return nil
}

func missingMembers(path string, sent element, seen reflect.Value) []string {
	var lost []string
	for _, child := range sent.children {
		field := seen.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, child.name) })
		if !field.IsValid() {
			lost = append(lost, path+"."+child.name+" is no member")
			continue
		}
		lost = append(lost, missing(path+"."+child.name, child, field)...)
	}
	return lost
}

// TestModel makes every call, and compares what was sent with what a client of
// the SDK sees: every member arrives, under its own name.
func TestModel(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t)
	recorded := &recorder{RoundTripper: s.Client().Transport}
	config := inMemory(s)
	config.HTTPClient = &http.Client{Transport: recorded}
	client, tokens := rds.NewFromConfig(config), sts.NewFromConfig(config)
	called := map[string]bool{}
	step := func(out any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		operation := strings.TrimSuffix(reflect.TypeOf(out).Elem().Name(), "Output")
		called[operation] = true
		clock.advance(time.Second)
		for _, lost := range missing(operation, recorded.result(t, operation), reflect.ValueOf(out)) {
			t.Error(lost)
		}
	}
	id, writer, group := aws.String("model"), aws.String("model-1"), aws.String("model-group")
	yes := aws.Bool(true)
	step(client.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{DBSubnetGroupName: group, DBSubnetGroupDescription: group, SubnetIds: []string{"subnet-1", "subnet-2"}}))
	step(client.ModifyDBSubnetGroup(ctx, &rds.ModifyDBSubnetGroupInput{DBSubnetGroupName: group, SubnetIds: []string{"subnet-1", "subnet-2", "subnet-3"}}))
	step(client.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{}))
	step(client.CreateDBClusterParameterGroup(ctx, &rds.CreateDBClusterParameterGroupInput{DBClusterParameterGroupName: group,
		DBParameterGroupFamily: aws.String("aurora-mysql8.0"), Description: group}))
	step(client.ModifyDBClusterParameterGroup(ctx, &rds.ModifyDBClusterParameterGroupInput{DBClusterParameterGroupName: group, Parameters: []types.Parameter{{
		ParameterName: aws.String("binlog_format"), ParameterValue: aws.String("OFF"), ApplyMethod: types.ApplyMethodPendingReboot}}}))
	step(client.DescribeDBClusterParameterGroups(ctx, &rds.DescribeDBClusterParameterGroupsInput{}))
	step(client.DescribeDBClusterParameters(ctx, &rds.DescribeDBClusterParametersInput{DBClusterParameterGroupName: group}))
	step(client.CreateDBCluster(ctx, &rds.CreateDBClusterInput{DBClusterIdentifier: id, Engine: aws.String("aurora-mysql"), MasterUsername: aws.String("admin"),
		ManageMasterUserPassword: yes, BacktrackWindow: aws.Int64(7200), DBSubnetGroupName: group, DBClusterParameterGroupName: group, StorageEncrypted: yes,
		EnableCloudwatchLogsExports: []string{"audit", "error"}, VpcSecurityGroupIds: []string{"sg-1", "sg-2"}, StorageType: aws.String("aurora-iopt1"),
		DatabaseName: aws.String("game"), CopyTagsToSnapshot: yes, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}))
	step(client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: writer, DBClusterIdentifier: id, Engine: aws.String("aurora-mysql"),
		DBInstanceClass: aws.String("db.r6g.large"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}))
	step(client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("model-2"), DBClusterIdentifier: id,
		Engine: aws.String("aurora-mysql"), DBInstanceClass: aws.String("db.r6g.large")}))
	step(client.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: writer, DBInstanceClass: aws.String("db.r6g.xlarge")}))
	step(client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: id, NewDBClusterIdentifier: aws.String("later"), EngineVersion: aws.String("8.0.mysql_aurora.3.09.0")}))
	step(client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{}))
	step(client.RebootDBInstance(ctx, &rds.RebootDBInstanceInput{DBInstanceIdentifier: writer}))
	step(client.FailoverDBCluster(ctx, &rds.FailoverDBClusterInput{DBClusterIdentifier: id}))
	step(client.StopDBCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: id}))
	step(client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{}))
	step(client.StartDBCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: id}))
	step(client.CreateDBClusterSnapshot(ctx, &rds.CreateDBClusterSnapshotInput{DBClusterIdentifier: id, DBClusterSnapshotIdentifier: aws.String("kept")}))
	step(client.DescribeDBClusterSnapshots(ctx, &rds.DescribeDBClusterSnapshotsInput{}))
	step(client.RestoreDBClusterFromSnapshot(ctx, &rds.RestoreDBClusterFromSnapshotInput{DBClusterIdentifier: aws.String("restored"),
		SnapshotIdentifier: aws.String("kept"), Engine: aws.String("aurora-mysql")}))
	step(client.RestoreDBClusterToPointInTime(ctx, &rds.RestoreDBClusterToPointInTimeInput{DBClusterIdentifier: aws.String("clone"),
		SourceDBClusterIdentifier: id, RestoreType: aws.String("copy-on-write"), UseLatestRestorableTime: yes, BacktrackWindow: aws.Int64(60)}))
	step(client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{}))
	step(client.DeleteDBClusterSnapshot(ctx, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: aws.String("kept")}))
	step(client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{DBClusterIdentifier: id, BacktrackTo: aws.Time(clock.now.Add(-time.Second))}))
	step(client.DescribeDBClusterBacktracks(ctx, &rds.DescribeDBClusterBacktracksInput{DBClusterIdentifier: id}))
	step(client.DescribeEvents(ctx, &rds.DescribeEventsInput{}))
	step(client.DescribeGlobalClusters(ctx, &rds.DescribeGlobalClustersInput{}))
	arn := aws.String("arn:aws:rds:eu-west-1:123456789012:cluster:model")
	step(client.AddTagsToResource(ctx, &rds.AddTagsToResourceInput{ResourceName: arn, Tags: []types.Tag{{Key: aws.String("c"), Value: aws.String("d")}}}))
	step(client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: arn}))
	step(client.RemoveTagsFromResource(ctx, &rds.RemoveTagsFromResourceInput{ResourceName: arn, TagKeys: []string{"c"}}))
	for _, name := range []string{"model-2", "model-1"} {
		step(client.DeleteDBInstance(ctx, &rds.DeleteDBInstanceInput{DBInstanceIdentifier: &name}))
	}
	step(client.DeleteDBCluster(ctx, &rds.DeleteDBClusterInput{DBClusterIdentifier: id, FinalDBSnapshotIdentifier: aws.String("final")}))
	step(client.DeleteDBSubnetGroup(ctx, &rds.DeleteDBSubnetGroupInput{DBSubnetGroupName: group}))
	step(client.DeleteDBClusterParameterGroup(ctx, &rds.DeleteDBClusterParameterGroupInput{DBClusterParameterGroupName: group}))
	step(tokens.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(testRole), RoleSessionName: aws.String("model")}))
	step(tokens.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	for _, operation := range aurora.Operations() {
		if !called[operation] && operation != "GetMetricData" { // which has a test of its own
			t.Errorf("%s was not called", operation)
		}
	}
}
