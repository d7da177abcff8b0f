package rds

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

var dawn = time.Date(2023, 12, 23, 6, 0, 0, 0, time.UTC)

func someCluster(change ...func(*Cluster)) Cluster {
	c := Cluster{
		Identifier: "x", ResourceID: "cluster-1", Status: "available", Engine: "aurora-mysql", EngineVersion: "8.0", BacktrackWindow: 86400,
		Earliest: dawn, Endpoint: "x.local", Port: 3306,
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func failing(reason string) answer { return answer{err: &Error{Reason: reason, Message: "no"}} }

// TestNews has which answers wake, after a first one.
func TestNews(t *testing.T) {
	same := answer{cluster: someCluster()}
	with := func(change func(*Cluster)) answer { return answer{cluster: someCluster(change)} }
	for name, test := range map[string]struct {
		answers []answer // the last one counts
		want    bool
	}{
		"the same":              {[]answer{same}, false},
		"its writes":            {[]answer{with(func(c *Cluster) { c.ChangeRecords = 1 << 40 })}, false},
		"the earliest, a bit":   {[]answer{with(func(c *Cluster) { c.Earliest = dawn.Add(time.Second) })}, false},
		"the earliest, a lot":   {[]answer{with(func(c *Cluster) { c.Earliest = dawn.Add(time.Hour) })}, true},
		"the earliest, in bits": {[]answer{with(func(c *Cluster) { c.Earliest = dawn.Add(59 * time.Minute) }), with(func(c *Cluster) { c.Earliest = dawn.Add(61 * time.Minute) }), with(func(c *Cluster) { c.Earliest = dawn.Add(62 * time.Minute) })}, false},
		"no earliest":           {[]answer{with(func(c *Cluster) { c.Earliest = time.Time{} })}, true},
		"its status":            {[]answer{with(func(c *Cluster) { c.Status = "backtracking" })}, true},
		"another cluster":       {[]answer{with(func(c *Cluster) { c.ResourceID = "cluster-2" })}, true},
		"its window":            {[]answer{with(func(c *Cluster) { c.BacktrackWindow = 0 })}, true},
		"a Global Database":     {[]answer{with(func(c *Cluster) { c.GlobalCluster = "g" })}, true},
		"an error":              {[]answer{failing(v1alpha1.ReasonAccessDenied)}, true},
		"the same error":        {[]answer{failing(v1alpha1.ReasonAccessDenied), failing(v1alpha1.ReasonAccessDenied)}, false},
		"another error":         {[]answer{failing(v1alpha1.ReasonAccessDenied), failing(v1alpha1.ReasonDBClusterNotFound)}, true},
		"throttling":            {[]answer{failing(v1alpha1.ReasonThrottled)}, false},
		"well again":            {[]answer{failing(v1alpha1.ReasonAccessDenied), same}, true},
	} {
		w := &watch{}
		if !w.apply(dawn, same) {
			t.Errorf("%s: the first answer woke nobody", name)
		}
		var got bool
		for i, a := range test.answers {
			got = w.apply(dawn.Add(time.Duration(i+1)*time.Minute), a)
		}
		if got != test.want {
			t.Errorf("%s: wakes %v, want %v", name, got, test.want)
		}
	}
}

// TestObservation has what stays known of a cluster when RDS does not answer.
func TestObservation(t *testing.T) {
	w := &watch{}
	at := func(minute int, a answer) { w.apply(dawn.Add(time.Duration(minute)*time.Minute), a) }
	at(0, failing(v1alpha1.ReasonThrottled))
	if w.seen.Err == nil || !w.seen.At.IsZero() {
		t.Errorf("throttled from the start: %+v", w.seen)
	}
	at(1, answer{cluster: someCluster()})
	at(2, failing(v1alpha1.ReasonThrottled))
	if w.seen.Err != nil {
		t.Errorf("throttling is shown: %+v", w.seen)
	}
	at(3, failing(v1alpha1.ReasonDBClusterNotFound))
	at(4, failing(v1alpha1.ReasonDBClusterNotFound))
	if !IsNotFound(w.seen.Err) || !w.seen.ErrSince.Equal(dawn.Add(3*time.Minute)) || !w.seen.At.Equal(dawn.Add(time.Minute)) || w.seen.Cluster.ResourceID == "" {
		t.Errorf("not found: %+v", w.seen)
	}
	at(5, answer{cluster: someCluster()})
	at(2, failing(v1alpha1.ReasonDBClusterNotFound)) // an answer that was held up
	if w.seen.Err != nil || !w.seen.ErrSince.IsZero() || !w.seen.At.Equal(dawn.Add(5*time.Minute)) {
		t.Errorf("well again: %+v", w.seen)
	}
}

func TestHistoryHint(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Cluster)
		want   bool
	}{
		"the same":          {func(*Cluster) {}, false},
		"modifying":         {func(c *Cluster) { c.Status = "modifying" }, false},
		"backtracking":      {func(c *Cluster) { c.Status = "backtracking" }, true},
		"another cluster":   {func(c *Cluster) { c.ResourceID = "cluster-2" }, true},
		"the earliest time": {func(c *Cluster) { c.Earliest = dawn.Add(time.Hour) }, false},
	} {
		w := &watch{}
		w.apply(dawn, answer{cluster: someCluster()})
		w.apply(dawn.Add(time.Minute), answer{cluster: someCluster(test.change)})
		if w.history.due != test.want {
			t.Errorf("%s: due %v", name, w.history.due)
		}
	}
}

