package rds

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

func bounded(o *Options) { o.RequestsPerSecond, o.Burst, o.CallTimeout = 8, 40, 30*time.Second }

// TestThrottledRead has RDS throttle a read for a while: nobody hears of it, everybody is slower, and the metric counts.
func TestThrottledRead(t *testing.T) {
	for name, code := range map[string]string{"the documented code": "Throttling", "the one seen": "ThrottlingException", "EC2's": "RequestLimitExceeded"} {
		bubble(t, func(w *world) {
			w.add("x")
			refusals := 6
			w.intercept(func(map[string]string) (int, string) {
				if refusals--; refusals >= 0 {
					return 400, code
				}
				return 0, ""
			})
			p := w.provider(bounded)
			before := counterValue(t, throttles.WithLabelValues("DescribeDBClusterBacktracks"))
			begun := time.Now()
			if _, err := p.History(w.Context(), Target{Identifier: "x"}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(begun); took < time.Second || took > 5*time.Second {
				t.Errorf("%s: it took %s", name, took)
			}
			if n := counterValue(t, throttles.WithLabelValues("DescribeDBClusterBacktracks")) - before; n != 6 {
				t.Errorf("%s: the metric counts %v", name, n)
			}
			if pace, left := p.sessions.get(Target{}).account.budget.left(); pace > 6 || left > 0.1 {
				t.Errorf("%s: the pace is %v, and %v is left", name, pace, left)
			}
		})
	}
}

// TestThrottledForever has RDS throttle all the time: a read ends with its time, and is not asked for often in it.
func TestThrottledForever(t *testing.T) {
	bubble(t, func(w *world) {
		w.add("x")
		w.rds.FailNext("*", local.FaultThrottling, 0)
		p := w.provider(bounded)
		begun := time.Now()
		_, err := p.History(w.Context(), Target{Identifier: "x"})
		var e *Error
		if !errors.As(err, &e) || e.Reason != v1alpha1.ReasonThrottled || e.Code != "ThrottlingException" {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begun); took != 30*time.Second {
			t.Errorf("it took %s", took)
		}
		if n := w.count("DescribeDBClusterBacktracks"); n > 45 {
			t.Errorf("%d calls", n)
		}
		w.rds.ClearCalls()
		if _, err := p.Backtrack(w.Context(), Target{Identifier: "x"}, Request{To: time.Now()}); !errors.As(err, &e) || !e.Refused || !e.Passing {
			t.Errorf("got %v", err)
		}
		if n := w.count("BacktrackDBCluster"); n != 1 {
			t.Errorf("the call was made %d times", n)
		}
	})
}

// TestStsThrottles has STS throttle: that says nothing about RDS's rate.
func TestStsThrottles(t *testing.T) {
	bubble(t, func(w *world) {
		w.rds.FailNext("AssumeRole", local.FaultThrottling, 0)
		w.config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		p := w.provider(bounded)
		target := Target{Identifier: "x", RoleARN: "arn:aws:iam::210987654321:role/r", Session: "game"}
		if _, err := p.Describe(w.Context(), target); !IsReason(err, v1alpha1.ReasonThrottled) {
			t.Errorf("got %v", err)
		}
		if pace, _ := p.sessions.get(target).account.budget.left(); pace != 8 {
			t.Errorf("the pace is %v", pace)
		}
	})
}

// TestPagesArePaced reads a long history: each page takes a turn.
func TestPagesArePaced(t *testing.T) {
	bubble(t, func(w *world) {
		w.add("x")
		w.edit("x", func(c *local.Cluster) {
			for i := range 250 {
				at := time.Now().Add(-time.Hour + time.Duration(i)*time.Second)
				c.Backtracks = append(c.Backtracks, local.Backtrack{Identifier: fmt.Sprint(i), RequestedAt: at, AskedTo: at, To: at, From: at, Ended: at})
			}
		})
		p := w.provider(func(o *Options) { o.RequestsPerSecond, o.Burst = 1, 1 })
		begun := time.Now()
		if past, err := p.History(w.Context(), Target{Identifier: "x"}); err != nil || len(past) != 250 {
			t.Errorf("%d records, %v", len(past), err)
		}
		if took := time.Since(begun); took.Round(10*time.Millisecond) != 2*time.Second {
			t.Errorf("three pages at one a second took %s", took)
		}
	})
}

// TestCallGoesFirst has a crowd of reads that wait: the call itself is the next.
func TestCallGoesFirst(t *testing.T) {
	bubble(t, func(w *world) {
		w.add("x")
		p := w.provider(func(o *Options) { o.RequestsPerSecond, o.Burst, o.CallTimeout = 8, 1, time.Hour })
		for i := range 200 {
			rank := []Rank{RankRest, RankActive}[i%2]
			go func() { _, _ = p.History(WithRank(context.Background(), rank), Target{Identifier: "x"}) }()
		}
		synctest.Wait()
		begun := time.Now()
		ctx := WithRank(w.Context(), RankCall)
		if _, err := p.Describe(ctx, Target{Identifier: "x"}); err != nil {
			t.Error(err)
		}
		if _, err := p.Backtrack(ctx, Target{Identifier: "x"}, Request{To: time.Now().Add(-time.Minute)}); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it took %s", took)
		}
		time.Sleep(time.Minute)
	})
}

// TestRanks has a rank that nobody gave, and such as there are none of.
func TestRanks(t *testing.T) {
	for want, ctx := range map[Rank]context.Context{
		RankActive: t.Context(), RankCall: WithRank(t.Context(), 99), RankRest: WithRank(t.Context(), -1),
	} {
		if got := rankOf(ctx); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
