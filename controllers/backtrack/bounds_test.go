package backtrack

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

const unbounded = time.Duration(0)

// waits are all waits of a rewind, by the table in docs/states.md: condition/reason.
var waits = map[string]struct {
	given func(*steps.Facts)
	most  time.Duration
	then  string // the reason of the end
}{
	"Admitted/Suspended":           {func(f *steps.Facts) { f.Object.Spec.Suspend = true }, unbounded, ""},
	"Admitted/ApprovalRequired":    {func(f *steps.Facts) { f.Cluster.Value().Spec.Policy.Approval = v1alpha1.ApprovalRequired }, unbounded, ""},
	"Admitted/ApprovalNotEnforced": {asks("a policy is missing"), unbounded, ""},
	"Admitted/OutsideWindow": {func(f *steps.Facts) {
		f.Cluster.Value().Spec.Policy.Windows = []v1alpha1.StartWindow{{Schedule: "0 0 30 2 *", Duration: "1h", TimeZone: "Etc/UTC"}}
	}, unbounded, ""},
	"Admitted/ClusterNotFound": {func(f *steps.Facts) { f.Cluster = fact.Absent[*v1alpha1.AuroraCluster]() }, time.Hour, v1alpha1.ReasonExpired},
	"Admitted/ClusterNotReady": {func(f *steps.Facts) { f.Cluster.Value().Status.Conditions = nil }, time.Hour, v1alpha1.ReasonExpired},
	"Admitted/Queued":          {func(f *steps.Facts) { f.Lock = fact.Known(lock.View{Position: 2}) }, time.Hour, v1alpha1.ReasonExpired},
	"PreflightPassed/ClusterNotAvailable": {
		all(through(v1alpha1.ConditionAdmitted), reads("modifying")), time.Hour, v1alpha1.ReasonExpired,
	},
	"PreflightPassed/ClusterNotReady": {all(through(v1alpha1.ConditionAdmitted), fullLedger), time.Hour, v1alpha1.ReasonExpired},
	"PreflightPassed/RDSUnreachable":  {all(through(v1alpha1.ConditionAdmitted), trouble(v1alpha1.ReasonRDSUnreachable)), time.Hour, v1alpha1.ReasonExpired},
	"PreflightPassed/Retrying": {all(checkedData, through(v1alpha1.ConditionAdmitted), func(f *steps.Facts) {
		f.Verifiable = fact.Known(steps.Obstacle{Message: "no right", Passing: true})
	}), time.Minute, v1alpha1.ReasonVerifyNotPossible},
	"DependentsPaused/Pausing": {
		all(through(v1alpha1.ConditionPreflightPassed), func(f *steps.Facts) { f.Paused = fact.Known(false) }), 5 * time.Minute, v1alpha1.ReasonPauseTimedOut,
	},
	"Copied/Copying": {
		all(copied, func(f *steps.Facts) { f.SafetyCopy = fact.Known(copyReading(f, "creating")) }), 30 * time.Minute, v1alpha1.ReasonCopyTimedOut,
	},
	"Copied/ClusterNotAvailable": {all(copied, reads("modifying")), 30 * time.Minute, v1alpha1.ReasonCopyTimedOut},
	"Copied/Retrying": {all(copied, func(f *steps.Facts) {
		f.CopyAsked = fact.Unknown[bool](&rds.Error{Reason: v1alpha1.ReasonThrottled, Refused: true, Passing: true})
	}), 30 * time.Minute, v1alpha1.ReasonCopyTimedOut},
	"Copied/RDSUnreachable": {
		all(copied, func(f *steps.Facts) { f.SafetyCopy = fact.Unknown[rds.Copy](errors.New("no answer")) }), 30 * time.Minute, v1alpha1.ReasonCopyTimedOut,
	},
	"Backtracked/Pausing": {
		all(through(v1alpha1.ConditionDependentsPaused), func(f *steps.Facts) { f.Quiet = fact.Known(false) }), 5 * time.Minute, v1alpha1.ReasonPauseTimedOut,
	},
	"Backtracked/Queued": {all(through(v1alpha1.ConditionDependentsPaused), func(f *steps.Facts) {
		f.Cluster.Value().Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "game", Name: "other", UID: "other"}
	}), 5 * time.Minute, v1alpha1.ReasonPauseTimedOut},
	"Backtracked/ClusterNotAvailable": {all(through(v1alpha1.ConditionDependentsPaused), reads("modifying")), 5 * time.Minute, v1alpha1.ReasonPauseTimedOut},
	"Backtracked/Retrying": {all(through(v1alpha1.ConditionDependentsPaused), func(f *steps.Facts) {
		f.Called = fact.Unknown[bool](&rds.Error{Reason: v1alpha1.ReasonThrottled, Refused: true, Passing: true})
	}), 5 * time.Minute, v1alpha1.ReasonPauseTimedOut},
	"Backtracked/RDSUnreachable": {
		all(through(v1alpha1.ConditionDependentsPaused), trouble(v1alpha1.ReasonRDSUnreachable)), 5 * time.Minute, v1alpha1.ReasonPauseTimedOut,
	},
	"Backtracked/VerifyingOutcome": {all(called, reads("modifying")), time.Hour, v1alpha1.ReasonOutcomeUnknown},
	"Backtracked/AccessDenied":     {all(called, trouble(v1alpha1.ReasonAccessDenied)), time.Hour, v1alpha1.ReasonOutcomeUnknown},
	"Backtracked/DBClusterNotFound": {
		all(called, trouble(v1alpha1.ReasonDBClusterNotFound)), 5 * time.Minute, v1alpha1.ReasonOutcomeUnknown,
	},
	"Backtracked/Backtracking":        {all(called, record("applying")), 6 * time.Hour, v1alpha1.ReasonOutcomeUnknown},
	"ClusterAvailable/Backtracking":   {all(called, record("completed"), through(v1alpha1.ConditionBacktracked), reads("backtracking")), 6 * time.Hour, v1alpha1.ReasonClusterNotAvailable},
	"ClusterAvailable/RDSUnreachable": {all(called, record("completed"), through(v1alpha1.ConditionBacktracked), trouble(v1alpha1.ReasonRDSUnreachable)), time.Hour, v1alpha1.ReasonClusterNotAvailable},
	"Verified/Verifying": {
		all(checkedData, called, record("completed"), through(v1alpha1.ConditionClusterAvailable)), 5 * time.Minute, v1alpha1.ReasonVerificationInconclusive,
	},
	"Verified/Undoing": {all(checkedData, called, record("completed"), through(v1alpha1.ConditionClusterAvailable), func(f *steps.Facts) {
		f.Object.Spec.Verify.OnFailure = v1alpha1.OnFailureUndo
		f.Object.Status.Verification = &v1alpha1.Verification{Outcome: v1alpha1.VerificationFailed, UndoUID: "undo"}
		f.Object.Status.Backtrack.BacktrackedFrom = v1alpha1.NewTimestamp(start)
		f.Undo = fact.Known(steps.UndoFor(f.Object))
		f.Undo.Value().UID = "undo"
	}), 13*time.Hour + 10*time.Minute, v1alpha1.ReasonUndoFailed},
	"DependentsReconnected/Reconnecting": {
		all(called, record("completed"), through(v1alpha1.ConditionClusterAvailable), func(f *steps.Facts) { f.Up = fact.Known(false) }), 10 * time.Minute, v1alpha1.ReasonReconnectTimedOut,
	},
	"any/Resuming": {all(through(v1alpha1.ConditionDependentsPaused), func(f *steps.Facts) {
		steps.PutCondition(f, v1alpha1.ConditionBacktracked, metav1.ConditionFalse, v1alpha1.ReasonRejected, "refused")
		f.Up, f.Released = fact.Unknown[bool](errors.New("refused")), true
	}), 10 * time.Minute, v1alpha1.ReasonRejected},
}

