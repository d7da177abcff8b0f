package rds

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/utils/clock"
)

// answers gives every call the same answer.
type answers struct {
	status int
	body   string
}

func (a answers) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// FuzzAnswer lets RDS answer anything. Nothing breaks by it, no foreign text reaches a status uncleaned or
// beyond what the schema admits, and no answer below 400 or from 500 on passes for a certain refusal.
func FuzzAnswer(f *testing.F) {
	const record = `<BacktrackIdentifier>x</BacktrackIdentifier><Status>applying</Status><BacktrackTo>2021-02-12T04:59:22Z</BacktrackTo>`
	f.Add(200, `<BacktrackDBClusterResponse><BacktrackDBClusterResult>`+record+`</BacktrackDBClusterResult></BacktrackDBClusterResponse>`)
	f.Add(200, `<R><DescribeDBClusterBacktracksResult><DBClusterBacktracks><DBClusterBacktrack>`+record+`</DBClusterBacktrack></DBClusterBacktracks></DescribeDBClusterBacktracksResult></R>`)
	f.Add(200, `<R><DescribeDBClustersResult><DBClusters><DBCluster><Status>available</Status><Port>x</Port></DBCluster></DBClusters></DescribeDBClustersResult></R>`)
	f.Add(200, `<R><DescribeDBClusterBacktracksResult><marker>x</marker></DescribeDBClusterBacktracksResult><DescribeDBClustersResult><Marker>x</Marker></DescribeDBClustersResult></R>`)
	f.Add(400, `<ErrorResponse><Error><Code>InvalidDBClusterStateFault</Code><Message>&#x202e;no&#10;`+strings.Repeat("x", 5000)+`</Message></Error></ErrorResponse>`)
	f.Add(503, `<html>`)
	f.Add(200, ``)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 599 {
			t.Skip("no HTTP status")
		}
		p := NewProvider(Options{Clock: clock.RealClock{}, Config: aws.Config{
			Region: "eu-west-1", BaseEndpoint: aws.String("http://rds.local"), HTTPClient: answers{status, body},
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
			Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		}})
		ctx, target := context.Background(), Target{Identifier: "testcluster"}
		_, describeErr := p.Describe(ctx, target)
		_, historyErr := p.History(ctx, target)
		asked, askErr := p.Backtrack(ctx, target, Request{})
		for _, text := range []string{asked.ID, asked.Status} {
			if len(text) > 128 || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q reaches the status", text)
			}
		}
		for _, err := range []error{describeErr, historyErr, askErr} {
			if err != nil && (strings.ContainsFunc(err.Error(), unicode.IsControl) || len(err.Error()) > 2*maxMessageBytes) {
				t.Errorf("%q reaches the status", err.Error())
			}
		}
		var refusal *Error
		if errors.As(askErr, &refusal) && refusal.Refused && (status < 400 || status >= 500) {
			t.Errorf("status %d passes for a certain refusal: %v", status, askErr)
		}
	})
}
