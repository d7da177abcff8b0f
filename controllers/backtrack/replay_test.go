package backtrack_test

import (
	"context"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// comesBack is a rewind that ran before, and how the same wish comes back.
type comesBack struct {
	object  func(*v1alpha1.AuroraBacktrack) // the wish, the first time and the second
	first   func(*harness.Operator)         // what happens to the first run; it is waited for to the end unless open is set
	open    bool
	between func(*harness.Operator)         // what happens before it comes back
	again   func(*v1alpha1.AuroraBacktrack) // what is different the second time

	wantReason    string
	wantMessage   string
	wantPath      string
	wantAccepted  int // in all
	wantRecord    string
	wantRestarted string // by which run: first, second, or none
}

const (
	already   = "Admitted=True/AlreadyApplied"
	ranBefore = "this rewind ran before: RDS completed it as backtrack #1, requested at 2023-12-23T14:10:01Z by undo; nothing was done"
)

func TestReplays(t *testing.T) {
	for name, test := range map[string]comesBack{
		"created again after its time to live": {
			object:     func(b *v1alpha1.AuroraBacktrack) { b.Spec.TTLSecondsAfterFinished = ptr.To[int32](60) },
			between:    func(o *harness.Operator) { o.Until("undo expired", func() bool { return o.Read("undo") == nil }) },
			wantReason: v1alpha1.ReasonAlreadyApplied, wantPath: already,
			wantMessage:  ranBefore,
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "first",
		},
		"deleted and created again": {
			wantReason: v1alpha1.ReasonAlreadyApplied, wantPath: already,
			wantMessage:  ranBefore,
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "first",
		},
		"the same time, written differently": {
			again:      to("2023-12-23T14:55:00.000+01:00"),
			wantReason: v1alpha1.ReasonAlreadyApplied, wantPath: already,
			wantMessage:  ranBefore,
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "first",
		},
		"the ledger is lost": {
			between:    func(o *harness.Operator) { o.LoseLedger() },
			wantReason: v1alpha1.ReasonAlreadyApplied, wantPath: "Admitted=True/Admitted PreflightPassed=False/AlreadyApplied",
			wantMessage:  `RDS already shows backtrack #1 to 2023-12-23T13:55:00Z, requested at 2023-12-23T14:10:01Z, that no AuroraBacktrack accounts for; nothing was done: if it is wanted once more, create a new AuroraBacktrack with repeat: #1`,
			wantAccepted: 1, wantRestarted: "first",
		},
		"the ledger is lost, and it was a repetition": { // of a backtrack before its own, so its own is one too many
			object:     func(b *v1alpha1.AuroraBacktrack) { b.Spec.Repeat = "b1" },
			between:    func(o *harness.Operator) { o.LoseLedger() },
			wantReason: v1alpha1.ReasonAlreadyApplied, wantPath: "Admitted=True/Admitted PreflightPassed=False/AlreadyApplied",
			wantMessage:  `RDS already shows backtrack #1 to 2023-12-23T13:55:00Z, requested at 2023-12-23T14:10:01Z, that no AuroraBacktrack accounts for; nothing was done: if it is wanted once more, create a new AuroraBacktrack with repeat: #1`,
			wantAccepted: 1, wantRestarted: "first",
		},
		"it is to be repeated, and is known": {
			object:     func(b *v1alpha1.AuroraBacktrack) { b.Spec.Repeat = "b1" },
			wantReason: v1alpha1.ReasonAlreadyApplied, wantPath: already,
			wantMessage:  ranBefore,
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "first",
		},
		"a new name": {
			again:      func(b *v1alpha1.AuroraBacktrack) { b.Name = "undo-again" },
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:32Z"),
			wantAccepted: 2, wantRecord: "#2", wantRestarted: "second",
		},
		"the same name, another time": {
			again:      to("2023-12-23T13:50:00Z"),
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:50:00Z", "2023-12-23T14:10:32Z"),
			wantAccepted: 2, wantRecord: "#2", wantRestarted: "second",
		},
		"the first run failed": {
			first:      func(o *harness.Operator) { o.EditDBCluster(func(c *local.Cluster) { c.FailNextBacktrack = true }) },
			wantReason: v1alpha1.ReasonFailed, wantPath: "Admitted=False/Failed",
			wantMessage:  `this rewind ran before and RDS reported backtrack #1 as failed: to try again, create an AuroraBacktrack with a new name`,
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "first",
		},
		"the first run was refused": {
			first:      func(o *harness.Operator) { o.RDS.FailNext("BacktrackDBCluster", local.FaultAccessDenied, 1) },
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:12.001Z"),
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "second",
		},
		"the first run was cancelled": {
			first:      func(o *harness.Operator) { o.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true }) },
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:11:05.001Z"),
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "second",
		},
		"the first run vanished while RDS was at it": {
			open: true, first: at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking),
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:05Z"),
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "second",
		},
		"the first run vanished while its answer was lost": {
			open: true, first: func(o *harness.Operator) {
				o.RDS.FailNext("BacktrackDBCluster", local.FaultLostReply, 1)
				o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonVerifyingOutcome)
			},
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:05Z"),
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "second",
		},
		"the first run vanished, and RDS had done nothing": {
			open: true, first: func(o *harness.Operator) {
				o.RDS.FailNext("BacktrackDBCluster", local.FaultConnectionReset, 1)
				o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonVerifyingOutcome)
			},
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:17:37Z"),
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "second",
		},
		"the first run vanished while it paused": {
			open: true, first: at(v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing),
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:06Z"),
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "second",
		},
		"the first run vanished while it reconnected": {
			open: true, first: at(v1alpha1.ConditionDependentsReconnected, v1alpha1.ReasonReconnecting),
			wantReason: v1alpha1.ReasonSucceeded, wantPath: fullPath,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:05Z"),
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "second",
		},
		"its deadline passed, both times": {
			object:     func(b *v1alpha1.AuroraBacktrack) { b.Spec.StartDeadline = "2023-12-23T14:12:00Z" },
			first:      func(o *harness.Operator) { o.EditDBCluster(func(c *local.Cluster) { c.Status = "modifying" }) },
			wantReason: v1alpha1.ReasonExpired, wantPath: "Admitted=False/Expired",
			wantMessage: deadlinePassed("2023-12-23T14:12:00Z"),
		},
		"it comes back days later": {
			between:    func(o *harness.Operator) { o.Clock.Step(71 * time.Hour) },
			wantReason: v1alpha1.ReasonAlreadyApplied, wantPath: already,
			wantMessage:  ranBefore,
			wantAccepted: 1, wantRecord: "#1", wantRestarted: "first",
		},
		"it comes back when the ledger has forgotten it": {
			between:    func(o *harness.Operator) { o.Clock.Step(73 * time.Hour) },
			wantReason: v1alpha1.ReasonTargetBeforeWindow, wantPath: "Admitted=True/Admitted PreflightPassed=False/TargetBeforeWindow",
			wantMessage:  beyondEveryWindow("2023-12-23T13:55:00Z"),
			wantAccepted: 1, wantRestarted: "first",
		},
	} {
		t.Run(name, test.run)
	}
}

