package backtrack_test

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestLookups has what becomes of a call whose answer was lost, or whose record behaves oddly.
func TestLookups(t *testing.T) {
	fault := func(fault string, n int) func(*harness.Env) {
		return func(env *harness.Env) { env.RDS.FailNext("BacktrackDBCluster", fault, n) }
	}
	timing := func(change func(*local.Timing)) func(*harness.Env) {
		return func(env *harness.Env) {
			timing := local.Timing{Unlisted: 2 * time.Second, Pending: 4 * time.Second, Backtracking: 10 * time.Second, StatusLag: 3 * time.Second}
			change(&timing)
			env.RDS.SetTiming(timing)
		}
	}
	both := func(all ...func(*harness.Env)) func(*harness.Env) {
		return func(env *harness.Env) {
			for _, f := range all {
				f(env)
			}
		}
	}
	tests := map[string]ending{
		"the answer is lost": {
			given:         fault(local.FaultLostReply, 1),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewound,
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"the answer is lost, and RDS lists the record late": {
			given:         both(fault(local.FaultLostReply, 1), timing(func(t *local.Timing) { t.Unlisted = 110 * time.Second })),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewound,
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"the connection breaks before RDS did anything": {
			given:         fault(local.FaultConnectionReset, 1),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:17:36Z"),
			wantPath:    fullPath,
			wantAsked:   2, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"a 500 before RDS did anything": {
			given:         fault(local.FaultInternalFailure, 1),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:17:36Z"),
			wantPath:    fullPath,
			wantAsked:   2, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"a 503 before RDS did anything": {
			given:         fault(local.FaultServiceUnavailable, 1),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:17:36Z"),
			wantPath:    fullPath,
			wantAsked:   2, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"RDS never answers a call": {
			given:       fault(local.FaultServiceUnavailable, 0),
			wantReason:  v1alpha1.ReasonFailed,
			wantMessage: `RDS gave no answer to 5 calls and recorded no backtrack for them: try again with a new AuroraBacktrack when RDS answers`,
			wantPath:    untilPaused + " Backtracked=False/Failed DependentsReconnected=True/Resumed",
			wantAsked:   5,
		},
		"the record is upper case": {
			given:         func(env *harness.Env) { env.RDS.SetUpperCaseStatus(true) },
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewound,
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"nobody sees it backtracking": {
			given:         timing(func(t *local.Timing) { *t = local.Timing{} }),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:01Z"),
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"the status lags long behind the record": {
			given:         timing(func(t *local.Timing) { t.StatusLag = 2 * time.Minute }),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewound,
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"the record stays unlisted long after its answer": {
			given:         timing(func(t *local.Timing) { t.Unlisted = 4 * time.Minute }),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewound,
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"RDS never lists the record": {
			given:       timing(func(t *local.Timing) { t.Unlisted = 100 * time.Hour }),
			wantReason:  v1alpha1.ReasonOutcomeUnknown,
			wantMessage: `RDS accepted backtrack #1 and has not listed it for 10m1s, while the cluster was idle: look at the data, and at the cluster's events in RDS`,
			wantPath:    untilPaused + " Backtracked=False/OutcomeUnknown DependentsReconnected=True/Resumed",
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "pending undo",
		},
		"a rewind takes half an hour": {
			given:         timing(func(t *local.Timing) { t.Pending, t.Backtracking = 10*time.Minute, 20*time.Minute }),
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:20:01Z"),
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"the record fails after its answer was lost": {
			given:       both(fault(local.FaultLostReply, 1), func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.FailNextBacktrack = true }) }),
			wantReason:  v1alpha1.ReasonFailed,
			wantMessage: `RDS accepted backtrack #1 and reports it as failed, so the state of the data is not known: look at the data, and at the cluster's events in RDS`,
			wantPath:    untilPaused + " Backtracked=False/Failed DependentsReconnected=True/Resumed",
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "failed undo",
		},
		"the answer is lost, and the earliest time was taken": {
			given: both(fault(local.FaultLostReply, 1), func(env *harness.Env) {
				env.EditDBCluster(func(c *local.Cluster) { c.EarliestBacktrackTime = harness.StartTime.Add(-5 * time.Minute) })
			}),
			object:        func(b *v1alpha1.AuroraBacktrack) { b.Spec.UseEarliestTimeOnPointInTimeUnavailable = true },
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewoundTo("2023-12-23T14:05:00Z", "2023-12-23T14:10:05Z"),
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"history can't be read for a while": {
			given: both(fault(local.FaultLostReply, 1)),
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonVerifyingOutcome)
				o.RDS.FailNext("DescribeDBClusterBacktracks", local.FaultAccessDenied, 0)
				o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonAccessDenied)
				o.Elapse(10 * time.Minute)
				harness.ClearFaults(o.Env)
			},
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded,
			wantMessage: rewound,
			wantPath:    fullPath,
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
	}
	for name, e := range tests {
		t.Run(name, e.run)
	}
}
