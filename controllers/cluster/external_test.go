package cluster

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// start is the time at which the tests look.
var start = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

// entry is a backtrack in the ledger, requested so long ago.
func entry(id, status string, ago time.Duration, change ...func(*v1alpha1.LedgerEntry)) v1alpha1.LedgerEntry {
	e := v1alpha1.LedgerEntry{ID: id, Status: status, RequestedAt: v1alpha1.NewTimestamp(start.Add(-ago)), BacktrackTo: "2023-12-23T13:55:00Z"}
	for _, f := range change {
		f(&e)
	}
	return e
}

func ours(e *v1alpha1.LedgerEntry) {
	e.RequestedBy = &v1alpha1.ObjectReference{Namespace: "game", Name: "undo", UID: "1"}
}

func restarted(e *v1alpha1.LedgerEntry) { e.DependentsRestartedAt = v1alpha1.NewTimestamp(start) }

// observed is an AuroraCluster that was made two hours ago, asks for restarts, and reads available.
func observed(entries ...v1alpha1.LedgerEntry) *v1alpha1.AuroraCluster {
	c := &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "game", CreationTimestamp: metav1.NewTime(start.Add(-2 * time.Hour))}}
	c.Spec.RestartOnExternalBacktrack = true
	c.Status.ClusterStatus, c.Status.Backtracks = "available", entries
	return c
}

// TestOwed has after which backtracks the dependents are still to be restarted.
func TestOwed(t *testing.T) {
	at := func(ago time.Duration) []v1alpha1.LedgerEntry {
		return []v1alpha1.LedgerEntry{entry("a", "completed", ago)}
	}
	for name, test := range map[string]struct {
		entries []v1alpha1.LedgerEntry
		change  func(*v1alpha1.AuroraCluster)

		want string // their ids
	}{
		"nothing":                   {want: "[]"},
		"one":                       {entries: at(time.Minute), want: "[a]"},
		"two, oldest first":         {entries: []v1alpha1.LedgerEntry{entry("a", "completed", 2*time.Minute), entry("b", "completed", time.Minute)}, want: "[a b]"},
		"an hour ago":               {entries: at(time.Hour), want: "[a]"},
		"more than an hour ago":     {entries: at(time.Hour + time.Millisecond), want: "[]"},
		"as old as the object":      {entries: at(10 * time.Minute), change: createdAgo(10 * time.Minute), want: "[a]"},
		"older than the object":     {entries: at(10*time.Minute + time.Millisecond), change: createdAgo(10 * time.Minute), want: "[]"},
		"under way":                 {entries: []v1alpha1.LedgerEntry{entry("a", "applying", time.Minute)}, want: "[]"},
		"failed":                    {entries: []v1alpha1.LedgerEntry{entry("a", "failed", time.Minute)}, want: "[]"},
		"ours":                      {entries: []v1alpha1.LedgerEntry{entry("a", "completed", time.Minute, ours)}, want: "[]"},
		"seen to":                   {entries: []v1alpha1.LedgerEntry{entry("a", "completed", time.Minute, restarted)}, want: "[]"},
		"seen to, and another":      {entries: []v1alpha1.LedgerEntry{entry("a", "completed", 2*time.Minute, restarted), entry("b", "completed", time.Minute)}, want: "[b]"},
		"nobody asks for it":        {entries: at(time.Minute), change: func(c *v1alpha1.AuroraCluster) { c.Spec.RestartOnExternalBacktrack = false }, want: "[]"},
		"it is not available":       {entries: at(time.Minute), change: func(c *v1alpha1.AuroraCluster) { c.Status.ClusterStatus = "backtracking" }, want: "[]"},
		"while a rewind of ours is": {entries: at(time.Minute), change: func(c *v1alpha1.AuroraCluster) { c.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Name: "undo"} }, want: "[]"},
	} {
		c := observed(test.entries...)
		if test.change != nil {
			test.change(c)
		}
		ids := []string{}
		for _, e := range owed(c, start) {
			ids = append(ids, e.ID)
		}
		if got := fmt.Sprint(ids); got != test.want {
			t.Errorf("%s: after %s, want %s", name, got, test.want)
		}
	}
}

func createdAgo(ago time.Duration) func(*v1alpha1.AuroraCluster) {
	return func(c *v1alpha1.AuroraCluster) { c.CreationTimestamp = metav1.NewTime(start.Add(-ago)) }
}

// TestExternal tells of what was made elsewhere since the AuroraCluster is there.
func TestExternal(t *testing.T) {
	news := external(observed(), []v1alpha1.LedgerEntry{entry("before", "completed", 3*time.Hour), entry("since", "applying", time.Minute)})
	if len(news) != 1 {
		t.Fatalf("told is %+v", news)
	}
	if want := "backtrack since to 2023-12-23T13:55:00Z, requested at 2023-12-23T14:09:00Z, was made outside of Kubernetes"; news[0].Message != want ||
		news[0].Type != "Warning" || news[0].Reason != v1alpha1.ReasonExternalBacktrack || news[0].Subject != "since" {
		t.Errorf("told is %+v", news[0])
	}
}
