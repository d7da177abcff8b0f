package backtrack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/metrics"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// crowded gives the i-th of many objects: finished ones as they come out of a run with twenty dependents, and new ones with
// the largest annotation that Kubernetes admits.
func crowded(i int, finished bool) *v1alpha1.AuroraBacktrack {
	b := harness.NewBacktrack(fmt.Sprintf("undo-%05d", i))
	b.UID, b.ResourceVersion, b.Generation = types.UID(fmt.Sprintf("5b1c1f0e-0000-4000-8000-%012d", i)), fmt.Sprint(1000000+i), 1
	b.CreationTimestamp = metav1.NewTime(harness.StartTime)
	b.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: v1alpha1.FieldManager, FieldsV1: metav1.NewFieldsV1(`{"f:status":{"f:conditions":{".":{}}}}`)}}
	if !finished {
		b.Annotations = map[string]string{"example.com/note": strings.Repeat("x", 250<<10)}
		return b
	}
	for _, name := range append(harness.StepConditions(), v1alpha1.ConditionSucceeded) {
		meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: name, Status: metav1.ConditionTrue, Reason: name, Message: strings.Repeat("as it should be ", 8)})
	}
	for n := range 20 {
		b.Status.Dependents = append(b.Status.Dependents, v1alpha1.DependentStatus{
			APIVersion: "apps/v1", Kind: "Deployment", Namespace: "game", Name: fmt.Sprintf("api-%d", n), Strategy: v1alpha1.StrategyPause, State: v1alpha1.DependentReady,
		})
	}
	b.Status.Plan = &v1alpha1.Plan{Summary: strings.Repeat("rewinds ", 10), Warnings: []string{strings.Repeat("writes are discarded ", 5)}}
	b.Status.CompletedAt = v1alpha1.NewTimestamp(harness.StartTime)
	return b
}

// heapOf is what a store of the informer costs with so many finished and so many new objects, which come as from the API server.
func heapOf(t testing.TB, finished, others int, transform toolscache.TransformFunc) uint64 {
	t.Helper()
	store := toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, toolscache.Indexers{toolscache.NamespaceIndex: toolscache.MetaNamespaceIndexFunc})
	used := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // the pools of encoding/json outlive one collection
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := used()
	for i := range finished + others {
		text, err := json.Marshal(crowded(i, i < finished))
		if err != nil {
			t.Fatal(err)
		}
		b := &v1alpha1.AuroraBacktrack{}
		if err := json.Unmarshal(text, b); err != nil {
			t.Fatal(err)
		}
		kept, err := transform(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Add(kept); err != nil {
			t.Fatal(err)
		}
	}
	after := used()
	runtime.KeepAlive(store)
	return max(after, before) - before
}

// TestMemoryOfTheCache fills the store of an informer with and without the transform. The ratios are asserted, and the size of
// the whole crowd only with a wide margin.
func TestMemoryOfTheCache(t *testing.T) {
	whole := func(o any) (any, error) { return o, nil }
	for name, test := range map[string]struct {
		finished, others int
		wantLess         uint64
	}{
		"finished":               {finished: 1000, wantLess: 5},
		"with large annotations": {others: 80, wantLess: 50},
	} {
		without, with := heapOf(t, test.finished, test.others, whole), heapOf(t, test.finished, test.others, backtrack.ForCache)
		t.Logf("%s: %d KiB instead of %d KiB", name, with>>10, without>>10)
		if with*test.wantLess > without {
			t.Errorf("%s: %d KiB instead of %d KiB; want less than a %dth", name, with>>10, without>>10, test.wantLess)
		}
	}
	const part = 10 // of the crowd; each object costs the same
	crowd := part * heapOf(t, 10_000/part, 800/part, backtrack.ForCache)
	t.Logf("10,000 finished objects and 800 with an annotation of 250 KiB: %d MiB", crowd>>20)
	if crowd > 30<<20 {
		t.Errorf("10,000 finished objects and 800 with an annotation of 250 KiB take %d MiB", crowd>>20)
	}
}

