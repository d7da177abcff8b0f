package backtrack

import (
	"context"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestWaits has what an object waits for: what a person reads meanwhile, that nothing is called or touched,
// and that it goes on by itself once the trouble is over.
func TestWaits(t *testing.T) {
	missing := func(w *world) { // the AuroraCluster is written before the Aurora cluster exists
		if err := w.api.Delete(context.Background(), w.readCluster("game")); err != nil {
			w.t.Fatal(err)
		}
		w.create(auroraCluster("game", "other"))
	}
	for name, test := range map[string]struct {
		given  func(*world)
		object func(*v1alpha1.AuroraBacktrack)
		remedy func(*world)

		wantCondition string
		wantReason    string
		wantMessage   string
	}{
		"an AuroraCluster that does not exist": {
			given: func(w *world) {
				if err := w.api.Delete(context.Background(), w.readCluster("game")); err != nil {
					w.t.Fatal(err)
				}
			},
			remedy:        func(w *world) { w.create(auroraCluster("game", "testcluster")) },
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotFound,
			wantMessage: `spec.clusterRef.name: there is no AuroraCluster "game"; create it, or create a new AuroraBacktrack with the right name (kubectl get auroraclusters)`,
		},
		"an Aurora cluster that does not exist": {
			given:         missing,
			remedy:        func(w *world) { w.addAurora("other") },
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: `AuroraCluster game is not Ready (DBClusterNotFound): DescribeDBClusters: DBClusterNotFoundFault: DBCluster other not found: check spec.dbClusterIdentifier, spec.region and, for another account, spec.roleARN of the AuroraCluster`,
		},
		"a cluster that is not available": {
			given:         auroraStatus("modifying"),
			remedy:        auroraStatus(""),
			wantCondition: v1alpha1.ConditionPreflightPassed, wantReason: v1alpha1.ReasonClusterNotAvailable,
			wantMessage: `Aurora cluster testcluster reads "modifying" and must read available first`,
		},
		"a status that nobody knows": {
			given:         auroraStatus("Renaming-Itself"),
			remedy:        auroraStatus(""),
			wantCondition: v1alpha1.ConditionPreflightPassed, wantReason: v1alpha1.ReasonClusterNotAvailable,
			wantMessage: `Aurora cluster testcluster reads "renaming-itself" and must read available first`,
		},
		"it is suspended": {
			object:        func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			remedy:        func(w *world) { w.edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false }) },
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonSuspended,
			wantMessage: `suspended by spec.suspend; the preflight would pass: rewinds Aurora cluster testcluster by 15m0s to 2023-12-23T13:55:00Z, pauses 1 workload meanwhile, restarts 1 workload afterwards`,
		},
		"it is suspended and would not pass": {
			given:  auroraStatus("modifying"),
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = true },
			remedy: func(w *world) {
				auroraStatus("")(w)
				w.edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
			},
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonSuspended,
			wantMessage: `suspended by spec.suspend; the preflight would not pass now (ClusterNotAvailable): Aurora cluster testcluster reads "modifying" and must read available first`,
		},
		"it is suspended, with a time in the future": {
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend, b.Spec.BacktrackTo = true, "2023-12-23T14:15:00Z" },
			remedy: func(w *world) {
				w.clock.Step(10 * time.Minute)
				w.edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = false })
			},
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonSuspended,
			wantMessage: `suspended by spec.suspend; the preflight would not pass now (TargetInFuture): spec.backtrackTo 2023-12-23T14:15:00Z does not lie in the past (RDS's clock reads 2023-12-23T14:10:00.001Z): create a new AuroraBacktrack with a time that has passed`,
		},
		"RDS denies": {
			given:         func(w *world) { w.rds.FailNext("*", local.FaultAccessDenied, 0) },
			remedy:        healed,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: `AuroraCluster game is not Ready (AccessDenied): DescribeDBClusters: AccessDenied: The caller is not authorized to perform this action: give the operator's IAM role rds:DescribeDBClusters, rds:DescribeDBClusterBacktracks and rds:BacktrackDBCluster on this cluster (docs/aws.md)`,
		},
		"RDS does not answer": {
			given:         func(w *world) { w.rds.FailNext("*", local.FaultConnectionReset, 0) },
			remedy:        healed,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: `AuroraCluster game is not Ready (RDSUnreachable): DescribeDBClusters: no answer: Post "http://rds.local/": read tcp: connection reset by peer`,
		},
		"RDS has trouble": {
			given:         func(w *world) { w.rds.FailNext("*", local.FaultServiceUnavailable, 0) },
			remedy:        healed,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: `AuroraCluster game is not Ready (RDSUnreachable): DescribeDBClusters: ServiceUnavailable: The request has failed due to a temporary failure of the server.`,
		},
		"RDS asks to slow down": {
			given:         func(w *world) { w.rds.FailNext("*", local.FaultThrottling, 0) },
			remedy:        healed,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: `AuroraCluster game is not Ready (Throttled): DescribeDBClusters: ThrottlingException: Rate exceeded`,
		},
		"only the history is denied": {
			given:         func(w *world) { w.rds.FailNext("DescribeDBClusterBacktracks", local.FaultAccessDenied, 0) },
			remedy:        healed,
			wantCondition: v1alpha1.ConditionAdmitted, wantReason: v1alpha1.ReasonClusterNotReady,
			wantMessage: `AuroraCluster game is not Ready (AccessDenied): DescribeDBClusterBacktracks: AccessDenied: The caller is not authorized to perform this action: give the operator's IAM role rds:DescribeDBClusters, rds:DescribeDBClusterBacktracks and rds:BacktrackDBCluster on this cluster (docs/aws.md)`,
		},
		"a backtrack of somebody else is under way": {
			given: func(w *world) {
				w.elsewhere("testcluster", "2023-12-23T13:00:00Z")
				w.clock.Step(5 * time.Second)
			},
			remedy:        func(w *world) { w.clock.Step(time.Minute) },
			wantCondition: v1alpha1.ConditionPreflightPassed, wantReason: v1alpha1.ReasonClusterNotAvailable,
			wantMessage: `Aurora cluster testcluster reads "backtracking" and must read available first`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			if test.given != nil {
				test.given(w)
			}
			o, _ := w.watched(nil)
			o.round()
			b := undo("undo")
			if test.object != nil {
				test.object(b)
			}
			w.create(b)
			b = o.waits("undo", test.wantCondition, test.wantReason)
			if b.Spec.Suspend { // its plan is made in its second look
				o.round()
				b = w.read("undo")
			}
			equal(t, "the message", w.message(b, test.wantCondition), test.wantMessage)
			equal(t, "the message of Succeeded", w.message(b, v1alpha1.ConditionSucceeded), test.wantMessage)
			asked := w.asked()
			w.asBefore(b, false)

			test.remedy(w)
			b = o.finish("undo")
			equal(t, "the number of calls", w.asked(), asked+1)
			equal(t, "the path", path(b), fullPath)
			w.asBefore(b, true)
		})
	}
}

func healed(w *world) {
	if err := w.rds.SetFaults(nil); err != nil {
		w.t.Fatal(err)
	}
}