// TestHistoryRead has a history that is read while the cluster begins to backtrack: it is due again.
func TestHistoryRead(t *testing.T) {
	now := &stepped{now: dawn}
	p := newPoller(Options{Clock: now}, &account{}, asker{}, nil)
	p.add(named("x"), time.Minute)
	w := p.watches["of-x"]
	w.apply(dawn, answer{cluster: someCluster()})
	w.apply(dawn.Add(2*time.Second), answer{cluster: someCluster(func(c *Cluster) { c.Status = "backtracking" })})
	for begun, want := range map[time.Duration]bool{time.Second: true, 3 * time.Second: false} {
		w.history.due = true
		if p.historyRead("of-x", dawn.Add(begun)); p.historyDue("of-x") != want {
			t.Errorf("read from second %v on: due %v", begun, !want)
		}
	}
}

// TestStepEarliest lets the windows of many clusters slide for half a day: each is shown anew once a step, and never more
// than a few at the same minute.
func TestStepEarliest(t *testing.T) {
	for name, test := range map[string]struct {
		window      int64
		wantPerHour int // for each cluster
	}{"three days": {259200, 1}, "two hours": {7200, 1}, "half an hour": {1800, 4}, "a second": {1, 60}} {
		const clusters, hours = 200, 12
		shown, total, most := make([]time.Time, clusters), 0, 0
		for minute := range hours*60 + 1 {
			n := 0
			for i := range shown {
				c := someCluster(func(c *Cluster) {
					c.Identifier, c.BacktrackWindow, c.Earliest = fmt.Sprintf("cluster-%d", i), test.window, dawn.Add(time.Duration(minute)*time.Minute)
				})
				if next := StepEarliest(shown[i], c); !next.Equal(shown[i]) {
					shown[i] = next
					n++
				}
			}
			if minute > 0 {
				total, most = total+n, max(most, n)
			}
		}
		if want := test.wantPerHour * hours * clusters; total != want {
			t.Errorf("%s: %d writes, want %d", name, total, want)
		}
		if average := total / (hours * 60); most > 2*average+10 {
			t.Errorf("%s: %d writes in one minute, %d on average", name, most, average)
		}
	}
}

func TestCheckIdentity(t *testing.T) {
	c := someCluster()
	if err := c.CheckIdentity("cluster-1"); err != nil {
		t.Error(err)
	}
	if err := c.CheckIdentity(""); err != nil {
		t.Error(err)
	}
	err := c.CheckIdentity("cluster-0")
	if !IsReplaced(err) || IsNotFound(err) || IsAccessLost(err) {
		t.Errorf("got %v", err)
	}
	if want := "DescribeDBClusters: Aurora cluster x was deleted and created again (cluster-1, was cluster-0)"; err.Error() != want {
		t.Errorf("got %q", err)
	}
	if IsReplaced(errors.New("x")) || IsReplaced(nil) || IsNotFound(nil) {
		t.Error("another error passes for it")
	}
}
