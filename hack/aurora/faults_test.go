package aurora_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/smithy-go"

	"github.com/aurora-backtrack/operator/hack/aurora"
)

// TestFaults injects each fault into a backtrack, in memory and on a socket,
// and looks at what the client got, what was done and what was logged.
func TestFaults(t *testing.T) {
	transports := map[string]func(*testing.T, *aurora.Server) *rds.Client{
		"memory": func(_ *testing.T, s *aurora.Server) *rds.Client { return rdsClient(s) },
		"socket": overHTTP,
	}
	tests := map[string]struct {
		fault       string
		wantCode    string // "dropped" is no answer at all
		wantDone    int
		wantOutcome string
	}{
		"throttled":   {aurora.FaultThrottling, "ThrottlingException", 0, "ThrottlingException"},
		"unavailable": {aurora.FaultServiceUnavailable, "ServiceUnavailable", 0, "ServiceUnavailable"},
		"internal":    {aurora.FaultInternalFailure, "InternalFailure", 0, "InternalFailure"},
		"denied":      {aurora.FaultAccessDenied, "AccessDenied", 0, "AccessDenied"},
		"reset":       {aurora.FaultConnectionReset, "dropped", 0, aurora.OutcomeConnectionReset},
		"lost reply":  {aurora.FaultLostReply, "dropped", 1, aurora.OutcomeLostReply},
		"delayed":     {aurora.FaultDelay, "", 1, aurora.OutcomeAccepted},
	}
	for transport, client := range transports {
		for name, tt := range tests {
			t.Run(transport+"/"+name, func(t *testing.T) {
				s, clock := newServer(t)
				client := client(t, s)
				createCluster(t, client)
				s.FailNext("BacktrackDBCluster", tt.fault, 1)
				_, err := client.BacktrackDBCluster(context.Background(), &rds.BacktrackDBClusterInput{
					DBClusterIdentifier: aws.String("testcluster"), BacktrackTo: aws.Time(clock.now)})
				if tt.wantCode == "dropped" {
					var apiErr smithy.APIError
					if err == nil || errors.As(err, &apiErr) {
						t.Errorf("answered: %v", err)
					}
				} else {
					wantCode(t, err, tt.wantCode)
				}
				cluster, err := s.Cluster("testcluster")
				if err != nil {
					t.Fatal(err)
				}
				if got := len(cluster.Backtracks); got != tt.wantDone {
					t.Errorf("%d backtracks made, want %d", got, tt.wantDone)
				}
				calls := s.Calls()
				last := calls[len(calls)-1]
				if last.Operation != "BacktrackDBCluster" || last.Outcome != tt.wantOutcome || last.Fault != tt.fault || last.Done() != (tt.wantDone == 1) {
					t.Errorf("logged %+v, want outcome %s", last, tt.wantOutcome)
				}
				if tt.wantDone == 1 && last.BacktrackID != cluster.Backtracks[0].Identifier {
					t.Errorf("logged record %q", last.BacktrackID)
				}
				if len(s.Faults()) != 0 {
					t.Errorf("faults left: %v", s.Faults())
				}
			})
		}
	}
}

// TestLostReplyOfARefusal logs the refusal: nothing was done.
func TestLostReplyOfARefusal(t *testing.T) {
	s, clock := newServer(t)
	client := rdsClient(s)
	s.FailNext("BacktrackDBCluster", aurora.FaultLostReply, 1)
	_, err := client.BacktrackDBCluster(context.Background(), &rds.BacktrackDBClusterInput{
		DBClusterIdentifier: aws.String("nobody"), BacktrackTo: aws.Time(clock.now)})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v, want a lost answer", err)
	}
	if call := s.Calls()[0]; call.Outcome != "DBClusterNotFoundFault" || call.Done() {
		t.Errorf("logged %+v", call)
	}
}

// TestFaultCounts counts calls down, meets faults in order, and goes on until
// deleted with a count of 0.
func TestFaultCounts(t *testing.T) {
	s, _ := newServer(t)
	client := rdsClient(s)
	if err := s.SetFaults([]aurora.Fault{
		{Operation: "DescribeDBClusters", Error: aurora.FaultThrottling, Count: 2},
		{Operation: "*", Error: aurora.FaultConnectionReset},
	}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 5 {
		_, err := client.DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{})
		switch {
		case errors.Is(err, syscall.ECONNRESET):
			got = append(got, "reset")
		default:
			got = append(got, "throttled")
			wantCode(t, err, "ThrottlingException")
		}
	}
	if want := "throttled throttled reset reset reset"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	if err := s.SetFaults(nil); err != nil {
		t.Fatal(err)
	}
	_, err := client.DescribeDBClusters(context.Background(), &rds.DescribeDBClustersInput{})
	wantCode(t, err, "")
}

