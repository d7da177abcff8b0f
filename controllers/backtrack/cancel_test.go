package backtrack

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// point is a moment in the life of an object, at which it is cancelled or deleted.
type point struct {
	given  func(*world)
	object func(*v1alpha1.AuroraBacktrack)
	reach  func(*operator)

	wantPath   string // as far as it came; nothing more once RDS was asked
	wantCalled bool   // RDS took the call: there is no way back, only to the end
	wantAsked  int
}

func at(condition, reason string) func(*operator) {
	return func(o *operator) { o.waits("undo", condition, reason) }
}

func points() map[string]point {
	pausing := at(v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
	busy := func(o *operator) {
		pausing(o)
		auroraStatus("modifying")(o.world)
		o.waits("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonClusterNotAvailable)
	}
	fault := func(fault string, n int) func(*world) {
		return func(w *world) { w.rds.FailNext("BacktrackDBCluster", fault, n) }
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
			given:    auroraStatus("modifying"),
			reach:    at(v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable),
			wantPath: "Admitted=True/Admitted PreflightPassed=False/VERDICT",
		},
		"pausing": {
			given: stubborn("worker"), reach: pausing,
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
		"backtracking": {
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
			o.edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true })
			o.finish("undo")
			b := trail.of("undo")
			p.check(o, b, v1alpha1.ReasonCancelled)
			tooLate := slices.Contains(o.events("undo"), "Warning "+v1alpha1.ReasonCancelTooLate)
			if tooLate != p.wantCalled {
				t.Errorf("CancelTooLate was told: %v; the events are %v", tooLate, o.events("undo"))
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
			o.delete("undo")
			o.until("undo gone", func() bool { return o.read("undo") == nil })
			if b := trail.of("undo"); b.DeletionTimestamp != nil {
				p.check(o, b, v1alpha1.ReasonDeleted)
			} else if p.wantCalled || b.Status.StartedAt != "" {
				t.Error("it went without being brought to its end")
			}
			p.rest(o)
		})
	}
}

// start brings an object to the point.
func (p point) start(t *testing.T) (*operator, *trail) {
	w := newWorld(t)
	w.dependents()
	if p.given != nil {
		p.given(w)
	}
	o, trail := w.watched(nil)
	o.round()
	b := undo("undo")
	if p.object != nil {
		p.object(b)
	}
	w.create(b)
	p.reach(o)
	return o, trail
}

func (p point) check(o *operator, b *v1alpha1.AuroraBacktrack, verdict string) {
	o.t.Helper()
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	switch {
	case p.wantCalled:
		equal(o.t, "the path", path(b), fullPath)
		equal(o.t, "Succeeded", string(succeeded.Status), "True")
	default:
		equal(o.t, "the path", path(b), strings.ReplaceAll(p.wantPath, "VERDICT", verdict))
		equal(o.t, "Succeeded", string(succeeded.Status)+" "+succeeded.Reason, "False "+verdict)
	}
	accepted := 0
	if p.wantCalled {
		accepted = 1
	}
	equal(o.t, "the number of calls", o.asked(), p.wantAsked)
	equal(o.t, "the number of accepted calls", o.accepted(), accepted)
	o.announced(b)
	o.asBefore(b, p.wantCalled)
}

func (p point) rest(o *operator) {
	o.staysSo("undo")
	for _, e := range o.readCluster("game").Status.Backtracks {
		if e.Status == "claimed" {
			o.t.Errorf("the ledger still has the open claim %+v", e)
		}
	}
}
