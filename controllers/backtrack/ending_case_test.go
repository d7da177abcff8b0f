package backtrack_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// ending is one way in which an object comes to its end: what is so beforehand, what happens meanwhile, and
// all that is to be seen afterwards.
type ending struct {
	given  func(*harness.Env)                          // before the object is there
	object func(*v1alpha1.AuroraBacktrack)             // what it says besides its two fields
	during func(*harness.Operator, *harness.StatusLog) // once it is there
	also   harness.Hook                                // on every write and call

	wantSucceeded bool
	wantReason    string
	wantMessage   string // of Succeeded; the ids of RDS's records read #1, #2 …
	wantPath      string
	wantAsked     int
	wantAccepted  int
	wantRestarted bool
	wantLedger    string
	wantMade      string // copies and instances in RDS
}

func (e ending) run(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	if e.given != nil {
		e.given(env)
	}
	o, trail := env.NewCheckedOperator(e.also)
	o.ReconcileAll() // AuroraCluster game is looked at
	object := harness.NewBacktrack("undo")
	if e.object != nil {
		e.object(object)
	}
	env.Create(object)
	if e.during != nil {
		e.during(o, trail)
	}
	b := o.Finish("undo")
	if b == nil {
		b = trail.Last("undo")
	}
	e.check(env, b)
	env.CheckRestored(b, e.wantRestarted)
	o.CheckStaysEnded("undo")
}

func (e ending) check(env *harness.Env, b *v1alpha1.AuroraBacktrack) {
	env.T.Helper()
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	if succeeded == nil {
		env.T.Fatal("Succeeded is missing")
	}
	want := metav1.ConditionFalse
	if e.wantSucceeded {
		want = metav1.ConditionTrue
	}
	harness.Equal(env.T, "Succeeded", string(succeeded.Status)+" "+succeeded.Reason, string(want)+" "+e.wantReason)
	harness.Equal(env.T, "the message", readableJob(env, env.Readable(succeeded.Message)), e.wantMessage)
	harness.Equal(env.T, "the path", harness.Path(b), e.wantPath)
	harness.Equal(env.T, "the number of calls", env.Calls(), e.wantAsked)
	harness.Equal(env.T, "the number of accepted calls", env.AcceptedCalls(), e.wantAccepted)
	harness.Equal(env.T, "the ledger", env.Ledger(), e.wantLedger)
	harness.Equal(env.T, "what RDS made", env.Readable(strings.Join(env.CopiesMade(), " ")), e.wantMade)
	env.CheckEvents(b)
	if b.Status.QueuePosition != nil {
		env.T.Errorf("it still shows a place in the queue, %d", *b.Status.QueuePosition)
	}
	if !e.wantSucceeded {
		if stalled := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionStalled); stalled == nil || stalled.Message != succeeded.Message {
			env.T.Errorf("Stalled reads %+v", stalled)
		}
	}
}
