package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestMainJob applies the two-field object and watches it to its end, with the whole manager at work.
func TestMainJob(t *testing.T) {
	w := newWorld(t)
	w.manager()
	w.create(w.cluster())
	w.create(w.deployment("game-api", 2, v1alpha1.StrategyRestart))
	w.create(w.deployment("worker", 3, v1alpha1.StrategyPause))
	seen, err := w.Watch(t.Context(), &v1alpha1.AuroraBacktrackList{}, client.InNamespace(w.name))
	w.must(err)
	defer seen.Stop()

	object := w.backtrack("undo", time.Minute)
	w.create(object)
	if object.Status.ObservedGeneration != -1 {
		t.Errorf("before the first look observedGeneration is %d, so it reads as finished", object.Status.ObservedGeneration)
	}
	b := w.succeeds("undo")
	if n := w.asked(); n != 1 {
		t.Errorf("RDS was asked %d times", n)
	}
	// RDS's records have whole seconds in BacktrackTo.
	to := v1alpha1.NewTimestamp(b.Spec.BacktrackTo.Time().Truncate(time.Second))
	if b.Status.Backtrack.BacktrackTo != to || b.Status.Backtrack.BacktrackedFrom == "" {
		t.Errorf("the record is %+v", b.Status.Backtrack)
	}
	for name, replicas := range map[string]int32{"game-api": 2, "worker": 3} {
		d := w.deployment(name, 0, "")
		w.must(w.Get(t.Context(), client.ObjectKeyFromObject(d), d))
		if *d.Spec.Replicas != replicas || d.Annotations[v1alpha1.PausedAnnotation] != "" {
			t.Errorf("%s has %d replicas and the annotations %v", name, *d.Spec.Replicas, d.Annotations)
		}
		if by := d.Spec.Template.Annotations[v1alpha1.RestartedByAnnotation]; (by == string(b.UID)) != (name == "game-api") {
			t.Errorf("%s was restarted by %q", name, by)
		}
	}
	w.readsRight(seen, b.Name)
	w.told(b)

	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		w.must(w.Get(t.Context(), client.ObjectKeyFromObject(b), b))
		b.Spec.Suspend = true
		return w.Update(t.Context(), b)
	})
	if err == nil || !strings.Contains(err.Error(), "this AuroraBacktrack has finished and its spec can no longer change: create a new AuroraBacktrack") {
		t.Errorf("an edit after the end was answered with %v", err)
	}
}

// readsRight looks at every state of the object that a watcher was sent: kstatus reads it as it is, and nothing that
// was said is taken back.
func (w *world) readsRight(seen watch.Interface, name string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	var last *v1alpha1.AuroraBacktrack
	_, err := watchtools.UntilWithoutRetry(ctx, seen, func(e watch.Event) (ended bool, _ error) {
		b, ok := e.Object.(*v1alpha1.AuroraBacktrack)
		if !ok || b.Name != name {
			return false, nil
		}
		problems := harness.SummaryProblems(b)
		if last != nil {
			problems = append(problems, harness.Regressions(last.Status, b.Status)...)
		}
		for _, problem := range problems {
			w.Errorf("version %s: %s", b.ResourceVersion, problem)
		}
		last = b
		return b.Status.CompletedAt != "", nil
	})
	if err != nil {
		w.Fatalf("the watch ended before the object did: %v", err)
	}
}

// told holds that the API server took the events.
func (w *world) told(b *v1alpha1.AuroraBacktrack) {
	w.Helper()
	w.until("the event of the end", func(ctx context.Context) bool {
		var list corev1.EventList
		w.must(w.List(ctx, &list, client.InNamespace(w.name)))
		for _, e := range list.Items {
			if e.InvolvedObject.UID == b.UID && e.Reason == v1alpha1.ReasonSucceeded && e.Type == corev1.EventTypeNormal {
				return true
			}
		}
		return false
	})
}

func TestThreeQueue(t *testing.T) {
	w := newWorld(t)
	w.manager()
	w.create(w.cluster())
	for i := range 3 {
		w.create(w.backtrack(fmt.Sprintf("undo-%d", i), time.Duration(3-i)*10*time.Minute))
	}
	for i := range 3 {
		w.succeeds(fmt.Sprintf("undo-%d", i))
	}
	if n := w.asked(); n != 3 {
		t.Errorf("RDS was asked %d times", n)
	}
	c := w.cluster()
	w.must(w.Get(t.Context(), client.ObjectKeyFromObject(c), c))
	for i, entry := range c.Status.Backtracks {
		if want := fmt.Sprintf("undo-%d", i); entry.RequestedBy == nil || entry.RequestedBy.Name != want {
			t.Errorf("entry %d of the ledger is %+v, want %s", i, entry, want)
		}
	}
}