// TestSDKRetries shows the trap: with the SDK's own retries on, one lost reply
// is two backtracks.
func TestSDKRetries(t *testing.T) {
	s, clock := newServer(t)
	config := inMemory(s)
	config.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
	}
	client := rds.NewFromConfig(config)
	createCluster(t, client)
	s.FailNext("BacktrackDBCluster", aurora.FaultLostReply, 1)
	backtrack(t, client, clock)
	if cluster, err := s.Cluster("testcluster"); err != nil || len(cluster.Backtracks) != 2 {
		t.Errorf("%d backtracks (%v), want 2", len(cluster.Backtracks), err)
	}
}

// TestDelayOutlivesItsCaller does the work although nobody waits for it.
func TestDelayOutlivesItsCaller(t *testing.T) {
	held, release := make(chan time.Duration), make(chan struct{})
	s, clock := newServer(t, func(o *aurora.Options) {
		o.Wait = func(d time.Duration) { held <- d; <-release }
	})
	client := rdsClient(s)
	createCluster(t, client)
	if err := s.SetFaults([]aurora.Fault{{Operation: "BacktrackDBCluster", Error: aurora.FaultDelay, Count: 1, DelayMs: 1500}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, err := client.BacktrackDBCluster(ctx, &rds.BacktrackDBClusterInput{
			DBClusterIdentifier: aws.String("testcluster"), BacktrackTo: aws.Time(clock.now)})
		failed <- err
	}()
	if got := <-held; got != 1500*time.Millisecond {
		t.Errorf("held for %v", got)
	}
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the caller's own end", err)
	}
	close(release)
	deadline := time.Now().Add(10 * time.Second)
	for {
		if cluster, err := s.Cluster("testcluster"); err != nil || len(cluster.Backtracks) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the work was not done")
		}
	}
}

// TestLocal uses everything below /_local/, with good and bad input.
func TestLocal(t *testing.T) {
	s, _ := newServer(t)
	createCluster(t, rdsClient(s))
	for name, tt := range map[string]struct {
		method, path, body string
		wantStatus         int
		want               string // in the answer
	}{
		"calls":               {"GET", "calls", "", 200, `"operation": "CreateDBCluster"`},
		"no secrets in calls": {"GET", "calls", "", 200, `"MasterUserPassword": "(hidden)"`},
		"put faults":          {"PUT", "faults", `[{"operation":"DescribeDBClusters","error":"Delay","count":0,"delayMs":5}]`, 204, ""},
		"get faults":          {"GET", "faults", "", 200, "["},
		"delete faults":       {"DELETE", "faults", "", 204, ""},
		"bad JSON":            {"PUT", "faults", `{`, 400, "JSON"},
		"not a list":          {"PUT", "faults", `{}`, 400, "JSON"},
		"more behind it":      {"PUT", "faults", `[] []`, 400, "behind"},
		"unknown field":       {"PUT", "faults", `[{"op":"x"}]`, 400, `unknown field "op"`},
		"unknown error":       {"PUT", "faults", `[{"operation":"DescribeDBClusters","error":"Odd"}]`, 400, `unknown error "Odd": use one of`},
		"unknown operation":   {"PUT", "faults", `[{"operation":"Odd","error":"Delay"}]`, 400, `unknown operation "Odd"`},
		"negative count":      {"PUT", "faults", `[{"operation":"*","error":"Delay","count":-1}]`, 400, "count -1"},
		"long delay":          {"PUT", "faults", `[{"operation":"*","error":"Delay","delayMs":600001}]`, 400, "delayMs 600001"},
		"delay elsewhere":     {"PUT", "faults", `[{"operation":"*","error":"LostReply","delayMs":1}]`, 400, "delayMs goes with"},
		"timing":              {"PUT", "timing", `{"pending":"1.5s"}`, 204, ""},
		"get timing":          {"GET", "timing", "", 200, `"statusLag"`},
		"bad timing":          {"PUT", "timing", `{"pending":"-1s"}`, 400, `pending "-1s"`},
		"cluster":             {"PATCH", "clusters/testcluster", `{"failNextBacktrack":true}`, 204, ""},
		"unknown cluster":     {"PATCH", "clusters/nobody", `{}`, 400, "there is no cluster nobody"},
		"unknown place":       {"GET", "odd", "", 404, "/_local/calls"},
		"wrong method":        {"POST", "faults", "", 404, "PUT"},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(tt.method, "/_local/"+tt.path, strings.NewReader(tt.body)))
			if w.Code != tt.wantStatus || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, tt.wantStatus, tt.want)
			}
			if strings.Contains(w.Body.String(), "correct-horse") || strings.Contains(w.Body.String(), testSecret) {
				t.Errorf("a secret in %s", w.Body)
			}
		})
	}
	if cluster, err := s.Cluster("testcluster"); err != nil || !cluster.FailNextBacktrack {
		t.Errorf("the patch did nothing: %+v, %v", cluster, err)
	}
}

// TestDateHeader carries the server's clock, from which clients may measure
// how far theirs is off.
func TestDateHeader(t *testing.T) {
	s, clock := newServer(t)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader("Action=Odd&Version=2014-10-31")))
	if got := w.Header().Get("Date"); got != clock.now.Format(http.TimeFormat) {
		t.Errorf("Date %q at %v", got, clock.now)
	}
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "<Code>InvalidAction</Code>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