// TestCacheKeepsWhatTheQueueReads has objects in every state, and compares what the lock and the watches make of them with
// and without the transform, which is harmless to repeat.
func TestCacheKeepsWhatTheQueueReads(t *testing.T) {
	cluster, asking := harness.NewAuroraCluster("game", "testcluster"), harness.NewBacktrack("zzz")
	asking.UID, asking.CreationTimestamp = "asking", metav1.NewTime(harness.StartTime.Add(time.Hour))
	for name, change := range map[string]func(*v1alpha1.AuroraBacktrack){
		"new":       func(*v1alpha1.AuroraBacktrack) {},
		"suspended": func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
		"cancelled": func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true },
		"leaving":   func(b *v1alpha1.AuroraBacktrack) { b.DeletionTimestamp = &metav1.Time{Time: harness.StartTime} },
		"finished":  func(b *v1alpha1.AuroraBacktrack) { b.Status = crowded(0, true).Status },
		"queued": func(b *v1alpha1.AuroraBacktrack) {
			b.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionAdmitted, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonQueued}}
		},
		"waiting for a person": func(b *v1alpha1.AuroraBacktrack) {
			b.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionAdmitted, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonApprovalRequired}}
		},
		"open": func(b *v1alpha1.AuroraBacktrack) {
			b.Status.Claim = &v1alpha1.Claim{Attempt: 1}
			b.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionAdmitted, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAdmitted}}
		},
		"followed to its end": func(b *v1alpha1.AuroraBacktrack) {
			b.Status.Claim = &v1alpha1.Claim{Attempt: 1}
			b.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionBacktracked, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonBacktracking}}
		},
	} {
		whole := crowded(1, false)
		change(whole)
		kept := whole.DeepCopy()
		_, err := backtrack.ForCache(kept)
		again := kept.DeepCopy()
		_, err2 := backtrack.ForCache(again)
		if err != nil || err2 != nil || !reflect.DeepEqual(kept, again) {
			t.Errorf("%s: repeated it becomes %+v instead of %+v (%v, %v)", name, again, kept, err, err2)
		}
		read := func(b *v1alpha1.AuroraBacktrack) string {
			all := []v1alpha1.AuroraBacktrack{*b}
			return fmt.Sprint(lock.IsOpen(b), len(lock.First(all, 1)), lock.Position(cluster, asking, all, harness.StartTime), lock.Reference(b),
				b.Spec.ClusterRef.Name, b.Generation, b.ResourceVersion, b.DeletionTimestamp.IsZero(), len(b.Status.Conditions) == 0)
		}
		harness.Equal(t, name, read(kept), read(whole))
	}
}

// TestCacheKeepsWhatTheMetricsRead has an object at each moment of a rewind that fails while it holds a workload down, and
// compares what the metrics show of it with and without the transform.
func TestCacheKeepsWhatTheMetricsRead(t *testing.T) {
	at := func(ago time.Duration) metav1.Time { return metav1.NewTime(harness.StartTime.Add(-ago)) }
	b := crowded(1, false)
	b.CreationTimestamp = at(time.Hour)
	changes := []func(){
		func() {},
		func() {
			meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionAdmitted, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonQueued, LastTransitionTime: at(time.Hour)})
			b.Status.StartableSince = v1alpha1.NewTimestamp(at(50 * time.Minute).Time)
		},
		func() {
			b.Status.StartedAt = v1alpha1.NewTimestamp(at(40 * time.Minute).Time)
			meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionAdmitted, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAdmitted, LastTransitionTime: at(40 * time.Minute)})
		},
		func() {
			meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionPreflightPassed, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonPassed, LastTransitionTime: at(30 * time.Minute)})
			b.Status.Dependents = []v1alpha1.DependentStatus{{Kind: "Deployment", Name: "a", State: v1alpha1.DependentPausing}, {Kind: "Deployment", Name: "b", State: v1alpha1.DependentPending}}
		},
		func() {
			b.Status.CompletedAt = v1alpha1.NewTimestamp(at(10 * time.Minute).Time)
			meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionSucceeded, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonPauseTimedOut, LastTransitionTime: at(10 * time.Minute)})
		},
		func() { b.Status.Dependents[0].State = v1alpha1.DependentReady },
	}
	for i, change := range changes {
		change()
		kept := b.DeepCopy()
		if _, err := backtrack.ForCache(kept); err != nil {
			t.Fatal(err)
		}
		whole, cached := shown(t, b), shown(t, kept)
		if !strings.Contains(whole, "auroracluster") {
			t.Fatalf("moment %d: nothing is shown", i)
		}
		harness.Equal(t, fmt.Sprint("moment ", i), cached, whole)
	}
}

// oneObject is a cache with one AuroraCluster and one AuroraBacktrack in it.
type oneObject struct {
	client.Reader
	object *v1alpha1.AuroraBacktrack
}

func (c oneObject) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch l := list.(type) {
	case *v1alpha1.AuroraClusterList:
		l.Items = []v1alpha1.AuroraCluster{*harness.NewAuroraCluster("game", "testcluster")}
	case *v1alpha1.AuroraBacktrackList:
		l.Items = []v1alpha1.AuroraBacktrack{*c.object}
	}
	return nil
}

// shown is what the metrics show of the object.
func shown(t *testing.T, object *v1alpha1.AuroraBacktrack) string {
	t.Helper()
	elected := make(chan struct{})
	close(elected)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&metrics.Collector{
		Cache: oneObject{object: object}, Elected: elected, Clock: testclock.NewFakePassiveClock(harness.StartTime),
		Latest: func(rds.Target) (rds.Observation, bool) { return rds.Observation{}, false },
	})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(families)
}

// TestFinishedObjectsAreLeftAlone starts the operator anew beside a finished object: it is read once, and nothing is written.
func TestFinishedObjectsAreLeftAlone(t *testing.T) {
	env := harness.New(t)
	env.CreateDependents()
	o := env.NewOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.Finish("undo")
	o.Elapse(time.Hour)
	var calls []string
	o = env.NewOperator(func(m harness.Moment) error {
		calls = append(calls, m.What)
		return nil
	})
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "game", Name: "undo"}}
	for range 3 {
		result, err := o.Backtracks.Reconcile(t.Context(), request)
		if err != nil || result.RequeueAfter != 0 && result.RequeueAfter < time.Hour {
			t.Errorf("%+v, %v", result, err)
		}
	}
	harness.Equal(t, "the calls", strings.Join(calls, ", "), "get AuroraBacktrack, get AuroraBacktrack, get AuroraBacktrack")
}