// TestEveryWaitHasABound waits for everything that a rewind can wait for, until just before the bound and until just after.
func TestEveryWaitHasABound(t *testing.T) {
	for name, wait := range waits {
		t.Run(name, func(t *testing.T) {
			condition, reason, _ := strings.Cut(name, "/")
			f := factsAt(t, wait.given)
			first := settle(f)
			if first.Kind != steps.Wait || first.Reason != reason || condition != "any" && first.Condition != condition {
				t.Fatalf("decided %+v, want a wait", first)
			}
			if first.After <= 0 {
				t.Errorf("waits %s", first.After)
			}
			steps.Record(f, first)
			for _, after := range []time.Duration{wait.most - time.Second, wait.most + time.Second, wait.most + 50*time.Hour} {
				if after < 0 {
					continue
				}
				f.Now, f.HistoryAt = start.Add(after), start.Add(after)
				d := settle(f)
				if ended := d.Kind == steps.Halt || f.Finished(); ended != (wait.most != unbounded && after > wait.most) {
					t.Fatalf("after %s decided %+v", after, d)
				}
				if f.Finished() {
					d.Reason = meta.FindStatusCondition(f.Object.Status.Conditions, v1alpha1.ConditionSucceeded).Reason
				}
				if (d.Kind == steps.Halt || f.Finished()) && d.Reason != wait.then {
					t.Errorf("after %s it ended with %s, want %s", after, d.Reason, wait.then)
				}
				if f.Finished() {
					return
				}
			}
		})
	}
}

// TestStatesTable holds the table in docs/states.md and the waits of the test above against each other.
func TestStatesTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\w+) \| (\w+) \|.*\| ([^|]+) \|$`).FindAllStringSubmatch(string(text), -1) {
		if row[1] == "condition" {
			continue
		}
		name := row[1] + "/" + row[2]
		rows[name] = true
		if want := waits[name].then; !strings.Contains(row[3], want) && row[1] != "any" {
			t.Errorf("docs/states.md ends %s with %q, want %s", name, row[3], want)
		}
		if _, tested := waits[name]; !tested {
			t.Errorf("docs/states.md has %s, which no test waits for", name)
		}
	}
	for name := range waits {
		if !rows[name] {
			t.Errorf("docs/states.md lacks %s", name)
		}
	}
}

// settle decides until it is not about reading or acting. Actions have no effect here, but those that come before a call.
func settle(f *steps.Facts) steps.Decision {
	for range 20 {
		d := decide(f)
		switch {
		case d.Kind == steps.Act && d.Then != nil:
			f.Object.Status.Claim = nil
			return boundedAfter(f, *d.Then)
		case d.Kind == steps.Act && d.Do == steps.ReadAgain:
			f.ReadAfterPause = true
		case d.Kind == steps.Again:
		default:
			return d
		}
	}
	return steps.Decision{}
}
