package rds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// together asks about all of them at once, and gives what each was told.
func together(t *testing.T, p *Provider, identifiers []string) []error {
	t.Helper()
	errs := make([]error, len(identifiers))
	var group sync.WaitGroup
	for i, identifier := range identifiers {
		group.Go(func() {
			c, err := p.Describe(t.Context(), Target{Identifier: identifier})
			if err == nil && c.Identifier != identifier {
				err = fmt.Errorf("asked for %s and got %s", identifier, c.Identifier)
			}
			errs[i] = err
		})
	}
	group.Wait()
	return errs
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("cluster-%03d", i)
	}
	return names
}

func TestDescribeTogether(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault     bool // the filtered call is denied, as by a policy that names single clusters
		wantCalls int  // at the most
	}{
		"a hundred questions are few calls":                   {wantCalls: 25},
		"a denied filter falls back to one call for each one": {fault: true, wantCalls: 140},
	} {
		w := newWorld(t, local.Options{})
		names := numbered(100)
		w.add(names...)
		if test.fault {
			w.deny(func(parameters map[string]string) bool { return parameters["DBClusterIdentifier"] == "" })
		} else { // the first call is slow enough for the others to gather
			if err := w.rds.SetFaults([]local.Fault{{Operation: "DescribeDBClusters", Error: local.FaultDelay, DelayMs: 100, Count: 1}}); err != nil {
				t.Fatal(err)
			}
		}
		for i, err := range together(t, w.provider(), append(names, "Missing", "cluster-000")) {
			switch {
			case i == 100 && !IsReason(err, v1alpha1.ReasonDBClusterNotFound):
				t.Errorf("%s: the missing one gave %v", name, err)
			case i != 100 && err != nil:
				t.Errorf("%s: number %d gave %v", name, i, err)
			}
		}
		if n := w.count("DescribeDBClusters"); n > test.wantCalls {
			t.Errorf("%s: %d calls", name, n)
		}
	}
}

// TestOneCallerEnds has a caller that does not wait for its answer: the others get theirs.
func TestOneCallerEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, local.Options{})
	w.add("x", "y")
	if err := w.rds.SetFaults([]local.Fault{{Operation: "DescribeDBClusters", Error: local.FaultDelay, DelayMs: 100, Count: 1}}); err != nil {
		t.Fatal(err)
	}
	p := w.provider()
	ended, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := p.Describe(ended, Target{Identifier: "x"}); err == nil {
			t.Error("the one that ended got an answer")
		}
	})
	cancel()
	group.Go(func() {
		if _, err := p.Describe(t.Context(), Target{Identifier: "y"}); err != nil {
			t.Errorf("the other one got %v", err)
		}
	})
	group.Wait()
}

func TestRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, local.Options{})
	w.add("x")
	p := w.provider(func(o *Options) { o.RequestsPerSecond, o.Burst = 20, 2 })
	begun := time.Now()
	for range 8 {
		if _, err := p.History(t.Context(), Target{Identifier: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took < 250*time.Millisecond { // 8 calls, of which 2 are free, at 20 a second
		t.Errorf("8 calls took %s", took)
	}
	// No turn within the call's time: nothing was sent, so it certainly had no effect.
	p = w.provider(func(o *Options) { o.RequestsPerSecond, o.Burst, o.CallTimeout = 0.01, 1, 50*time.Millisecond })
	_, _ = p.History(t.Context(), Target{Identifier: "x"})
	_, err := p.Backtrack(t.Context(), Target{Identifier: "x"}, Request{To: time.Now().Add(-time.Minute)})
	var e *Error
	if !errors.As(err, &e) || !e.Refused || !e.Passing || e.Reason != v1alpha1.ReasonThrottled {
		t.Errorf("got %v", err)
	}
	if n := w.count("BacktrackDBCluster"); n != 0 {
		t.Errorf("%d calls arrived", n)
	}
}

// TestHistory reads all pages, oldest first, in either spelling.
func TestHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, local.Options{UpperCaseStatus: true})
	w.add("x")
	const n = 250
	begun := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	err := w.rds.EditCluster("x", func(c *local.Cluster) {
		for i := range n {
			at := begun.Add(time.Duration(i) * time.Second)
			c.Backtracks = append(c.Backtracks, local.Backtrack{
				Identifier: fmt.Sprintf("id-%03d", i), RequestedAt: at, AskedTo: at, To: at.Add(-time.Minute), From: at, Ended: at, Fails: i%2 == 1,
			})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	past, err := w.provider().History(t.Context(), Target{Identifier: "x"})
	if err != nil || len(past) != n {
		t.Fatalf("%d records, %v", len(past), err)
	}
	if !slices.IsSortedFunc(past, func(a, b v1alpha1.BacktrackRecord) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("not oldest first")
	}
	want := v1alpha1.BacktrackRecord{
		ID: "id-001", RequestedAt: v1alpha1.NewTimestamp(begun.Add(time.Second)), BacktrackTo: v1alpha1.NewTimestamp(begun.Add(-59 * time.Second)),
		BacktrackedFrom: v1alpha1.NewTimestamp(begun.Add(time.Second)), Status: StatusFailed,
	}
	if past[1] != want || past[0].Status != StatusCompleted {
		t.Errorf("got %+v, want %+v", past[1], want)
	}
	if calls := w.count("DescribeDBClusterBacktracks"); calls != 3 {
		t.Errorf("%d calls", calls)
	}
}

func TestSkew(t *testing.T) {
	for name, by := range map[string]time.Duration{"right": 0, "ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, local.Options{Now: func() time.Time { return time.Now().Add(by) }})
			w.add("x")
			p := w.provider()
			target := Target{Identifier: "x"}
			if p.Skew(target) != 0 {
				t.Errorf("before the first answer it is %s", p.Skew(target))
			}
			if _, err := p.History(t.Context(), target); err != nil {
				t.Fatal(err)
			}
			if off := p.Skew(target) - by; off.Abs() > 2*time.Second {
				t.Errorf("it is %s, want %s", p.Skew(target), by)
			}
		})
	}
}

// TestSkewFollows has one of the clocks set: the newest answer tells.
func TestSkewFollows(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	w := newWorld(t, local.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	w.add("x")
	p := w.provider()
	target := Target{Identifier: "x"}
	for _, by := range []time.Duration{time.Hour, -10 * time.Minute, 0} {
		ahead.Store(int64(by))
		if _, err := p.History(t.Context(), target); err != nil {
			t.Fatal(err)
		}
		if off := p.Skew(target) - by; off.Abs() > 2*time.Second {
			t.Errorf("it is %s, want %s", p.Skew(target), by)
		}
	}
}

func TestRole(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::210987654321:role/backtrack"
	w := newWorld(t, local.Options{AccessKeys: map[string]string{"AKIAKEY": "SecretSecret"}, Roles: map[string]string{role: "the-external-id"}})
	if err := w.rds.AddCluster(local.Cluster{Identifier: "x", AccountID: "210987654321", BacktrackWindow: 60}, ""); err != nil {
		t.Fatal(err)
	}
	target := Target{Identifier: "x", RoleARN: role, ExternalID: "the-external-id", Session: strings.Repeat("game.", 40)}
	p := w.provider()
	for range 5 {
		if _, err := p.Describe(t.Context(), target); err != nil {
			t.Fatal(err)
		}
		if _, err := p.History(t.Context(), target); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.count("AssumeRole"); n != 1 {
		t.Errorf("the role was assumed %d times", n)
	}
	for _, call := range w.rds.Calls() {
		if want := "aurora-backtrack-" + target.Session; call.Operation == "AssumeRole" && call.Parameters["RoleSessionName"] != want[:64] {
			t.Errorf("the session is named %q", call.Parameters["RoleSessionName"])
		}
		if call.Operation == "DescribeDBClusters" && !strings.Contains(call.Session, "assumed-role/backtrack/aurora-backtrack-game.") {
			t.Errorf("it was asked as %q", call.Session)
		}
	}
	if _, err := p.Describe(t.Context(), Target{Identifier: "x"}); !IsReason(err, v1alpha1.ReasonDBClusterNotFound) {
		t.Errorf("without the role it gave %v", err)
	}
	target.ExternalID = "wrong"
	if _, err := p.Describe(t.Context(), target); !IsReason(err, v1alpha1.ReasonCredentialsInvalid) {
		t.Errorf("with a wrong external id it gave %v", err)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, local.Options{RecordPrecision: time.Millisecond})
	w.add("x")
	at := time.Now().Add(-time.Minute).Truncate(time.Millisecond).Add(999 * time.Microsecond).In(time.FixedZone("", 3600))
	record, err := w.provider(func(o *Options) { o.Clock = clock.RealClock{} }).Backtrack(t.Context(), Target{Identifier: "x"}, Request{To: at, Force: true, UseEarliest: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range w.rds.Calls() {
		to := call.Parameters["BacktrackTo"]
		if got := v1alpha1.Timestamp(to).Time(); !got.Equal(at.Truncate(time.Millisecond)) || !strings.HasSuffix(to, "Z") {
			t.Errorf("BacktrackTo was sent as %q", to)
		}
		if call.Parameters["Force"] != "true" || call.Parameters["UseEarliestTimeOnPointInTimeUnavailable"] != "true" {
			t.Errorf("sent was %v", call.Parameters)
		}
	}
	if record.ID == "" || record.Status != "pending" || record.BacktrackTo != v1alpha1.NewTimestamp(at) || record.BacktrackedFrom != "" {
		t.Errorf("the record is %+v", record)
	}
}

func TestUnsupported(t *testing.T) {
	fine := Cluster{Identifier: "x", Engine: "aurora-mysql", EngineMode: "provisioned", BacktrackWindow: 1}
	for name, test := range map[string]struct {
		change func(*Cluster)

		wantReason, wantMessage string
	}{
		"fine":                        {func(*Cluster) {}, "", ""},
		"no mode":                     {func(c *Cluster) { c.EngineMode = "" }, "", ""},
		"PostgreSQL":                  {func(c *Cluster) { c.Engine = "aurora-postgresql" }, v1alpha1.ReasonEngineNotSupported, "Aurora cluster x runs engine aurora-postgresql; only aurora-mysql can backtrack"},
		"serverless":                  {func(c *Cluster) { c.EngineMode = "serverless" }, v1alpha1.ReasonEngineNotSupported, "Aurora cluster x is Aurora Serverless v1, which can't backtrack; move it to a provisioned cluster"},
		"member of a Global Database": {func(c *Cluster) { c.GlobalCluster = "world" }, v1alpha1.ReasonEngineNotSupported, "Aurora cluster x belongs to a Global Database, which can't backtrack"},
		"global":                      {func(c *Cluster) { c.EngineMode = "global" }, v1alpha1.ReasonEngineNotSupported, "Aurora cluster x belongs to a Global Database, which can't backtrack"},
		"off":                         {func(c *Cluster) { c.BacktrackWindow = 0 }, v1alpha1.ReasonBacktrackNotEnabled, "backtracking is off for Aurora cluster x (BacktrackWindow is 0); it can only be turned on when a cluster is created or restored from a snapshot: restore a snapshot of it with --backtrack-window"},
	} {
		c := fine
		test.change(&c)
		if reason, message := c.Unsupported(); reason != test.wantReason || message != test.wantMessage {
			t.Errorf("%s: got %s: %s", name, reason, message)
		}
	}
}
