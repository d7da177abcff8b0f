package backtrack_test

import (
	"context"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestWaits has what an object waits for: what a person reads meanwhile, that nothing is called or touched,
// and that it goes on by itself once the trouble is over.
func TestWaits(t *testing.T) {
	missing := func(env *harness.Env) { // the AuroraCluster is written before the Aurora cluster exists
		if err := env.API.Delete(context.Background(), env.ReadCluster("game")); err != nil {
			env.T.Fatal(err)
		}
		env.Create(harness.NewAuroraCluster("game", "other"))
	}
	for name, test := range map[string]struct {
		given  func(*harness.Env)
		object func(*v1alpha1.AuroraBacktrack)
		remedy func(*harness.Env)

		wantCondition string
		wantReason    string
		wantMessage   string
	}{
		"an AuroraCluster that does not exist": {
			given: func(env *harness.Env) {
				if err := env.API.Delete(context.Background(), env.ReadCluster("game")); err != nil {
					env.T.Fatal(err)
				}
			},
			remedy:        func(env *harness.Env) { env.Create(harness.NewAuroraCluster("game", "testcluster")) },
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotFound,
			wantMessage: `spec.clusterRef.name: there is no AuroraCluster "game"; create it, or create a new AuroraBacktrack with the right name (kubectl get auroraclusters)`,
		},
		"an Aurora cluster that does not exist": {
			given:         missing,
			remedy:        func(env *harness.Env) { env.AddDBCluster("other") },
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: clusterNotReady("DBClusterNotFound", "DescribeDBClusters: DBClusterNotFoundFault: DBCluster other not found: check spec.dbClusterIdentifier, spec.region and, for another account, spec.roleARN of the AuroraCluster"),
		},
		"a cluster that is not available": {
			given:         harness.SetDBClusterStatus("modifying"),
			remedy:        harness.SetDBClusterStatus(""),
			wantCondition: v1alpha1.ConditionPreflightPassed, wantReason: v1alpha1.ReasonClusterNotAvailable,
			wantMessage: mustBeAvailable("modifying"),
		},
		"a status that nobody knows": {
			given:         harness.SetDBClusterStatus("Renaming-Itself"),
			remedy:        harness.SetDBClusterStatus(""),
			wantCondition: v1alpha1.ConditionPreflightPassed, wantReason: v1alpha1.ReasonClusterNotAvailable,
			wantMessage: mustBeAvailable("renaming-itself"),
		},
		"it is suspended": {
			object:        func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			remedy:        func(env *harness.Env) { env.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false }) },
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonSuspended,
			wantMessage: `suspended by spec.suspend; the preflight would pass: rewinds Aurora cluster testcluster by 15m0s to 2023-12-23T13:55:00Z, pauses 1 workload meanwhile, restarts 1 workload afterwards`,
		},
		"it is suspended and would not pass": {
			given:  harness.SetDBClusterStatus("modifying"),
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			remedy: func(env *harness.Env) {
				harness.SetDBClusterStatus("")(env)
				env.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
			},
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonSuspended,
			wantMessage: `suspended by spec.suspend; the preflight would not pass now (ClusterNotAvailable): Aurora cluster testcluster reads "modifying" and must read available first`,
		},
		"it is suspended, with a time in the future": {
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend, b.Spec.BacktrackTo = true, "2023-12-23T14:15:00Z" },
			remedy: func(env *harness.Env) {
				env.Clock.Step(10 * time.Minute)
				env.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
			},
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonSuspended,
			wantMessage: `suspended by spec.suspend; the preflight would not pass now (TargetInFuture): spec.backtrackTo 2023-12-23T14:15:00Z does not lie in the past (RDS's clock reads 2023-12-23T14:10:00.001Z): create a new AuroraBacktrack with a time that has passed`,
		},
		"RDS denies": {
			given:         func(env *harness.Env) { env.RDS.FailNext("*", local.FaultAccessDenied, 0) },
			remedy:        harness.ClearFaults,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: clusterNotReady("AccessDenied", accessDenied("DescribeDBClusters")),
		},
		"RDS does not answer": {
			given:         func(env *harness.Env) { env.RDS.FailNext("*", local.FaultConnectionReset, 0) },
			remedy:        harness.ClearFaults,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: clusterNotReady("RDSUnreachable", `DescribeDBClusters: no answer: Post "http://rds.local/": read tcp: connection reset by peer`),
		},
		"RDS has trouble": {
			given:         func(env *harness.Env) { env.RDS.FailNext("*", local.FaultServiceUnavailable, 0) },
			remedy:        harness.ClearFaults,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: clusterNotReady("RDSUnreachable", "DescribeDBClusters: ServiceUnavailable: The request has failed due to a temporary failure of the server."),
		},
		"RDS asks to slow down": {
			given:         func(env *harness.Env) { env.RDS.FailNext("*", local.FaultThrottling, 0) },
			remedy:        harness.ClearFaults,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: clusterNotReady("Throttled", "DescribeDBClusters: ThrottlingException: Rate exceeded"),
		},
		"only the history is denied": {
			given:         func(env *harness.Env) { env.RDS.FailNext("DescribeDBClusterBacktracks", local.FaultAccessDenied, 0) },
			remedy:        harness.ClearFaults,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: clusterNotReady("AccessDenied", accessDenied("DescribeDBClusterBacktracks")),
		},
		"a backtrack of somebody else is under way": {
			given: func(env *harness.Env) {
				env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z")
				env.Clock.Step(5 * time.Second)
			},
			remedy:        func(env *harness.Env) { env.Clock.Step(time.Minute) },
			wantCondition: v1alpha1.ConditionPreflightPassed, wantReason: v1alpha1.ReasonClusterNotAvailable,
			wantMessage: mustBeAvailable("backtracking"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			if test.given != nil {
				test.given(env)
			}
			o, _ := env.NewCheckedOperator(nil)
			o.ReconcileAll()
			b := harness.NewBacktrack("undo")
			if test.object != nil {
				test.object(b)
			}
			env.Create(b)
			b = o.WaitFor("undo", test.wantCondition, test.wantReason)
			if b.Spec.Suspend { // its plan is made in its second look
				o.ReconcileAll()
				b = env.Read("undo")
			}
			harness.Equal(t, "the message", env.Message(b, test.wantCondition), test.wantMessage)
			harness.Equal(t, "the message of Succeeded", env.Message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
			asked := env.Calls()
			env.CheckRestored(b, false)

			test.remedy(env)
			b = o.Finish("undo")
			harness.Equal(t, "the number of calls", env.Calls(), asked+1)
			harness.Equal(t, "the path", harness.Path(b), fullPath)
			env.CheckRestored(b, true)
		})
	}
}
