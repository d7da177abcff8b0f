package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestManyObjects has a thousand objects of one namespace, created at once, queue for their cluster. Another
// namespace's one object comes last, and goes through long before they do. How long it takes is measured by what
// the crowd was given meanwhile, not by a clock.
func TestManyObjects(t *testing.T) {
	const many = 1000
	crowd, alone := newWorld(t), newWorld(t)
	crowd.manager()
	crowd.create(crowd.cluster())
	alone.create(alone.cluster())
	crowd.createTogether(many)
	rewound, looks, writes := crowd.given()

	// Everybody's turn comes before the one's, once, and once in a while again. A crowd that is looked at whenever
	// one of it has been rewound, or whose places in the queue are written down all at once, gets many times more.
	const mostRewound, mostLooks, mostWrites = 20, 6 * many, 4 * many
	alone.create(alone.backtrack("undo", time.Minute))
	alone.within(20*patience, "the one has gone through", func(ctx context.Context) bool {
		b := alone.backtrack("undo", 0)
		alone.must(alone.Get(ctx, client.ObjectKeyFromObject(b), b))
		more, moreLooks, moreWrites := crowd.given()
		if more-rewound > mostRewound || moreLooks-looks > mostLooks || moreWrites-writes > mostWrites {
			t.Fatalf("the crowd was given %d rewinds, %d looks and %d writes, and the one is not through: %+v", more-rewound, moreLooks-looks, moreWrites-writes, b.Status.Conditions)
		}
		return b.Status.CompletedAt != ""
	})
	alone.succeeds("undo")
	last := crowd.reads(fmt.Sprintf("undo-%04d", many-1), v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, v1alpha1.ReasonQueued)
	if at := last.Status.QueuePosition; at == nil || *at < many/2 {
		t.Errorf("the last of the crowd reads %v as its place in the queue", at)
	}
	crowd.must(crowd.DeleteAllOf(t.Context(), &v1alpha1.AuroraBacktrack{}, client.InNamespace(crowd.name)))
}

// createTogether creates many objects, some at a time.
func (w *world) createTogether(many int) {
	w.Helper()
	var group errgroup.Group
	group.SetLimit(32)
	for i := range many {
		b := w.backtrack(fmt.Sprintf("undo-%04d", i), time.Hour)
		b.Spec.BacktrackTo = v1alpha1.NewTimestamp(b.Spec.BacktrackTo.Time().Add(-time.Duration(i) * time.Second))
		group.Go(func() error { return w.Create(w.Context(), b) })
	}
	w.must(group.Wait())
}

// given is what the operator has spent on the test's objects so far: backtracks, reads and writes of them.
func (w *world) given() (rewound, looks, writes int) {
	objects := "/namespaces/" + w.name + "/aurorabacktracks/"
	return w.asked(), w.requests("GET", objects), w.requests("PATCH", objects)
}
