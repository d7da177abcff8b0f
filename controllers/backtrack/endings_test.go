package backtrack_test

import (
	"context"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

const (
	untilPaused = "Admitted=True/Admitted PreflightPassed=True/Passed DependentsPaused=True/Paused"
	untilRewind = untilPaused + " Backtracked=True/Completed ClusterAvailable=True/Available"
	fullPath    = untilRewind + " DependentsReconnected=True/Reconnected"
)

func TestEndings(t *testing.T) {
	for name, e := range map[string]ending{
		"it succeeds": {
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound,
			wantPath: fullPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"pods do not end within the pause's time": {
			given:       harness.KeepPodsOf("worker"),
			wantReason:  v1alpha1.ReasonPauseTimedOut,
			wantMessage: "not everything was quiet within 5m0s (spec.pauseTimeout of AuroraCluster game), so RDS is not asked and what was paused is resumed: Deployment game/worker: waiting for its pods to end",
			wantPath:    "Admitted=True/Admitted PreflightPassed=True/Passed DependentsPaused=False/PauseTimedOut DependentsReconnected=True/Resumed",
		},
		"somebody wakes a workload while it pauses": {
			given: harness.KeepPodsOf("worker"),
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				o.Scale("worker", 3)
			},
			wantReason:  v1alpha1.ReasonPauseReverted,
			wantMessage: wokenDuringPause,
			wantPath:    "Admitted=True/Admitted PreflightPassed=True/Passed DependentsPaused=False/PauseReverted DependentsReconnected=True/Resumed",
		},
		"somebody wakes a workload right before the call": {
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				harness.SetDBClusterStatus("modifying")(o.Env)
				o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonClusterNotAvailable)
				o.Scale("worker", 3)
				harness.SetDBClusterStatus("")(o.Env)
			},
			wantReason:  v1alpha1.ReasonPauseReverted,
			wantMessage: wokenDuringPause,
			wantPath:    untilPaused + " Backtracked=False/PauseReverted DependentsReconnected=True/Resumed",
		},
		"a pod of a paused workload never ends after the last look": {
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				harness.SetDBClusterStatus("modifying")(o.Env)
				o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonClusterNotAvailable)
				harness.KeepPodsOf("worker")(o.Env)
				o.Create(harness.NewPod(o.ReadDeployment("worker"), "late", 0)) // as a Job that its CronJob was just starting
				harness.SetDBClusterStatus("")(o.Env)
			},
			wantReason:  v1alpha1.ReasonPauseTimedOut,
			wantMessage: pausedTooLong("Deployment game/worker: waiting for pod worker-late-0 to end"),
			wantPath:    untilPaused + " Backtracked=False/PauseTimedOut DependentsReconnected=True/Resumed",
		},
		"RDS cannot be asked while everything is paused": {
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				harness.SetDBClusterStatus("modifying")(o.Env)
			},
			wantReason:  v1alpha1.ReasonPauseTimedOut,
			wantMessage: pausedTooLong(mustBeAvailable("modifying")),
			wantPath:    untilPaused + " Backtracked=False/PauseTimedOut DependentsReconnected=True/Resumed",
		},
		"RDS rejects": {
			given:       func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.BinaryLogging = true }) },
			wantReason:  v1alpha1.ReasonRejected,
			wantMessage: "RDS refused, and nothing was rewound: BacktrackDBCluster: InvalidParameterCombination: Binary logging is enabled for DB cluster testcluster: the backtrack must be forced.",
			wantPath:    untilPaused + " Backtracked=False/Rejected DependentsReconnected=True/Resumed",
			wantAsked:   1,
		},
		"IAM refuses the call": {
			given:       func(env *harness.Env) { env.RDS.FailNext("BacktrackDBCluster", local.FaultAccessDenied, 1) },
			wantReason:  v1alpha1.ReasonAccessDenied,
			wantMessage: "RDS refused, and nothing was rewound: " + accessDenied("BacktrackDBCluster"),
			wantPath:    untilPaused + " Backtracked=False/AccessDenied DependentsReconnected=True/Resumed",
			wantAsked:   1,
		},
		"RDS asks to slow down, and then takes it": {
			given:         func(env *harness.Env) { env.RDS.FailNext("BacktrackDBCluster", local.FaultThrottling, 3) },
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewoundTo("2023-12-23T13:55:00Z", "2023-12-23T14:10:14Z"),
			wantPath: fullPath, wantAsked: 4, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"RDS never stops asking to slow down": {
			given:       func(env *harness.Env) { env.RDS.FailNext("BacktrackDBCluster", local.FaultThrottling, 0) },
			wantReason:  v1alpha1.ReasonPauseTimedOut,
			wantMessage: pausedTooLong("BacktrackDBCluster: ThrottlingException: Rate exceeded"),
			wantPath:    untilPaused + " Backtracked=False/PauseTimedOut DependentsReconnected=True/Resumed",
			wantAsked:   66,
		},
		"RDS reports it as failed": {
			given:       func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.FailNextBacktrack = true }) },
			wantReason:  v1alpha1.ReasonFailed,
			wantMessage: "RDS accepted backtrack #1 and reports it as failed, so the state of the data is not known: look at the data, and at the cluster's events in RDS",
			wantPath:    untilPaused + " Backtracked=False/Failed DependentsReconnected=True/Resumed",
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "failed undo",
		},
		"the namespace is withdrawn while it pauses": {
			given: harness.KeepPodsOf("worker"),
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				o.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces.Names = nil })
			},
			wantReason:  v1alpha1.ReasonNamespaceNotAllowed,
			wantMessage: namespaceNotAllowed,
			wantPath:    "Admitted=True/Admitted PreflightPassed=True/Passed DependentsPaused=False/NamespaceNotAllowed DependentsReconnected=True/Resumed",
		},
		"the permission to force is withdrawn before the call": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.AllowForce = true })
			},
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Force = true },
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				o.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.AllowForce = false })
			},
			wantReason:  v1alpha1.ReasonForceNotAllowed,
			wantMessage: "spec.force is not allowed by AuroraCluster game (policy.allowForce): create a new AuroraBacktrack without it",
			wantPath:    "Admitted=True/Admitted PreflightPassed=True/Passed DependentsPaused=False/ForceNotAllowed DependentsReconnected=True/Resumed",
		},
		"its deadline passes while it pauses": {
			given:       harness.KeepPodsOf("worker"),
			object:      func(b *v1alpha1.AuroraBacktrack) { b.Spec.StartDeadline = "2023-12-23T14:12:00Z" },
			wantReason:  v1alpha1.ReasonExpired,
			wantMessage: deadlinePassed("2023-12-23T14:12:00Z"),
			wantPath:    "Admitted=True/Admitted PreflightPassed=True/Passed DependentsPaused=False/Expired DependentsReconnected=True/Resumed",
		},
		"the Aurora cluster is replaced while it pauses": {
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				if err := o.RDS.RecreateCluster("testcluster", ""); err != nil {
					o.T.Fatal(err)
				}
			},
			wantReason:  v1alpha1.ReasonClusterReplaced,
			wantMessage: "Aurora cluster testcluster was deleted and created again since the preflight (cluster-B, was cluster-A); RDS was not asked",
			wantPath:    untilPaused + " Backtracked=False/ClusterReplaced DependentsReconnected=True/Resumed",
		},
		"the Aurora cluster is deleted while it pauses": {
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				harness.SetDBClusterStatus("deleting")(o.Env)
			},
			wantReason:  v1alpha1.ReasonPauseTimedOut,
			wantMessage: pausedTooLong(mustBeAvailable("deleting")),
			wantPath:    untilPaused + " Backtracked=False/PauseTimedOut DependentsReconnected=True/Resumed",
		},
		"a dependent does not come up": {
			given: func(env *harness.Env) {
				env.Kubelet = func(env *harness.Env) {
					if env.ReadDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation] == "" {
						harness.RollOut(env)
					}
				}
			},
			wantReason:  v1alpha1.ReasonReconnectTimedOut,
			wantMessage: "the data is rewound and the cluster available, but not every dependent was up within 10m0s (spec.reconnectTimeout of AuroraCluster game): Deployment game/game-api: waiting for its controller to see the change; Deployment game/worker: waiting for its controller to see the change; to go forward again, backtrack to 2023-12-23T14:10:05Z",
			wantPath:    untilRewind + " DependentsReconnected=False/ReconnectTimedOut",
			wantAsked:   1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"what is paused is deleted by somebody": {
			given: harness.KeepPodsOf("worker"),
			during: func(o *harness.Operator, _ *harness.StatusLog) {
				o.WaitFor("undo", v1alpha1.ConditionDependentsPaused, v1alpha1.ReasonPausing)
				if err := o.API.Delete(context.Background(), o.ReadDeployment("worker")); err != nil {
					o.T.Fatal(err)
				}
				worker := harness.NewDeployment("worker", 3, v1alpha1.StrategyPause)
				o.Kubelet = harness.RollOut
				o.WaitFor("undo", v1alpha1.ConditionDependentsReconnected, v1alpha1.ReasonReconnecting)
				o.Create(worker)
			},
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound,
			wantPath: fullPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"the time is before the window, and the earliest will do": {
			given: func(env *harness.Env) {
				env.EditDBCluster(func(c *local.Cluster) { c.EarliestBacktrackTime = harness.StartTime.Add(-5 * time.Minute) })
			},
			object:        func(b *v1alpha1.AuroraBacktrack) { b.Spec.UseEarliestTimeOnPointInTimeUnavailable = true },
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewoundTo("2023-12-23T14:05:00Z", "2023-12-23T14:10:05Z"),
			wantPath: fullPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"it is forced and may be": {
			given: func(env *harness.Env) {
				env.EditDBCluster(func(c *local.Cluster) { c.BinaryLogging = true })
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.AllowForce = true })
			},
			object:        func(b *v1alpha1.AuroraBacktrack) { b.Spec.Force = true },
			wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound,
			wantPath: fullPath, wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
	} {
		t.Run(name, e.run)
	}
}
