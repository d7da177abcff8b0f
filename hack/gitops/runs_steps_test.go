package gitops_test

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// steps are the lives that go all the way.
func steps() []aRun {
	return []aRun{
		{name: "succeeds", wantReason: v1alpha1.ReasonSucceeded},
		{
			name: "nothing depends on it", wantReason: v1alpha1.ReasonSucceeded,
			given: func(env *harness.Env) {
				for _, name := range []string{"game-api", "worker", "report"} {
					env.EditDeployment(name, func(d *appsv1.Deployment) { delete(d.Labels, v1alpha1.ClusterLabel) })
				}
			},
		},
		{
			name: "suspended, then started", object: suspend, during: then(whileSuspended, edit(lift)),
			wantReason: v1alpha1.ReasonSucceeded,
		},
		{
			name: "queued", wantReason: v1alpha1.ReasonSucceeded,
			given: func(env *harness.Env) { env.Create(another("first")) },
			during: then(
				func(o *harness.Operator) {
					o.WaitFor("first", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
				},
				at(v1alpha1.ConditionAdmitted, v1alpha1.ReasonQueued),
			),
		},
		{
			name: "the answer is lost", wantReason: v1alpha1.ReasonSucceeded,
			given:  func(env *harness.Env) { env.RDS.FailNext("BacktrackDBCluster", local.FaultLostReply, 1) },
			during: at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonVerifyingOutcome),
		},
		{
			name: "RDS throttles the call", wantReason: v1alpha1.ReasonSucceeded,
			given:  func(env *harness.Env) { env.RDS.FailNext("BacktrackDBCluster", local.FaultThrottling, 3) },
			during: at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonRetrying),
		},
		{
			name: "RDS is silent before the call", wantReason: v1alpha1.ReasonSucceeded,
			during: then(
				whilePausing, world(silence),
				at(v1alpha1.ConditionBacktracked, v1alpha1.ReasonRDSUnreachable), world(harness.ClearFaults),
			),
		},
		{
			name: "cancelled too late", during: then(whileBacktracking, edit(cancel)),
			wantReason: v1alpha1.ReasonSucceeded,
		},
		{
			name: "deleted after its time to live", wantReason: v1alpha1.ReasonSucceeded, open: true,
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.TTLSecondsAfterFinished = new(int32) },
			during: func(o *harness.Operator) {
				o.Until("it is gone", func() bool { return o.Read(rewind) == nil })
			},
		},
		{
			name: "deleted after the call", wantReason: v1alpha1.ReasonSucceeded, open: true,
			during: then(whileBacktracking, func(o *harness.Operator) {
				o.Delete(rewind)
				o.Until("it is gone", func() bool { return o.Read(rewind) == nil })
			}),
		},
		{
			name: "its status is lost", wantReason: v1alpha1.ReasonSucceeded,
			during: then(whileBacktracking, world(func(env *harness.Env) { env.WipeStatus(rewind) })),
		},
	}
}

// waits are the lives that do not go on by themselves, or not for now.
func waits() []aRun {
	return []aRun{
		{name: "suspended", object: suspend, during: whileSuspended, open: true, wantReason: v1alpha1.ReasonSuspended},
		{
			name: "approval required", open: true, wantReason: v1alpha1.ReasonApprovalRequired,
			given: func(env *harness.Env) {
				for _, p := range harness.AdmissionPolicies(env.T) {
					env.Create(p)
				}
				env.Clock.Step(time.Hour) // the policies are older than the object
				policy(func(c *v1alpha1.AuroraClusterSpec) { c.Policy.Approval = v1alpha1.ApprovalRequired })(env)
			},
			during: at(v1alpha1.ConditionAdmitted, v1alpha1.ReasonApprovalRequired),
		},
		{
			name: "approval not enforced", open: true, wantReason: v1alpha1.ReasonApprovalNotEnforced,
			given:  policy(func(c *v1alpha1.AuroraClusterSpec) { c.Policy.Approval = v1alpha1.ApprovalRequired }),
			during: at(v1alpha1.ConditionAdmitted, v1alpha1.ReasonApprovalNotEnforced),
		},
		{
			name: "outside the window", open: true, wantReason: v1alpha1.ReasonOutsideWindow,
			given: policy(func(c *v1alpha1.AuroraClusterSpec) {
				c.Policy.Windows = []v1alpha1.StartWindow{{Schedule: "0 22 * * *", Duration: "1h"}}
			}),
			during: at(v1alpha1.ConditionAdmitted, v1alpha1.ReasonOutsideWindow),
		},
		{
			name: "no AuroraCluster", open: true, wantReason: v1alpha1.ReasonClusterNotFound,
			given:  func(env *harness.Env) { env.Must(env.API.Delete(context.Background(), env.ReadCluster("game"))) },
			during: at(v1alpha1.ConditionAdmitted, v1alpha1.ReasonClusterNotFound),
		},
		{
			name: "the AuroraCluster is not Ready", open: true, wantReason: v1alpha1.ReasonClusterNotReady,
			given:  func(env *harness.Env) { env.RDS.FailNext("*", local.FaultAccessDenied, 0) },
			during: at(v1alpha1.ConditionAdmitted, v1alpha1.ReasonClusterNotReady),
		},
		{
			name: "the Aurora cluster is not available", open: true, wantReason: v1alpha1.ReasonClusterNotAvailable,
			given:  harness.SetDBClusterStatus("modifying"),
			during: at(v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable),
		},
	}
}

// another is an AuroraBacktrack of the same cluster to another time.
func another(name string) *v1alpha1.AuroraBacktrack {
	b := harness.NewBacktrack(name)
	b.Spec.BacktrackTo = "2023-12-23T13:50:00Z"
	return b
}

// silence lets RDS answer nothing any more.
func silence(env *harness.Env) { env.RDS.FailNext("*", local.FaultConnectionReset, 0) }