func (test comesBack) run(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	wish := func() *v1alpha1.AuroraBacktrack {
		b := harness.NewBacktrack("undo")
		if test.object != nil {
			test.object(b)
		}
		return b
	}
	first := wish()
	env.Create(first)
	if test.first != nil {
		test.first(o)
	}
	if !test.open {
		o.Finish("undo")
	}
	if test.between != nil {
		test.between(o)
	}
	if b := env.Read("undo"); b != nil {
		b.Finalizers = nil // by force
		if err := env.API.Update(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		env.DeleteIfPresent("undo")
	}
	again := wish()
	if test.again != nil {
		test.again(again)
	}
	env.Create(again)
	b := o.Finish(again.Name)
	harness.Equal(t, "the reason", harness.Verdict(b), test.wantReason)
	harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
	harness.Equal(t, "the path", harness.Path(b), test.wantPath)
	harness.Equal(t, "the number of accepted calls", env.AcceptedCalls(), test.wantAccepted)
	record := ""
	if b.Status.Backtrack != nil {
		record = env.Readable(b.Status.Backtrack.ID)
	}
	harness.Equal(t, "the record", record, test.wantRecord)
	by := map[string]string{string(first.UID): "first", string(b.UID): "second", "": ""}
	harness.Equal(t, "who restarted game-api", by[env.ReadDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation]], test.wantRestarted)
	env.CheckNothingPaused()
	o.CheckStaysEnded(again.Name)
}

// TestRestoredWithoutStatus takes the status away from objects at every point, as backup tools do. The object
// itself stays, with its UID.
func TestRestoredWithoutStatus(t *testing.T) {
	for name, p := range points() {
		if p.object != nil && p.wantPath == "Admitted=False/VERDICT" {
			continue // it had not begun, and never begins by itself
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			if p.given != nil {
				p.given(env)
			}
			o := env.NewOperator(nil)
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			p.reach(o)
			b := env.Read("undo")
			b.Status = v1alpha1.AuroraBacktrackStatus{}
			if err := env.API.Status().Update(context.Background(), b); err != nil {
				t.Fatal(err)
			}
			harness.SetDBClusterStatus("")(env)
			harness.ClearFaults(env)
			env.Kubelet = harness.RollOut
			b = o.Finish("undo")
			harness.Equal(t, "the number of accepted calls", env.AcceptedCalls(), 1)
			harness.Equal(t, "Succeeded", harness.Verdict(b), v1alpha1.ReasonSucceeded)
			env.CheckNothingPaused()
			harness.Equal(t, "who restarted game-api", env.ReadDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation], string(b.UID))
			o.CheckStaysEnded("undo")
		})
	}
}
