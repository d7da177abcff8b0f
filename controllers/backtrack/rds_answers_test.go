package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestClockSkew has operators whose clocks are wrong by ten minutes: a lost answer is still found, and the
// time of the request is judged by RDS's clock.
func TestClockSkew(t *testing.T) {
	for name, by := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, fault := range []string{"", local.FaultLostReply, local.FaultConnectionReset} {
				env := harness.New(t)
				env.CreateDependents()
				env.BacktrackElsewhere("testcluster", "2023-12-23T13:50:00Z") // not ours: it is older than the claim
				env.Clock.Step(time.Minute)
				if fault != "" {
					env.RDS.FailNext("BacktrackDBCluster", fault, 1)
				}
				o, _ := env.NewCheckedOperator(nil)
				o.ReplaceRDS(by, nil)
				o.ReconcileAll()
				b := harness.NewBacktrack("undo")
				b.Spec.BacktrackTo = "2023-12-23T13:50:30Z"
				b.Spec.Repeat = "b1"
				env.Create(b)
				b = o.Finish("undo")
				harness.Equal(t, "the path", harness.Path(b), fullPath)
				harness.Equal(t, "the number of accepted calls", env.AcceptedCalls(), 1+1)
				c, err := env.RDS.Cluster("testcluster")
				if err != nil {
					t.Fatal(err)
				}
				harness.Equal(t, "the record", b.Status.Backtrack.ID, c.Backtracks[1].Identifier)
				harness.Equal(t, "the claim's skew in seconds", time.Duration(b.Status.Claim.ClockSkew)*time.Second, -by)
				harness.Equal(t, "the plan's distance", b.Status.Plan.Distance, "20m30s")
			}
		})
	}
}

// TestStatusWords has words that RDS does not document: they are neither success nor failure.
func TestStatusWords(t *testing.T) {
	for name, test := range map[string]struct {
		change func(action, body string) string

		wantReason  string
		wantMessage string
	}{
		"mixed case":                 {change: harness.ReplaceStatus("completed", "Completed"), wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound},
		"a word before it completes": {change: harness.ReplaceStatus("applying", "rewinding-volumes"), wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			o, _ := env.NewCheckedOperator(nil)
			o.ReplaceRDS(0, test.change)
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			b := o.Finish("undo")
			harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
			harness.Equal(t, "the number of calls", env.Calls(), 1)
		})
	}
}

// TestForeignRecords has backtracks of somebody else around a call whose answer was lost.
func TestForeignRecords(t *testing.T) {
	for name, test := range map[string]struct {
		before func(*harness.Env) // right before RDS gets the call
		after  func(*harness.Env) // once it has it
		fault  string

		wantReason   string
		wantMessage  string
		wantPath     string
		wantAccepted int
		wantLedger   string
	}{
		"somebody is faster, to another time": {
			before:       func(env *harness.Env) { env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z") },
			wantReason:   v1alpha1.ReasonSucceeded,
			wantMessage:  rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:23Z"),
			wantPath:     fullPath,
			wantAccepted: 2, wantLedger: "completed elsewhere, completed undo",
		},
		"somebody is faster, to the same time, and the answer is lost": {
			before: func(env *harness.Env) { env.BacktrackElsewhere("testcluster", "2023-12-23T13:55:00Z") }, fault: local.FaultConnectionReset,
			wantReason:   v1alpha1.ReasonSucceeded,
			wantMessage:  rewound,
			wantPath:     fullPath,
			wantAccepted: 1, wantLedger: "completed undo",
		},
		"somebody makes another one before RDS could list ours": {
			after: func(env *harness.Env) {
				env.Clock.Step(time.Minute)
				env.BacktrackElsewhere("testcluster", "2023-12-23T13:55:10Z")
				env.Clock.Step(time.Minute)
			}, fault: local.FaultLostReply,
			wantReason:   v1alpha1.ReasonOutcomeUnknown,
			wantMessage:  "the answer to the call was lost, and RDS lists 2 backtracks since then that may be it (#1, #2, …): look at the data and at who else rewinds this cluster",
			wantPath:     untilPaused + " Backtracked=False/OutcomeUnknown DependentsReconnected=True/Resumed",
			wantAccepted: 2, wantLedger: "claimed undo, completed elsewhere, completed elsewhere",
		},
		"RDS did nothing, and somebody makes another one": {
			after: func(env *harness.Env) {
				env.Clock.Step(time.Minute)
				env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z")
				env.Clock.Step(time.Minute)
			}, fault: local.FaultConnectionReset,
			wantReason:   v1alpha1.ReasonOutcomeUnknown,
			wantMessage:  "the answer to the call was lost, and RDS lists backtrack #1, which somebody else made since then: look at the data and at who else rewinds this cluster",
			wantPath:     untilPaused + " Backtracked=False/OutcomeUnknown DependentsReconnected=True/Resumed",
			wantAccepted: 1, wantLedger: "claimed undo, completed elsewhere",
		},
		"ours is done, and somebody makes another one": {
			after: func(env *harness.Env) {
				env.Clock.Step(time.Minute)
				env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z")
				env.Clock.Step(time.Minute)
			}, fault: local.FaultLostReply,
			wantReason:   v1alpha1.ReasonSucceeded,
			wantMessage:  rewound,
			wantPath:     fullPath,
			wantAccepted: 2, wantLedger: "completed undo, completed elsewhere",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			first := true
			o, _ := env.NewCheckedOperator(func(m harness.Moment) error {
				if m.What != "BacktrackDBCluster" || !first {
					return nil
				}
				if !m.After && test.before != nil {
					test.before(env)
				}
				if !m.After && test.fault != "" {
					env.RDS.FailNext("BacktrackDBCluster", test.fault, 1)
				}
				if m.After {
					first = false
					if test.after != nil {
						test.after(env)
					}
				}
				return nil
			})
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			b := o.Finish("undo")
			harness.Equal(t, "the reason", harness.Verdict(b), test.wantReason)
			harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
			harness.Equal(t, "the path", harness.Path(b), test.wantPath)
			harness.Equal(t, "the number of accepted calls", env.AcceptedCalls(), test.wantAccepted)
			env.CheckRestored(b, b.Status.Claim != nil)
			o.Elapse(10 * time.Minute)
			harness.Equal(t, "the ledger", env.Ledger(), test.wantLedger)
		})
	}
}

// TestAWordThatIsNoEnd has a record that never says how it ended: the run ends all the same, nothing stays
// paused, and others can start.
func TestAWordThatIsNoEnd(t *testing.T) {
	env := harness.New(t)
	env.CreateDependents()
	o, _ := env.NewCheckedOperator(nil)
	o.ReplaceRDS(0, harness.ReplaceStatus("completed", "validating"))
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	env.Clock.Step(6 * time.Hour)
	b := o.Finish("undo")
	harness.Equal(t, "the end", harness.Condition(b, v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonOutcomeUnknown)
	env.CheckNothingPaused()
	another := harness.NewBacktrack("another")
	another.Spec.BacktrackTo = v1alpha1.NewTimestamp(env.Clock.Now().Add(-time.Hour))
	env.Create(another)
	o.WaitFor("another", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	harness.Equal(t, "the number of calls", env.Calls(), 2)
}
