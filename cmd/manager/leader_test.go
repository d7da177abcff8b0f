package main

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestTwoManagers has leadership move in the middle of a rewind: it is asked for once, and comes to its end.
func TestTwoManagers(t *testing.T) {
	w := newWorld(t)
	elect := func(o *options) { o.leaderElect, o.leaderNamespace = true, w.name }
	stop := w.manager(elect)
	w.create(w.cluster())
	w.create(w.deployment("worker", 1, v1alpha1.StrategyPause))
	w.create(w.backtrack("undo", time.Minute))
	w.reads("undo", v1alpha1.ConditionAdmitted, metav1.ConditionTrue, v1alpha1.ReasonAdmitted)
	w.manager(elect)
	stop() // wherever the rewind is now
	w.succeeds("undo")
	if n := w.asked(); n != 1 {
		t.Errorf("RDS was asked %d times", n)
	}
}

// TestTwoLeaders has two managers that both believe to lead: every object is still asked for once.
func TestTwoLeaders(t *testing.T) {
	w := newWorld(t)
	w.manager()
	w.manager()
	w.create(w.cluster())
	w.create(w.deployment("worker", 1, v1alpha1.StrategyPause))
	for i := range 3 {
		w.create(w.backtrack(fmt.Sprintf("undo-%d", i), time.Duration(i+1)*time.Minute))
	}
	for i := range 3 {
		w.succeeds(fmt.Sprintf("undo-%d", i))
	}
	if n := w.asked(); n != 3 {
		t.Errorf("RDS was asked %d times", n)
	}
}

// TestManyObjects has a hundred objects of one namespace queue for their cluster, while another namespace's
// one object goes through as if it were alone.
func TestManyObjects(t *testing.T) {
	crowd, alone := newWorld(t), newWorld(t)
	crowd.manager()
	crowd.create(crowd.cluster())
	for i := range 100 {
		b := crowd.backtrack(fmt.Sprintf("undo-%03d", i), time.Hour)
		b.Spec.BacktrackTo = v1alpha1.NewTimestamp(b.Spec.BacktrackTo.Time().Add(-time.Duration(i) * time.Second))
		crowd.create(b)
	}
	alone.create(alone.cluster())
	alone.create(alone.backtrack("undo", time.Minute))
	alone.succeeds("undo")
	crowd.reads("undo-099", v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, v1alpha1.ReasonQueued)
	if done := crowd.asked(); done > 90 {
		t.Errorf("%d of the crowd were rewound before the one", done)
	}
	crowd.must(crowd.DeleteAllOf(t.Context(), &v1alpha1.AuroraBacktrack{}, client.InNamespace(crowd.name)))
}
