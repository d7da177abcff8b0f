package backtrack_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// point is a moment in the life of an object, at which it is cancelled or deleted.
type point struct {
	given  func(*harness.Env)
	object func(*v1alpha1.AuroraBacktrack)
	reach  func(*harness.Operator)

	wantPath   string // as far as it came; nothing more once RDS was asked
	wantCalled bool   // RDS took the call: there is no way back, only to the end
	wantAsked  int
}

func at(condition, reason string) func(*harness.Operator) {
	return func(o *harness.Operator) { o.WaitFor("undo", condition, reason) }
}

func points() map[string]point {
	pausing := at(v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	busy := func(o *harness.Operator) {
		pausing(o)
		harness.SetDBClusterStatus("modifying")(o.Env)
		o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonClusterNotAvailable)
	}
	fault := func(fault string, n int) func(*harness.Env) {
		return func(env *harness.Env) { env.RDS.FailNext("BacktrackDBCluster", fault, n) }
	}
	lost := at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonVerifyingOutcome)
	resumed := "PreflightPassed=True/Passed DependentsPaused=False/VERDICT DependentsReconnected=True/Resumed"
	paused := "PreflightPassed=True/Passed DependentsPaused=True/Paused Backtracked=False/VERDICT DependentsReconnected=True/Resumed"
	return map[string]point{
		"suspended": {
			object:   func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			reach:    at(v1alpha1.ConditionAdmitted, v1alpha1.ReasonSuspended),
			wantPath: "Admitted=False/VERDICT",
		},
		"waiting for an AuroraCluster": {
			object:   func(b *v1alpha1.AuroraBacktrack) { b.Spec.ClusterRef.Name = "gone" },
			reach:    at(v1alpha1.ConditionAdmitted, v1alpha1.ReasonClusterNotFound),
			wantPath: "Admitted=False/VERDICT",
		},
		"in the preflight": {
			given:    harness.SetDBClusterStatus("modifying"),
			reach:    at(v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable),
			wantPath: "Admitted=True/Admitted PreflightPassed=False/VERDICT",
		},
		"pausing": {
			given: harness.KeepPodsOf("worker"), reach: pausing,
			wantPath: "Admitted=True/Admitted " + resumed,
		},
		"paused, and RDS is busy": {
			reach:    busy,
			wantPath: "Admitted=True/Admitted " + paused,
		},
		"after RDS refused for now": {
			given: fault(local.FaultThrottling, 0), reach: at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonRetrying),
			wantPath: "Admitted=True/Admitted " + paused, wantAsked: 1,
		},
		"after the answer was lost, and RDS did nothing": {
			given: fault(local.FaultConnectionReset, 1), reach: lost,
			wantPath: "Admitted=True/Admitted " + paused, wantAsked: 1,
		},
		"after the answer was lost, and RDS did it": {
			given: fault(local.FaultLostReply, 1), reach: lost, wantCalled: true, wantAsked: 1,
		},
		"pending": {
			reach: at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking), wantCalled: true, wantAsked: 1,
		},
		"backtracking": { // the record has ended, and the status lags behind it
			given: func(env *harness.Env) {
				env.RDS.SetTiming(local.Timing{Pending: 2 * time.Second, Backtracking: 5 * time.Second, StatusLag: 5 * time.Second})
			},
			reach: at(v1alpha1.ConditionClusterAvailable, v1alpha1.ReasonBacktracking), wantCalled: true, wantAsked: 1,
		},
		"reconnecting": {
			reach: at(v1alpha1.ConditionDependentsReconnected, v1alpha1.ReasonReconnecting), wantCalled: true, wantAsked: 1,
		},
	}
}

func TestCancel(t *testing.T) {
	for name, p := range points() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, trail := p.start(t)
			o.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true })
			o.Finish("undo")
			b := trail.Last("undo")
			p.check(o, b, v1alpha1.ReasonCancelled)
			tooLate := slices.Contains(o.EventReasons("undo"), "Warning "+v1alpha1.ReasonCancelTooLate)
			if tooLate != p.wantCalled {
				t.Errorf("CancelTooLate was told: %v; the events are %v", tooLate, o.EventReasons("undo"))
			}
			p.rest(o)
		})
	}
}

func TestDelete(t *testing.T) {
	for name, p := range points() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, trail := p.start(t)
			o.DeleteIfPresent("undo")
			o.Until("undo gone", func() bool { return o.Read("undo") == nil })
			if b := trail.Last("undo"); b.DeletionTimestamp != nil {
				p.check(o, b, v1alpha1.ReasonDeleted)
			} else if p.wantCalled || b.Status.StartedAt != "" {
				t.Error("it went without being brought to its end")
			}
			p.rest(o)
		})
	}
}

// start brings an object to the point.
func (p point) start(t *testing.T) (*harness.Operator, *harness.StatusLog) {
	env := harness.New(t)
	env.CreateDependents()
	if p.given != nil {
		p.given(env)
	}
	o, trail := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	b := harness.NewBacktrack("undo")
	if p.object != nil {
		p.object(b)
	}
	env.Create(b)
	p.reach(o)
	return o, trail
}

func (p point) check(o *harness.Operator, b *v1alpha1.AuroraBacktrack, verdict string) {
	o.T.Helper()
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	switch {
	case p.wantCalled:
		harness.Equal(o.T, "the path", harness.Path(b), fullPath)
		harness.Equal(o.T, "Succeeded", string(succeeded.Status), "True")
	default:
		harness.Equal(o.T, "the path", harness.Path(b), strings.ReplaceAll(p.wantPath, "VERDICT", verdict))
		harness.Equal(o.T, "Succeeded", string(succeeded.Status)+" "+succeeded.Reason, "False "+verdict)
	}
	accepted := 0
	if p.wantCalled {
		accepted = 1
	}
	harness.Equal(o.T, "the number of calls", o.Calls(), p.wantAsked)
	harness.Equal(o.T, "the number of accepted calls", o.AcceptedCalls(), accepted)
	o.CheckEvents(b)
	o.CheckRestored(b, p.wantCalled)
}

func (p point) rest(o *harness.Operator) {
	o.CheckStaysEnded("undo")
	for _, e := range o.ReadCluster("game").Status.Backtracks {
		if e.Status == "claimed" {
			o.T.Errorf("the ledger still has the open claim %+v", e)
		}
	}
}