// TestWakesUp has what an object waits for: once it is there, nobody waits for a poll.
func TestWakesUp(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		object func(*v1alpha1.AuroraBacktrack)
		given  func(*world)
		then   func(*world)
	}{
		"an AuroraCluster that is created later": {
			reason: v1alpha1.ReasonClusterNotFound,
			then:   func(w *world) { w.create(w.cluster()) },
		},
		"suspend that is lifted": {
			reason: v1alpha1.ReasonSuspended,
			given:  func(w *world) { w.create(w.cluster()) },
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			then: func(w *world) {
				b := w.backtrack("undo", 0)
				w.edit(b, func() { b.Spec.Suspend = false })
			},
		},
		"a wrong name that is corrected": {
			reason: v1alpha1.ReasonClusterNotReady,
			given: func(w *world) {
				c := w.cluster()
				c.Spec.RoleARN = "arn:aws:iam::210987654321:role/elsewhere" // an account that has no such cluster
				w.create(c)
			},
			then: func(w *world) {
				c := w.cluster()
				w.edit(c, func() { c.Spec.RoleARN = "" })
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.manager()
			if test.given != nil {
				test.given(w)
			}
			b := w.backtrack("undo", time.Minute)
			if test.object != nil {
				test.object(b)
			}
			w.create(b)
			w.reads("undo", v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, test.reason)
			test.then(w)
			w.succeeds("undo")
		})
	}
}

// TestOddObjects stores by hand what the schema refuses, as an older or a broken one would have let in. The
// others run as if nothing were.
func TestOddObjects(t *testing.T) {
	w := newWorld(t)
	for name, spec := range map[string]any{
		"words":    map[string]any{"clusterRef": map[string]any{"name": w.name}, "backtrackTo": "soon", "startDeadline": "never"},
		"nothing":  map[string]any{},
		"too-long": map[string]any{"clusterRef": map[string]any{"name": strings.Repeat("x", 5000)}, "backtrackTo": strings.Repeat("9", 5000)},
		"negative": map[string]any{"clusterRef": map[string]any{"name": w.name}, "backtrackTo": "2023-12-23T13:55:00Z", "ttlSecondsAfterFinished": int64(-5)},
	} {
		w.storeByHand(name, map[string]any{"spec": spec})
	}
	w.storeByHand("a-wild-status", map[string]any{
		"spec": map[string]any{"clusterRef": map[string]any{"name": "nowhere"}, "backtrackTo": "2023-12-23T13:55:00Z"},
		"status": map[string]any{
			"startedAt": "yesterday", "observedGeneration": int64(99), "conditions": []any{map[string]any{"type": "Admitted", "status": "Perhaps"}},
			"dependents": []any{map[string]any{"kind": "Toaster", "strategy": "Toast"}},
		},
	})
	w.manager()
	w.create(w.cluster())
	w.create(w.backtrack("undo", time.Minute))
	w.succeeds("undo")
	if n := w.asked(); n != 1 {
		t.Errorf("RDS was asked %d times", n)
	}
	// What the schema refuses in the status cannot be written either; what the object's spec says is told
	// wherever it can be.
	w.reads("words", v1alpha1.ConditionSucceeded, metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec)
}

// storeByHand writes the object past the schema's checks.
func (w *world) storeByHand(name string, content map[string]any) {
	w.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "aurorabacktracks.aurora-backtrack.io"}}
	admin := w.crdClient()
	w.must(admin.Get(w.Context(), client.ObjectKeyFromObject(crd), crd))
	strict := crd.DeepCopy()
	open := true
	crd.Spec.Versions[0].Schema.OpenAPIV3Schema = &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &open}
	crd.Spec.Versions[0].SelectableFields = nil
	crd.Spec.Versions[0].Subresources = nil // so that a status can be created
	w.must(admin.Update(w.Context(), crd))
	defer func() {
		w.must(admin.Get(w.Context(), client.ObjectKeyFromObject(crd), crd))
		crd.Spec = strict.Spec
		w.must(admin.Update(w.Context(), crd))
	}()
	object := &unstructured.Unstructured{Object: content}
	object.SetAPIVersion(v1alpha1.GroupVersion.String())
	object.SetKind("AuroraBacktrack")
	object.SetNamespace(w.name)
	object.SetName(name)
	w.until("the schema is open", func(ctx context.Context) bool { return w.Create(ctx, object.DeepCopy()) == nil })
}

func (w *world) crdClient() client.Client {
	w.Helper()
	with := runtime.NewScheme()
	w.must(apiextensionsv1.AddToScheme(with))
	c, err := client.New(apiServer, client.Options{Scheme: with})
	w.must(err)
	return c
}
