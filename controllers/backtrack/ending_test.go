package backtrack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// ending is one way in which an object comes to its end: what is so beforehand, what happens meanwhile, and
// all that is to be seen afterwards.
type ending struct {
	given  func(*world)                    // before the object is there
	object func(*v1alpha1.AuroraBacktrack) // what it says besides its two fields
	during func(*operator, *trail)         // once it is there
	also   hook                            // on every write and call

	wantSucceeded bool
	wantReason    string
	wantMessage   string // of Succeeded; the ids of RDS's records read #1, #2 …
	wantPath      string
	wantAsked     int
	wantAccepted  int
	wantRestarted bool
	wantLedger    string
}

// dependents of every ending: one of each strategy.
func (w *world) dependents() {
	w.create(deployment("game-api", 2, v1alpha1.StrategyRestart))
	w.create(deployment("worker", 3, v1alpha1.StrategyPause))
	w.create(deployment("report", 1, v1alpha1.StrategyNone))
	w.kubelet(w)
}

func (e ending) run(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	if e.given != nil {
		e.given(w)
	}
	o, trail := w.watched(e.also)
	o.round() // AuroraCluster game is looked at
	object := undo("undo")
	if e.object != nil {
		e.object(object)
	}
	w.create(object)
	if e.during != nil {
		e.during(o, trail)
	}
	b := o.finish("undo")
	if b == nil {
		b = trail.of("undo")
	}
	e.check(w, b)
	w.asBefore(b, e.wantRestarted)
	o.staysSo("undo")
}

func (e ending) check(w *world, b *v1alpha1.AuroraBacktrack) {
	w.t.Helper()
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	if succeeded == nil {
		w.t.Fatal("Succeeded is missing")
	}
	want := metav1.ConditionFalse
	if e.wantSucceeded {
		want = metav1.ConditionTrue
	}
	equal(w.t, "Succeeded", string(succeeded.Status)+" "+succeeded.Reason, string(want)+" "+e.wantReason)
	equal(w.t, "the message", w.readable(succeeded.Message), e.wantMessage)
	equal(w.t, "the path", path(b), e.wantPath)
	equal(w.t, "the number of calls", w.asked(), e.wantAsked)
	equal(w.t, "the number of accepted calls", w.accepted(), e.wantAccepted)
	equal(w.t, "the ledger", w.ledger(), e.wantLedger)
	w.announced(b)
	if b.Status.QueuePosition != nil {
		w.t.Errorf("it still shows a place in the queue, %d", *b.Status.QueuePosition)
	}
	if !e.wantSucceeded {
		if stalled := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionStalled); stalled == nil || stalled.Message != succeeded.Message {
			w.t.Errorf("Stalled reads %+v", stalled)
		}
	}
}

// announced holds that every verdict was told once, with its message, and no other one.
func (w *world) announced(b *v1alpha1.AuroraBacktrack) {
	w.t.Helper()
	told := map[string]int{}
	for _, e := range w.newsOf(b.Name) {
		told[e.Type+" "+e.Reason+": "+e.Message]++
		if e.Count != 1 || e.InvolvedObject.UID != b.UID {
			w.t.Errorf("an event is %+v", e)
		}
	}
	warnings := 0
	for _, c := range b.Status.Conditions {
		if c.Type == v1alpha1.ConditionStalled || c.Type == v1alpha1.ConditionReconciling || c.Status == metav1.ConditionUnknown {
			continue
		}
		if c.Type == v1alpha1.ConditionSucceeded && c.Status == metav1.ConditionFalse { // its step tells it
			continue
		}
		kind := corev1.EventTypeNormal
		if c.Status == metav1.ConditionFalse {
			kind = corev1.EventTypeWarning
			warnings++
		}
		text := kind + " " + c.Reason + ": " + c.Message
		if told[text] == 0 {
			w.t.Errorf("nobody was told of %s %s", c.Type, text)
		}
		told[text]--
	}
	for _, text := range w.events(b.Name) {
		if strings.HasPrefix(text, corev1.EventTypeWarning) && text != "Warning "+v1alpha1.ReasonCancelTooLate {
			warnings--
		}
	}
	if warnings != 0 {
		w.t.Errorf("the warnings are %v", w.events(b.Name))
	}
}

// asBefore holds that nothing stayed paused, and that only what should be was restarted.
func (w *world) asBefore(b *v1alpha1.AuroraBacktrack, restarted bool) {
	w.t.Helper()
	w.nothingPaused()
	for name := range replicas {
		wantBy := ""
		if restarted && name == "game-api" {
			wantBy = string(b.UID)
		}
		equal(w.t, "who restarted "+name, w.readDeployment(name).Spec.Template.Annotations[v1alpha1.RestartedByAnnotation], wantBy)
	}
}

// replicas are what the dependents have while nothing happens.
var replicas = map[string]int32{"game-api": 2, "worker": 3, "report": 1}

func (w *world) nothingPaused() {
	w.t.Helper()
	for name, want := range replicas {
		d := w.readDeployment(name)
		if got := ptr.Deref(d.Spec.Replicas, -1); got != want {
			w.t.Errorf("%s has %d replicas, want %d", name, got, want)
		}
		if mark, ok := d.Annotations[v1alpha1.PausedAnnotation]; ok {
			w.t.Errorf("%s still has the mark %s", name, mark)
		}
	}
}

// ledger is what the ledger of AuroraCluster game has, oldest first.
func (w *world) ledger() string {
	w.t.Helper()
	var entries []string
	for _, e := range w.readCluster("game").Status.Backtracks {
		by := "elsewhere"
		if e.RequestedBy != nil {
			by = e.RequestedBy.Name
		}
		entries = append(entries, e.Status+" "+by)
	}
	return strings.Join(entries, ", ")
}

// staysSo lets half an hour pass after an end: nothing happens any more.
func (o *operator) staysSo(name string) {
	o.t.Helper()
	frozen := func() string {
		text := strings.Join(o.events(name), ", ")
		if b := o.read(name); b != nil {
			text += path(b) + b.ResourceVersion
		}
		for _, d := range []string{"game-api", "worker", "report"} {
			text += fmt.Sprintf(" %s: %d %v", d, *o.readDeployment(d).Spec.Replicas, o.readDeployment(d).Annotations)
		}
		return text
	}
	for range 5 {
		o.clock.Step(o.round()) // its finalizer goes
	}
	o.clock.Step(2 * time.Minute)
	o.round()
	if b := o.read(name); b != nil && slices.Contains(b.Finalizers, v1alpha1.Finalizer) {
		o.t.Error("it has ended and still has its finalizer")
	}
	if holder := o.readCluster("game").Status.ActiveBacktrack; holder != nil {
		o.t.Errorf("the lock is still held by %+v", holder)
	}
	before, asked := frozen(), o.asked()
	for range 30 {
		o.clock.Step(o.round())
	}
	equal(o.t, "what there is half an hour later", frozen(), before)
	equal(o.t, "the number of calls half an hour later", o.asked(), asked)
}

// apiDelete deletes as kubectl would, without waiting.
func (w *world) delete(name string) {
	w.t.Helper()
	if err := client.IgnoreNotFound(w.api.Delete(context.Background(), w.read(name))); err != nil {
		w.t.Fatal(err)
	}
}
