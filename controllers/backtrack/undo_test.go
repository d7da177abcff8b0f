package backtrack_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// undoScenario is a rewind whose only dependent is paused, and whose check fails.
func undoScenario(want string, accepted int) harness.Scenario {
	return harness.Scenario{
		Given: func(s *harness.Checker) {
			s.Must(s.API.Delete(context.Background(), s.ReadDeployment("game-api")))
			s.Create(harness.NewCheck("check"))
			s.Check = harness.Check{ExitCode: 1}
		},
		Object: harness.VerifiedBy("check", v1alpha1.OnFailureUndo), Want: want, WantAccepted: accepted,
	}
}

// undoThere and undoAsked report whether the undo is there, and whether it has asked RDS.
func undoThere(s *harness.Checker) bool { return s.Read("undo-undo") != nil }

func undoAsked(s *harness.Checker) bool {
	b := s.Read("undo-undo")
	return b != nil && b.Status.Claim != nil
}

// TestUndoCrashes runs every scenario with an undo once for each thing that can go wrong at each of its moments.
func TestUndoCrashes(t *testing.T) {
	with := func(s harness.Scenario, users func(*harness.Checker) bool) harness.Scenario {
		s.Users = users
		return s
	}
	// Where the status with the Job is stored late, the check has ended by then: the person of these acts in between, and so
	// has no turn.
	undisturbed := map[string]bool{"its undo is cancelled": true, "somebody brings a dependent back meanwhile": true}
	for name, s := range map[string]harness.Scenario{
		"it is undone": undoScenario(v1alpha1.ReasonUndone, 2),
		"its undo is cancelled": with(undoScenario(v1alpha1.ReasonUndoFailed, 1), func(s *harness.Checker) bool {
			switch b := s.Read("undo"); {
			case b != nil && b.Status.Verification != nil && b.Status.Verification.Outcome == "": // the undo has to wait for RDS
				harness.SetDBClusterStatus("modifying")(s.Env)
			case undoThere(s):
				s.Edit("undo-undo", cancel)
				return true
			}
			return false
		}),
		"its undo is taken away by force after its call": with(undoScenario(v1alpha1.ReasonUndone, 2), once(undoAsked, func(s *harness.Checker) { s.ForceDelete("undo-undo") })),
		"it is deleted while it is undone":               with(undoScenario("gone", 2), once(undoThere, func(s *harness.Checker) { s.Delete("undo") })),
		"somebody brings a dependent back meanwhile": func() harness.Scenario {
			verifying := func(s *harness.Checker) bool {
				b := s.Read("undo")
				return b != nil && b.Status.Verification != nil && b.Status.Verification.JobUID != "" && b.Status.Verification.Outcome == ""
			}
			return with(undoScenario(v1alpha1.ReasonUndoFailed, 1), once(verifying, func(s *harness.Checker) { s.Scale("worker", 2) }))
		}(),
	} {
		if !undisturbed[name] {
			t.Run(name, s.TestFaults)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.Judge(t, "undisturbed", s.Run(t, nil))
		})
	}
}

