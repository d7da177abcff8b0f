package aurora_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestWindowShrinks shortens a window and lengthens it again: what the shorter
// one left does not come back, and what was written since stays reachable.
func TestWindowShrinks(t *testing.T) {
	ctx := context.Background()
	s, clock := newServer(t)
	client := rdsClient(s)
	createCluster(t, client)
	clock.advance(10 * time.Hour)
	setWindow := func(seconds int64) {
		t.Helper()
		_, err := client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("testcluster"), BacktrackWindow: &seconds})
		wantCode(t, err, "")
	}
	want := func(ago time.Duration) {
		t.Helper()
		if got := clock.now.Sub(describe(t, client).EarliestBacktrackTime.UTC()); got != ago {
			t.Errorf("goes back %v, want %v", got, ago)
		}
	}
	want(2 * time.Hour)
	setWindow(60)
	want(time.Minute)
	setWindow(7200)
	want(time.Minute)
	clock.advance(time.Hour)
	want(time.Hour + time.Minute)
	clock.advance(time.Hour)
	want(2 * time.Hour)
	setWindow(0)
	_, err := client.ModifyDBCluster(ctx, &rds.ModifyDBClusterInput{DBClusterIdentifier: aws.String("testcluster"), BacktrackWindow: aws.Int64(60)})
	wantCode(t, err, "InvalidParameterCombination")
	if !strings.Contains(err.Error(), "Backtrack cannot currently be enabled for this cluster") {
		t.Error(err)
	}
}

// trimmed is an engine that notes what it was to forget.
type trimmed struct {
	aurora.NoData
	before []time.Time
}

type trimmedDatabase struct {
	aurora.Database
	engine *trimmed
}

func (e *trimmed) Create(ctx context.Context, spec aurora.DatabaseSpec) (aurora.Database, error) {
	d, err := e.NoData.Create(ctx, spec)
	return trimmedDatabase{d, e}, err
}

func (d trimmedDatabase) Trim(_ context.Context, before time.Time) error {
	d.engine.before = append(d.engine.before, before)
	return nil
}

// TestTrim lets the engine forget what no window reaches, once a minute.
func TestTrim(t *testing.T) {
	engine := &trimmed{}
	s, clock := newServer(t, func(o *aurora.Options) { o.Engine = engine })
	createCluster(t, rdsClient(s))
	born := clock.now
	for range 5 * 60 * 60 {
		clock.advance(time.Second)
		s.Tick()
	}
	if n := len(engine.before); n < 299 || n > 300 {
		t.Errorf("trimmed %d times in five hours", n)
	}
	if first := engine.before[0]; first != born {
		t.Errorf("first to %v, want the birth %v", first, born)
	}
	if last, want := engine.before[len(engine.before)-1], clock.now.Add(-2*time.Hour); last.After(want) || last.Before(want.Add(-time.Minute)) {
		t.Errorf("last to %v, want about %v", last, want)
	}
}

// TestWindowEvents tells each instance when the window becomes smaller than
// its target, and when it is as long as it again.
func TestWindowEvents(t *testing.T) {
	ctx := context.Background()
	s, clock, client := slow(t)
	clock.advance(10 * time.Hour)
	events := func() string {
		t.Helper()
		out, err := client.DescribeEvents(ctx, &rds.DescribeEventsInput{SourceType: types.SourceTypeDbInstance, SourceIdentifier: aws.String("two"),
			EventCategories: []string{"backtrack"}, Duration: aws.Int32(600)})
		wantCode(t, err, "")
		var all []string
		for _, e := range out.Events {
			all = append(all, *e.Message)
			if *e.SourceArn != "arn:aws:rds:eu-west-1:123456789012:db:two" {
				t.Errorf("an event of %s", *e.SourceArn)
			}
		}
		return strings.Join(all, " ")
	}
	if got := events(); got != "" {
		t.Errorf("at first %q", got)
	}
	const short = "The actual Backtrack window is smaller than the target Backtrack window you specified. Consider reducing the number of hours in your target Backtrack window."
	if err := s.EditCluster("testcluster", func(c *aurora.Cluster) { c.EarliestBacktrackTime = clock.now.Add(-time.Hour) }); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Minute)
	if got := events(); got != short {
		t.Errorf("with a short window %q", got)
	}
	clock.advance(time.Hour)
	if got := events(); got != short+" The actual Backtrack window is the same as the target Backtrack window." {
		t.Errorf("in the end %q", got)
	}
}

