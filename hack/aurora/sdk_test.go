package aurora_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

const (
	testKey    = "AKIALOCALAURORA00001"
	testSecret = "a secret of this test"
)

// clock is a time that moves only when told to.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

func newClock() *clock { return &clock{time.Date(2023, 12, 23, 13, 0, 0, 0, time.UTC)} }

// newServer is a server on a fake clock that checks signatures.
func newServer(t *testing.T, options ...func(*aurora.Options)) (*aurora.Server, *clock) {
	t.Helper()
	c := newClock()
	o := aurora.Options{Now: c.Now, AccessKeys: map[string]string{testKey: testSecret}}
	for _, option := range options {
		option(&o)
	}
	s, err := aurora.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, c
}

// inMemory is the SDK's configuration for a server without a socket.
func inMemory(s *aurora.Server) aws.Config {
	return aws.Config{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String("http://aurora.invalid"),
		HTTPClient:   s.Client(),
		Credentials:  credentials.NewStaticCredentialsProvider(testKey, testSecret, ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func rdsClient(s *aurora.Server) *rds.Client { return rds.NewFromConfig(inMemory(s)) }
func stsClient(s *aurora.Server) *sts.Client { return sts.NewFromConfig(inMemory(s)) }

// createCluster makes a cluster by a call, with a window of two hours.
func createCluster(t *testing.T, client *rds.Client, change ...func(*rds.CreateDBClusterInput)) *rds.CreateDBClusterOutput {
	t.Helper()
	in := &rds.CreateDBClusterInput{
		DBClusterIdentifier: aws.String("testcluster"),
		Engine:              aws.String("aurora-mysql"),
		MasterUsername:      aws.String("admin"),
		MasterUserPassword:  aws.String("correct-horse"),
		BacktrackWindow:     aws.Int64(7200),
	}
	for _, c := range change {
		c(in)
	}
	out, err := client.CreateDBCluster(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantCode checks for an API error of a code; "" is success.
func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		var apiErr smithy.APIError
		if !errors.As(err, &apiErr) {
			t.Fatalf("not an API error: %v", err)
		}
		got = apiErr.ErrorCode()
	}
	if got != want {
		t.Fatalf("code %q, want %q (%v)", got, want, err)
	}
}
