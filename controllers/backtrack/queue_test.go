package backtrack

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestBefore has who comes first in the queue: by creation, whose time the API server keeps to the second, and then by
// namespace and name.
func TestBefore(t *testing.T) {
	object := func(namespace, name string, after time.Duration) *v1alpha1.AuroraBacktrack {
		return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(start.Add(after))}}
	}
	for name, test := range map[string]struct{ first, second *v1alpha1.AuroraBacktrack }{
		"a second earlier, whatever the name": {object("z", "z", 0), object("a", "a", time.Second)},
		"at the same time, by namespace":      {object("a", "z", 0), object("b", "a", 0)},
		"in the same namespace, by name":      {object("a", "a", 0), object("a", "b", 0)},
	} {
		if !before(test.first, test.second) || before(test.second, test.first) {
			t.Errorf("%s: %s/%s does not come before %s/%s", name, test.first.Namespace, test.first.Name, test.second.Namespace, test.second.Name)
		}
	}
}

// TestForeignBacktrackIsWaitedFor has somebody in the console rewind a cluster whose status lags: it still reads
// available. RDS's history tells, and RDS is not asked before that one is over.
func TestForeignBacktrackIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	w.rds.SetTiming(local.Timing{Pending: time.Minute, Backtracking: 10 * time.Second, StatusLag: 10 * time.Minute})
	w.elsewhere("testcluster", "2023-12-23T13:00:00Z")
	w.rds.SetTiming(local.Timing{})
	w.clock.Step(time.Second)
	o, _ := w.watched(nil)
	o.round()
	w.create(undo("undo"))
	b := o.waits("undo", v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable)
	equal(t, "the message", w.message(b, v1alpha1.ConditionPreflightPassed), `backtrack #1 of the same cluster, requested at 2023-12-23T14:10:00Z, reads "pending" and must be over first`)
	equal(t, "the number of calls meanwhile", w.asked(), 1) // the console's
	o.finish("undo")
	c, err := w.rds.Cluster("testcluster")
	w.must(err)
	if ours, foreign := c.Backtracks[1].RequestedAt, c.Backtracks[0].Ended; ours.Before(foreign) {
		t.Errorf("RDS was asked at %s, and the other backtrack ended at %s", ours, foreign)
	}
}