// TestUndone: nothing comes back between the rewind and its undo, the undo has no dependents and no check, and both are in the
// ledger. A replay of the first makes nothing.
func TestUndone(t *testing.T) {
	env := harness.New(t)
	env.Create(harness.NewDeployment("worker", 3, v1alpha1.StrategyPause))
	env.Kubelet(env)
	env.Create(harness.NewCheck("check"))
	env.Check = harness.Check{ExitCode: 1, Log: "3 orders have no customer\n"}
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	create := func() {
		b := harness.NewBacktrack("undo")
		harness.VerifiedBy("check", v1alpha1.OnFailureUndo)(b)
		b.Spec.TTLSecondsAfterFinished = ptr.To[int32](2147483647)
		env.Create(b)
	}
	create()
	for env.Read("undo").Status.CompletedAt == "" {
		o.Clock.Step(o.ReconcileAll())
		b := env.Read("undo")
		if b.Status.Claim != nil && harness.Condition(b, v1alpha1.ConditionVerified).Status == "Unknown" && *env.ReadDeployment("worker").Spec.Replicas != 0 {
			t.Fatalf("worker came back before the undo had ended\n%s", env.Describe())
		}
		if env.Clock.Since(harness.StartTime) > time.Hour {
			t.Fatalf("it does not end\n%s", env.Describe())
		}
	}
	b, undo := env.Read("undo"), env.Read("undo-undo")
	harness.Equal(t, "the end", harness.Verdict(b), v1alpha1.ReasonUndone)
	harness.Equal(t, "the undo's end", harness.Verdict(undo), v1alpha1.ReasonSucceeded)
	harness.Equal(t, "the number of calls", env.AcceptedCalls(), 2)
	harness.Equal(t, "the undo's time", undo.Spec.BacktrackTo, b.Status.Backtrack.BacktrackedFrom)
	message := harness.Condition(b, v1alpha1.ConditionSucceeded).Message
	if !strings.Contains(message, "AuroraBacktrack undo-undo brought it forward again") || !strings.Contains(message, "3 orders have no customer") {
		t.Errorf("it says %s", message)
	}
	if len(undo.Status.Dependents) != 0 || undo.OwnerReferences[0].UID != b.UID || len(env.Jobs()) != 1 {
		t.Errorf("the undo has dependents %v and owners %v, and there are %d Jobs", undo.Status.Dependents, undo.OwnerReferences, len(env.Jobs()))
	}
	env.ForceDelete("undo-undo")
	env.ForceDelete("undo")
	create()
	harness.Equal(t, "the end of the replay", harness.Verdict(o.Finish("undo")), v1alpha1.ReasonUndone)
	if env.Calls() != 2 || env.Read("undo-undo") != nil || len(env.Jobs()) != 1 {
		t.Errorf("the replay asked RDS (%d calls), made an undo (%v) or a Job (%d)", env.Calls(), env.Read("undo-undo") != nil, len(env.Jobs()))
	}
}

// TestUndoRefused: an undo needs every dependent paused, and its name.
func TestUndoRefused(t *testing.T) {
	for name, test := range map[string]struct {
		given      func(*harness.Env)
		wantReason string
		want       string
	}{
		"a dependent that is restarted": {
			given:      func(env *harness.Env) { env.Create(harness.NewDeployment("game-api", 2, v1alpha1.StrategyRestart)) },
			wantReason: v1alpha1.ReasonUndoNeedsPause, want: "Deployment game/game-api has strategy Restart",
		},
		"its name is taken": {
			given: func(env *harness.Env) {
				other := harness.NewBacktrack("undo-undo")
				other.Spec.Suspend = true
				env.Create(other)
			},
			wantReason: v1alpha1.ReasonVerifyNotPossible, want: "there is an AuroraBacktrack of that name",
		},
		"no right": {
			given:      func(env *harness.Env) { env.Check.Denied = "create aurorabacktracks" },
			wantReason: v1alpha1.ReasonVerifyNotPossible, want: "may not create aurorabacktracks",
		},
	} {
		env := harness.New(t)
		env.Create(harness.NewDeployment("worker", 3, v1alpha1.StrategyPause))
		env.Create(harness.NewCheck("check"))
		test.given(env)
		env.Kubelet(env)
		o := env.NewOperator(nil)
		o.ReconcileAll()
		b := harness.NewBacktrack("undo")
		harness.VerifiedBy("check", v1alpha1.OnFailureUndo)(b)
		env.Create(b)
		b = o.Finish("undo")
		if message := harness.Condition(b, v1alpha1.ConditionSucceeded).Message; harness.Verdict(b) != test.wantReason || !strings.Contains(message, test.want) || env.Calls() != 0 {
			t.Errorf("%s: %s: %s, %d calls", name, harness.Verdict(b), message, env.Calls())
		}
	}
}

// TestForgedUndo: an undo for which nobody waits does nothing, whoever made it.
func TestForgedUndo(t *testing.T) {
	env := harness.New(t)
	o := env.NewOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	b := o.Finish("undo")
	forged := harness.NewBacktrack("undo-undo")
	forged.Spec.BacktrackTo, forged.Spec.UndoOf = b.Status.Backtrack.BacktrackedFrom, &v1alpha1.UndoOf{Name: "undo", UID: b.UID}
	env.Create(forged)
	harness.Equal(t, "the end", harness.Verdict(o.Finish("undo-undo")), v1alpha1.ReasonUndoNotDue)
	harness.Equal(t, "the number of calls", env.Calls(), 1)
}
