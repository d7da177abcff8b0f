package aurora_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestRestart starts a server anew on its state file, at every stage of a
// backtrack: nothing is lost, and what was under way goes on.
func TestRestart(t *testing.T) {
	timing := aurora.Timing{Unlisted: time.Second, Pending: 10 * time.Second, Backtracking: 10 * time.Second}
	for name, tt := range map[string]struct {
		at   time.Duration
		want string
	}{
		"unlisted":  {0, ""},
		"pending":   {5 * time.Second, "pending"},
		"applying":  {15 * time.Second, "applying"},
		"completed": {25 * time.Second, "completed"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			path := filepath.Join(t.TempDir(), "state.json")
			persistent := func(o *aurora.Options) { o.StateFile, o.Timing, o.LowerCaseStatus = path, timing, true }
			s, clock := newServer(t, persistent)
			client := rdsClient(s)
			createCluster(t, client)
			_, err := client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String("one"),
				DBInstanceClass: aws.String("db.r6g.large"), Engine: aws.String("aurora-mysql"), DBClusterIdentifier: aws.String("testcluster")})
			wantCode(t, err, "")
			session, err := stsClient(s).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(testRole), RoleSessionName: aws.String("game")})
			wantCode(t, err, "")
			backtrack(t, client, clock)
			clock.advance(tt.at)
			before, err := s.Cluster("testcluster")
			if err != nil {
				t.Fatal(err)
			}

			s, later := newServer(t, persistent) // the first is gone without a word, as after a kill
			later.now = clock.now
			after, err := s.Cluster("testcluster")
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(before, after) {
				t.Errorf("before %+v\nafter %+v", before, after)
			}
			client = rdsClient(s)
			if record, _ := look(t, client); record != tt.want {
				t.Errorf("record %q, want %q", record, tt.want)
			}
			later.advance(time.Hour - tt.at - time.Second)
			if record, cluster := look(t, client); record != "completed" || cluster != "available" {
				t.Errorf("in the end %q, %q", record, cluster)
			}
			if members := describe(t, client).DBClusterMembers; len(members) != 1 {
				t.Errorf("%d members", len(members))
			}
			config := inMemory(s)
			given := session.Credentials
			config.Credentials = credentials.NewStaticCredentialsProvider(*given.AccessKeyId, *given.SecretAccessKey, *given.SessionToken)
			_, err = sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			wantCode(t, err, "")
		})
	}
}

// TestStateFile holds no passwords, and says so when it can't be read.
func TestStateFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	s, _ := newServer(t, func(o *aurora.Options) { o.StateFile = path })
	createCluster(t, rdsClient(s))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "correct-horse") || strings.Contains(string(data), testSecret) {
		t.Error("a secret in the state file")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left beside the state file: %v, %v", entries, err)
	}
	if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := aurora.NewServer(aurora.Options{StateFile: path}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v, want an error that names the file", err)
	}
}

// TestRecreateCluster keeps the name and nothing else.
func TestRecreateCluster(t *testing.T) {
	s, clock := newServer(t)
	client := rdsClient(s)
	createCluster(t, client)
	backtrack(t, client, clock)
	before := describe(t, client)
	if err := s.RecreateCluster("testcluster", ""); err != nil {
		t.Fatal(err)
	}
	after := describe(t, client)
	if *before.DbClusterResourceId == *after.DbClusterResourceId || *before.DBClusterArn != *after.DBClusterArn {
		t.Errorf("%s, %s; was %s, %s", *after.DbClusterResourceId, *after.DBClusterArn, *before.DbClusterResourceId, *before.DBClusterArn)
	}
	if record, _ := look(t, client); record != "" {
		t.Errorf("a new cluster has record %q", record)
	}
}
