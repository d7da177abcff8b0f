package gitops_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// aRun is a life of our objects in the hands of the real reconcilers, from their creation on.
type aRun struct {
	name   string
	given  func(*harness.Env)              // before the AuroraBacktrack is there
	object func(*v1alpha1.AuroraBacktrack) // what it says besides its two fields; nil: as it is
	during func(*harness.Operator)         // once it is there
	open   bool                            // it is not waited for to the end
	none   bool                            // there is no AuroraBacktrack

	wantReason string // of Succeeded, or of the AuroraCluster's Ready, in the end
}

// rewind is the name of the AuroraBacktrack that a life is about.
const rewind = "back-to-1355"

// runs are the lives that are recorded: every step, every wait and every ending.
func runs() []aRun {
	return slices.Concat(steps(), waits(), refusals(), endings(), replays(), clusters())
}

// record runs it and gives every version that was stored.
func (r aRun) record(t *testing.T) []version {
	t.Helper()
	env := harness.New(t)
	recorder := record(env, r.name)
	env.CreateDependents()
	if r.given != nil {
		r.given(env)
	}
	o := env.NewOperator(nil)
	o.ReconcileAll()
	if !r.none {
		object := harness.NewBacktrack(rewind)
		if r.object != nil {
			r.object(object)
		}
		env.Create(object)
	}
	if r.during != nil {
		r.during(o)
	}
	if !r.open && !r.none {
		o.Finish(rewind)
		o.Elapse(3 * time.Minute) // longer than the operator looks after what has ended
	}
	r.check(t, env, recorder)
	return recorder.versions
}

func (r aRun) check(t *testing.T, env *harness.Env, recorder *recorder) {
	t.Helper()
	kind := "AuroraBacktrack"
	if r.none {
		kind = "AuroraCluster"
	}
	last := map[string]string{} // the reasons, by name
	for _, v := range recorder.versions {
		if v.kind() == kind {
			_, last[v.object.GetName()], _ = v.condition(v.root())
		}
	}
	if !slices.Contains(slices.Collect(maps.Values(last)), r.wantReason) {
		t.Errorf("%s: the last reasons are %v, want %s\n%s", r.name, last, r.wantReason, env.Describe())
	}
}

// at waits until the condition has the reason.
func at(condition, reason string) func(*harness.Operator) {
	return func(o *harness.Operator) { o.WaitFor(rewind, condition, reason) }
}

// then does one after the other.
func then(all ...func(*harness.Operator)) func(*harness.Operator) {
	return func(o *harness.Operator) {
		for _, f := range all {
			f(o)
		}
	}
}

// edit changes the AuroraBacktrack as a person would.
func edit(change func(*v1alpha1.AuroraBacktrack)) func(*harness.Operator) {
	return func(o *harness.Operator) { o.Edit(rewind, change) }
}

// world changes what is around the operator.
func world(change func(*harness.Env)) func(*harness.Operator) {
	return func(o *harness.Operator) { change(o.Env) }
}

// policy changes the AuroraCluster's spec.
func policy(change func(*v1alpha1.AuroraClusterSpec)) func(*harness.Env) {
	return func(env *harness.Env) {
		env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { change(&c.Spec) })
	}
}

func suspend(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true }
func lift(b *v1alpha1.AuroraBacktrack)    { b.Spec.Suspend = false }
func cancel(b *v1alpha1.AuroraBacktrack)  { b.Spec.Cancel = true }

var (
	whilePausing      = at(v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	whileBacktracking = at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	whileSuspended    = func(o *harness.Operator) { // its plan is made in its second reconciliation
		o.WaitFor(rewind, v1alpha1.ConditionAdmitted, v1alpha1.ReasonSuspended)
		o.ReconcileAll()
	}
)
