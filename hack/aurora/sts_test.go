package aurora_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

const testRole = "arn:aws:iam::210987654321:role/path/rewinder"

// TestAssumeRole takes a role in another account, uses it there, and sees it
// expire.
func TestAssumeRole(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t, func(o *aurora.Options) { o.Roles = map[string]string{testRole: "external"} })
	createCluster(t, rdsClient(s))
	if err := s.AddCluster(aurora.Cluster{Identifier: "theirs", AccountID: "210987654321"}, ""); err != nil {
		t.Fatal(err)
	}
	out, err := stsClient(s).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(testRole),
		RoleSessionName: aws.String("game"), ExternalId: aws.String("external"), DurationSeconds: aws.Int32(900)})
	wantCode(t, err, "")
	config := inMemory(s)
	given := out.Credentials
	config.Credentials = credentials.NewStaticCredentialsProvider(*given.AccessKeyId, *given.SecretAccessKey, *given.SessionToken)
	who, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "")
	const wantARN = "arn:aws:sts::210987654321:assumed-role/rewinder/game"
	if *who.Arn != wantARN || *who.Account != "210987654321" || *out.AssumedRoleUser.Arn != wantARN {
		t.Errorf("the caller is %s of %s", *who.Arn, *who.Account)
	}
	clusters, err := rds.NewFromConfig(config).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	wantCode(t, err, "")
	if len(clusters.DBClusters) != 1 || *clusters.DBClusters[0].DBClusterIdentifier != "theirs" {
		t.Errorf("the role sees %d clusters", len(clusters.DBClusters))
	}
	calls := s.Calls()
	if last := calls[len(calls)-1]; last.Session != wantARN || last.AccessKeyID != *given.AccessKeyId {
		t.Errorf("logged %+v", last)
	}
	clock.advance(15 * time.Minute)
	_, err = rds.NewFromConfig(config).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	wantCode(t, err, "ExpiredToken")

	config.Credentials = credentials.NewStaticCredentialsProvider(*given.AccessKeyId, "wrong", *given.SessionToken)
	clock.advance(-time.Minute)
	_, err = rds.NewFromConfig(config).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{})
	wantCode(t, err, "SignatureDoesNotMatch")
}

// TestAssumeRoleRefused sees why a role is not given.
func TestAssumeRoleRefused(t *testing.T) {
	s, _ := newServer(t, func(o *aurora.Options) { o.Roles = map[string]string{testRole: "external"} })
	for name, tt := range map[string]struct {
		role, session, externalID string
		seconds                   int32
		want                      string
	}{
		"external id": {testRole, "game", "other", 900, "AccessDenied"},
		"no role":     {"arn:aws:iam::210987654321:role/other", "game", "external", 900, "AccessDenied"},
		"not a role":  {"arn:aws:iam::210987654321:user/rewinder", "game", "external", 900, "ValidationError"},
		"session":     {testRole, "a game", "external", 900, "ValidationError"},
		"too long":    {testRole, "game", "external", 43201, "ValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := stsClient(s).AssumeRole(context.Background(), &sts.AssumeRoleInput{RoleArn: &tt.role,
				RoleSessionName: &tt.session, ExternalId: &tt.externalID, DurationSeconds: &tt.seconds})
			wantCode(t, err, tt.want)
		})
	}
}

// TestCallerIdentity names the configured key's user.
func TestCallerIdentity(t *testing.T) {
	s, _ := newServer(t)
	who, err := stsClient(s).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	wantCode(t, err, "")
	if *who.Account != "123456789012" || *who.Arn != "arn:aws:iam::123456789012:user/local" {
		t.Errorf("%s of %s", *who.Arn, *who.Account)
	}
}
