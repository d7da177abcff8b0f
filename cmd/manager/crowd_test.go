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
	crowd.together(many, func(b *v1alpha1.AuroraBacktrack) error { return crowd.Create(t.Context(), b) })

	// Everybody's first look comes before the one's: two reads and a write each. From then on a rewind that is under way
	// goes before all that wait.
	alone.create(alone.backtrack("undo", time.Minute))
	alone.notBehind(crowd, "it was looked at", 6*many, func(b *v1alpha1.AuroraBacktrack) bool { return len(b.Status.Conditions) > 0 })
	alone.notBehind(crowd, "it has gone through", many/2, func(b *v1alpha1.AuroraBacktrack) bool { return b.Status.CompletedAt != "" })
	alone.succeeds("undo")
	if rewound := crowd.asked(); rewound > 20 {
		t.Errorf("%d of the crowd were rewound before the one", rewound)
	}
	last := crowd.reads(fmt.Sprintf("undo-%04d", many-1), v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, v1alpha1.ReasonQueued)
	if at := last.Status.QueuePosition; at == nil || *at < many/2 {
		t.Errorf("the last of the crowd reads %v as its place in the queue", at)
	}
	crowd.together(many, func(b *v1alpha1.AuroraBacktrack) error { return client.IgnoreNotFound(crowd.Delete(t.Context(), b)) })
}

// TestSuspendedCrowd has a thousand suspended objects whose plans take all of RDS's rate for minutes. Another
// namespace's rewind does not wait for them.
func TestSuspendedCrowd(t *testing.T) {
	const many = 1000
	crowd, alone := newWorld(t), newWorld(t)
	crowd.manager(func(o *options) { o.rdsRequestsPerSecond, o.rdsBurst = 8, 40 }) // as without flags
	crowd.create(crowd.cluster())
	alone.create(alone.cluster())
	crowd.together(many, func(b *v1alpha1.AuroraBacktrack) error {
		b.Spec.Suspend = true
		return crowd.Create(t.Context(), b)
	})
	alone.create(alone.backtrack("undo", time.Minute))
	alone.notBehind(crowd, "it was looked at", 6*many, func(b *v1alpha1.AuroraBacktrack) bool { return len(b.Status.Conditions) > 0 })
	alone.notBehind(crowd, "it has gone through", many/2, func(b *v1alpha1.AuroraBacktrack) bool { return b.Status.CompletedAt != "" })
	alone.succeeds("undo")
	crowd.together(many, func(b *v1alpha1.AuroraBacktrack) error { return client.IgnoreNotFound(crowd.Delete(t.Context(), b)) })
}

// together does the same with many objects, some at a time.
func (w *world) together(many int, do func(*v1alpha1.AuroraBacktrack) error) {
	w.Helper()
	var group errgroup.Group
	group.SetLimit(32)
	for i := range many {
		b := w.backtrack(fmt.Sprintf("undo-%04d", i), time.Hour)
		b.Spec.BacktrackTo = v1alpha1.NewTimestamp(b.Spec.BacktrackTo.Time().Add(-time.Duration(i) * time.Second))
		group.Go(func() error { return do(b) })
	}
	w.must(group.Wait())
}

// notBehind waits until the test's one object is so far, and fails when the operator reads or writes objects of
// the crowd more often meanwhile.
func (w *world) notBehind(crowd *world, what string, most int, far func(*v1alpha1.AuroraBacktrack) bool) {
	w.Helper()
	before := crowd.looks()
	w.within(20*patience, what, func(ctx context.Context) bool {
		b := w.backtrack("undo", 0)
		w.must(w.Get(ctx, client.ObjectKeyFromObject(b), b))
		if n := crowd.looks() - before; n > most {
			w.Fatalf("the crowd was read or written %d times, and the one waits until %s: %+v", n, what, b.Status.Conditions)
		}
		return far(b)
	})
	w.Logf("until %s, the crowd was read or written %d times", what, crowd.looks()-before)
}

// looks are the operator's reads and writes of the test's objects so far.
func (w *world) looks() int {
	objects := "/namespaces/" + w.name + "/aurorabacktracks/"
	return w.requests("GET", objects) + w.requests("PATCH", objects)
}
