package harness

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// CheckEvents holds that every verdict was told once, with its message, and no other one.
func (env *Env) CheckEvents(b *v1alpha1.AuroraBacktrack) {
	env.T.Helper()
	told := map[string]int{}
	for _, e := range env.EventsOf(b.Name) {
		told[e.Type+" "+e.Reason+": "+e.Message]++
		if e.Count != 1 || e.InvolvedObject.UID != b.UID {
			env.T.Errorf("an event is %+v", e)
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
			env.T.Errorf("nobody was told of %s %s", c.Type, text)
		}
		told[text]--
	}
	for _, text := range env.EventReasons(b.Name) {
		if strings.HasPrefix(text, corev1.EventTypeWarning) && text != "Warning "+v1alpha1.ReasonCancelTooLate {
			warnings--
		}
	}
	if warnings != 0 {
		env.T.Errorf("the warnings are %v", env.EventReasons(b.Name))
	}
}

// CheckRestored holds that nothing stayed paused, and that only what should be was restarted.
func (env *Env) CheckRestored(b *v1alpha1.AuroraBacktrack, restarted bool) {
	env.T.Helper()
	env.CheckNothingPaused()
	for name := range replicas {
		wantBy := ""
		if restarted && name == "game-api" {
			wantBy = string(b.UID)
		}
		Equal(env.T, "who restarted "+name, env.ReadDeployment(name).Spec.Template.Annotations[v1alpha1.RestartedByAnnotation], wantBy)
	}
}

// CheckNothingPaused holds that every dependent has its replicas and no mark of a pause.
func (env *Env) CheckNothingPaused() {
	env.T.Helper()
	for name, want := range replicas {
		d := env.ReadDeployment(name)
		if got := ptr.Deref(d.Spec.Replicas, -1); got != want {
			env.T.Errorf("%s has %d replicas, want %d", name, got, want)
		}
		if mark, ok := d.Annotations[v1alpha1.PausedAnnotation]; ok {
			env.T.Errorf("%s still has the mark %s", name, mark)
		}
	}
}

// CheckStaysEnded lets half an hour pass after an end: nothing happens any more.
func (o *Operator) CheckStaysEnded(name string) {
	o.T.Helper()
	frozen := func() string {
		text := strings.Join(o.EventReasons(name), ", ")
		if b := o.Read(name); b != nil {
			text += Path(b) + b.ResourceVersion
		}
		for _, d := range []string{"game-api", "worker", "report"} {
			text += fmt.Sprintf(" %s: %d %v", d, *o.ReadDeployment(d).Spec.Replicas, o.ReadDeployment(d).Annotations)
		}
		return text
	}
	for range 5 {
		o.Clock.Step(o.ReconcileAll()) // its finalizer goes
	}
	o.Clock.Step(2 * time.Minute)
	o.ReconcileAll()
	if b := o.Read(name); b != nil && slices.Contains(b.Finalizers, v1alpha1.Finalizer) {
		o.T.Error("it has ended and still has its finalizer")
	}
	if holder := o.ReadCluster("game").Status.ActiveBacktrack; holder != nil {
		o.T.Errorf("the lock is still held by %+v", holder)
	}
	before, asked := frozen(), o.Calls()
	for range 30 {
		o.Clock.Step(o.ReconcileAll())
	}
	Equal(o.T, "what there is half an hour later", frozen(), before)
	Equal(o.T, "the number of calls half an hour later", o.Calls(), asked)
}
