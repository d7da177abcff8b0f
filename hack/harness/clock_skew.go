package harness

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/utils/clock"

	"github.com/aurora-backtrack/operator/controllers/rds"
)

// skewedClock is the clock of a machine that goes wrong.
type skewedClock struct {
	clock.PassiveClock
	by time.Duration
}

func (s skewedClock) Now() time.Time { return s.PassiveClock.Now().Add(s.by) }

func (s skewedClock) Since(t time.Time) time.Duration { return s.Now().Sub(t) }

// ReplaceRDS lets the operator ask RDS with another clock, and lets the test change what RDS answers. The change may
// be nil.
func (o *Operator) ReplaceRDS(by time.Duration, change func(action, body string) string) {
	now := skewedClock{o.Clock, by}
	answered := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		response, err := o.RDS.Client().Transport.RoundTrip(r)
		if err != nil || change == nil {
			return response, err
		}
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		changed := change(form.Get("Action"), string(answer))
		response.Body, response.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
		response.Header.Del("Content-Length")
		return response, nil
	})}
	rds := rds.NewProvider(rds.Options{Clock: now, Config: aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		BaseEndpoint: aws.String("http://rds.local"), HTTPClient: o.Connection.http(answered),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}})
	o.Backtracks.RDS, o.Clusters.RDS = rds, rds
	o.Backtracks.Clock, o.Clusters.Clock, o.Backtracks.Workloads.Clock, o.Backtracks.Events.Clock = now, now, now, now
}

// ReplaceStatus replaces the status word of every record in the history, in whatever case RDS writes it.
func ReplaceStatus(from, to string) func(action, body string) string {
	status := regexp.MustCompile("(?i)<Status>" + regexp.QuoteMeta(from) + "</Status>")
	return func(action, body string) string {
		if action != "DescribeDBClusterBacktracks" {
			return body
		}
		return status.ReplaceAllString(body, "<Status>"+to+"</Status>")
	}
}
