package rds

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestDeniedFilter has a policy that names single clusters: each is asked for alone, within half of the budget.
func TestDeniedFilter(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		names := numbered(120)
		w.add(names...)
		iam := w.intercept(func(parameters map[string]string) (int, string) {
			if parameters["Action"] == "DescribeDBClusters" && parameters["DBClusterIdentifier"] == "" {
				return http.StatusForbidden, "AccessDenied"
			}
			return 0, ""
		})
		n := newNight(w, func(o *Options) { o.RequestsPerSecond = 2 })
		before := counterValue(t, singleDescribes)
		n.watch(names...)
		if woken := n.pass(time.Minute); woken != 120 {
			t.Errorf("%d were answered in a minute", woken)
		}
		n.pass(5 * time.Minute)
		calls := n.count("DescribeDBClusters")
		if calls < 5*50 || calls > 5*75 {
			t.Errorf("%d calls in five minutes", calls)
		}
		if n := counterValue(t, singleDescribes) - before; n < 120 {
			t.Errorf("the metric counts %v", n)
		}
		if err := n.latest(names[3]).Err; err != nil {
			t.Error(err)
		}
		iam.stop()
		n.pass(singlesTime)
		n.pass(5 * time.Minute)
		if calls := n.count("DescribeDBClusters"); calls > 5*3 {
			t.Errorf("%d calls in five minutes after IAM allows the filter", calls)
		}
	})
}

// TestRejectedIdentifier has one identifier that RDS objects to: the others have their answers, and later calls leave it out.
func TestRejectedIdentifier(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		names := numbered(100)
		w.add(names...)
		w.intercept(func(parameters map[string]string) (int, string) {
			for _, value := range parameters {
				if value == "bad--name" {
					return http.StatusBadRequest, "InvalidParameterValue"
				}
			}
			return 0, ""
		})
		n := newNight(w)
		n.watch(append(slices.Clone(names[:99]), "bad--name")...)
		n.pass(10 * time.Second)
		for _, name := range names[:99] {
			if err := n.latest(name).Err; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := n.latest("bad--name").Err; !IsReason(err, v1alpha1.ReasonRejected) {
			t.Errorf("the bad one: %v", err)
		}
		n.pass(10 * time.Minute)
		if calls := n.count("DescribeDBClusters"); calls > 10 {
			t.Errorf("%d calls for the others", calls)
		}
	})
}

// TestUnreachable has an RDS that does not answer for a while: it is asked again soon, and known is what was.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	bubble(t, func(w *world) {
		w.add("x", "y")
		n := newNight(w)
		n.watch("x", "y", "gone")
		n.pass(time.Minute)
		if err := n.latest("gone").Err; !IsNotFound(err) || n.latest("x").Err != nil {
			t.Errorf("the missing one: %v", err)
		}
		n.rds.FailNext("*", local.FaultConnectionReset, 0)
		if woken := n.pass(2 * time.Minute); woken != 3 {
			t.Errorf("%d were woken", woken)
		}
		if seen := n.latest("x"); !IsReason(seen.Err, v1alpha1.ReasonRDSUnreachable) || seen.Cluster.Identifier != "x" || time.Since(seen.At) < time.Minute {
			t.Errorf("known is %+v", seen)
		}
		if err := n.rds.SetFaults(nil); err != nil {
			t.Fatal(err)
		}
		if woken := n.pass(retryInterval + 5*time.Second); woken != 3 || n.latest("x").Err != nil {
			t.Errorf("%d were woken; x reads %v", woken, n.latest("x").Err)
		}
	})
}
