package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
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
	if b.Status.Backtrack.BacktrackTo != b.Spec.BacktrackTo || b.Status.Backtrack.BacktrackedFrom == "" {
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

	var refusal error
	w.until("an answer to an edit after the end", func(ctx context.Context) bool {
		w.must(w.Get(ctx, client.ObjectKeyFromObject(b), b))
		b.Spec.Suspend = true
		refusal = w.Update(ctx, b)
		return !apierrors.IsConflict(refusal)
	})
	if err := refusal; err == nil || !strings.Contains(err.Error(), "this AuroraBacktrack has finished and its spec can no longer change: create a new AuroraBacktrack") {
		t.Errorf("an edit after the end was answered with %v", err)
	}
}

// readsRight looks at every state of the object that a watcher was sent: to kstatus it is in progress until
// its end, and nothing that was True or False changes.
func (w *world) readsRight(seen watch.Interface, name string) {
	w.Helper()
	verdicts := map[string]metav1.ConditionStatus{}
	for n := 0; ; n++ {
		var e watch.Event
		select {
		case e = <-seen.ResultChan():
		case <-time.After(patience):
			w.Fatal("the watch ended before the object did")
		}
		b, ok := e.Object.(*v1alpha1.AuroraBacktrack)
		if !ok || b.Name != name {
			continue
		}
		reconciling := meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionReconciling)
		inProgress := b.Status.ObservedGeneration != b.Generation || reconciling
		if inProgress == (b.Status.CompletedAt != "") {
			w.Errorf("state %d, completed at %q, reads in progress: %v; %+v", n, b.Status.CompletedAt, inProgress, b.Status.Conditions)
		}
		for _, c := range b.Status.Conditions {
			if old := verdicts[c.Type]; old != "" && old != c.Status {
				w.Errorf("state %d: %s went from %s to %s", n, c.Type, old, c.Status)
			}
			if c.Status != metav1.ConditionUnknown && c.Type != v1alpha1.ConditionReconciling {
				verdicts[c.Type] = c.Status
			}
		}
		if b.Status.CompletedAt != "" {
			return
		}
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
