package main

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