// TestMetrics reads the backtrack metrics of a cluster, in both forms of the
// protocol.
func TestMetrics(t *testing.T) {
	s, clock := newServer(t, func(o *aurora.Options) { o.AccessKeys = nil })
	if err := s.AddCluster(aurora.Cluster{Identifier: "game", BacktrackWindow: 7200, CreatedAt: clock.now.Add(-24 * time.Hour),
		EarliestBacktrackTime: clock.now.Add(-time.Hour)}, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.AddInstance(aurora.Instance{Identifier: "writer", ClusterIdentifier: "game"}); err != nil {
		t.Fatal(err)
	}
	ask := func(metric, dimension, value string) (form url.Values, body []byte) {
		form = url.Values{"Action": {"GetMetricData"}, "Version": {"2010-08-01"}, "StartTime": {clock.now.Add(-3 * time.Minute).Format(time.RFC3339)},
			"EndTime": {clock.now.Format(time.RFC3339)}, "MetricDataQueries.member.1.Id": {"m"}, "MetricDataQueries.member.1.MetricStat.Stat": {"Average"},
			"MetricDataQueries.member.1.MetricStat.Period": {"60"}, "MetricDataQueries.member.1.MetricStat.Metric.Namespace": {"AWS/RDS"},
			"MetricDataQueries.member.1.MetricStat.Metric.MetricName":                {metric},
			"MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name":  {dimension},
			"MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value": {value}}
		body, err := json.Marshal(map[string]any{"StartTime": clock.now.Add(-3 * time.Minute).Unix(), "EndTime": clock.now.Unix(),
			"MetricDataQueries": []any{map[string]any{"Id": "m", "MetricStat": map[string]any{"Stat": "Average", "Period": 60, "Metric": map[string]any{
				"Namespace": "AWS/RDS", "MetricName": metric, "Dimensions": []any{map[string]any{"Name": dimension, "Value": value}}}}}}})
		if err != nil {
			t.Fatal(err)
		}
		return form, body
	}
	for name, tt := range map[string]struct {
		metric, dimension, value string
		wantXML, wantJSON        string
	}{
		"window":   {"BacktrackWindowActual", "DBClusterIdentifier", "game", "<Values><member>61</member><member>62</member><member>63</member></Values>", `"Values":[61,62,63]`},
		"instance": {"BacktrackWindowAlert", "DBInstanceIdentifier", "writer", "<Values><member>1</member><member>1</member><member>1</member></Values>", `"Values":[1,1,1]`},
		"stored":   {"BacktrackChangeRecordsStored", "DBClusterIdentifier", "game", "<member>0</member>", `"Values":[0,0,0]`},
		"rate":     {"BacktrackChangeRecordsCreationRate", "DBClusterIdentifier", "game", "<member>0</member>", `"Values":[0,0,0]`},
		"nobody":   {"BacktrackWindowActual", "DBClusterIdentifier", "nobody", "<StatusCode>Complete</StatusCode>", `"Values":[]`},
		"another":  {"CPUUtilization", "DBClusterIdentifier", "game", "<Code>ValidationError</Code>", `"__type":"ValidationError"`},
	} {
		t.Run(name, func(t *testing.T) {
			form, body := ask(tt.metric, tt.dimension, tt.value)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(form.Encode())))
			if !strings.Contains(w.Body.String(), tt.wantXML) {
				t.Errorf("XML: %s, want %s", w.Body, tt.wantXML)
			}
			w = httptest.NewRecorder()
			r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
			r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801.GetMetricData")
			s.ServeHTTP(w, r)
			if !strings.Contains(w.Body.String(), tt.wantJSON) || w.Header().Get("Content-Type") != "application/x-amz-json-1.0" {
				t.Errorf("JSON: %s, want %s", w.Body, tt.wantJSON)
			}
			if calls := s.Calls(); calls[len(calls)-1].Operation != "GetMetricData" {
				t.Errorf("logged %+v", calls[len(calls)-1])
			}
		})
	}
}
