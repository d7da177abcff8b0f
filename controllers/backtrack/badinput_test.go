package backtrack

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestBadInput has everything that ends an object before anything is touched: nothing is called, nothing is
// paused or restarted.
func TestBadInput(t *testing.T) {
	for name, e := range map[string]ending{
		"no time": {
			object:      to("soon"),
			wantReason:  v1alpha1.ReasonInvalidSpec,
			wantMessage: `spec.backtrackTo: "soon" is not an absolute time with a zone and a fraction of at most milliseconds, such as 2023-12-23T13:55:00Z`,
			wantPath:    "Admitted=False/InvalidSpec",
		},
		"no deadline": {
			object:      func(b *v1alpha1.AuroraBacktrack) { b.Spec.StartDeadline = "2023-12-23T24:00:00Z" },
			wantReason:  v1alpha1.ReasonInvalidSpec,
			wantMessage: `spec.startDeadline: "2023-12-23T24:00:00Z" is not a time: the day, the hour or the zone does not exist`,
			wantPath:    "Admitted=False/InvalidSpec",
		},
		"a time in the future": {
			object:      to("2023-12-23T14:10:00.001Z"),
			wantReason:  v1alpha1.ReasonTargetInFuture,
			wantMessage: `spec.backtrackTo 2023-12-23T14:10:00.001Z does not lie in the past (RDS's clock reads 2023-12-23T14:10:00Z): create a new AuroraBacktrack with a time that has passed`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/TargetInFuture",
		},
		"this very moment": {
			object:      to("2023-12-23T14:10:00Z"),
			wantReason:  v1alpha1.ReasonTargetInFuture,
			wantMessage: `spec.backtrackTo 2023-12-23T14:10:00Z does not lie in the past (RDS's clock reads 2023-12-23T14:10:00Z): create a new AuroraBacktrack with a time that has passed`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/TargetInFuture",
		},
		"a time before the window": {
			object:      to("2023-12-23T12:09:59Z"),
			wantReason:  v1alpha1.ReasonTargetBeforeWindow,
			wantMessage: `spec.backtrackTo 2023-12-23T12:09:59Z is before the earliest time that the cluster can be rewound to, 2023-12-23T12:10:00Z: create a new AuroraBacktrack with a later time, or with useEarliestTimeOnPointInTimeUnavailable: true`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/TargetBeforeWindow",
		},
		"a time that no window reaches": {
			object: func(b *v1alpha1.AuroraBacktrack) {
				b.Spec.BacktrackTo, b.Spec.UseEarliestTimeOnPointInTimeUnavailable = "2023-12-20T14:09:59Z", true
			},
			wantReason:  v1alpha1.ReasonTargetBeforeWindow,
			wantMessage: `spec.backtrackTo 2023-12-20T14:09:59Z is more than 72h ago, which no backtrack window reaches: restore a snapshot instead`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/TargetBeforeWindow",
		},
		"the year 0": {
			object:      to("0000-01-01T00:00:00Z"),
			wantReason:  v1alpha1.ReasonTargetBeforeWindow,
			wantMessage: `spec.backtrackTo 0000-01-01T00:00:00Z is more than 72h ago, which no backtrack window reaches: restore a snapshot instead`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/TargetBeforeWindow",
		},
		"the year 9999": {
			object:      to("9999-12-31T23:59:59.999Z"),
			wantReason:  v1alpha1.ReasonTargetInFuture,
			wantMessage: `spec.backtrackTo 9999-12-31T23:59:59.999Z does not lie in the past (RDS's clock reads 2023-12-23T14:10:00Z): create a new AuroraBacktrack with a time that has passed`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/TargetInFuture",
		},
		"further back than the policy allows": {
			given: func(w *world) {
				w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.MaxRewind = "10m" })
			},
			wantReason:  v1alpha1.ReasonMaxRewindExceeded,
			wantMessage: `spec.backtrackTo 2023-12-23T13:55:00Z is 15m0s ago; AuroraCluster game allows at most 10m (policy.maxRewind)`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/MaxRewindExceeded",
		},
		"force, which the policy does not allow": {
			object:      func(b *v1alpha1.AuroraBacktrack) { b.Spec.Force = true },
			wantReason:  v1alpha1.ReasonForceNotAllowed,
			wantMessage: `spec.force is not allowed by AuroraCluster game (policy.allowForce): create a new AuroraBacktrack without it`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/ForceNotAllowed",
		},
		"a deadline that has passed": {
			object:      func(b *v1alpha1.AuroraBacktrack) { b.Spec.StartDeadline = "2023-12-23T15:09:59+01:00" },
			wantReason:  v1alpha1.ReasonExpired,
			wantMessage: `spec.startDeadline 2023-12-23T15:09:59+01:00 has passed; the database was not touched: create a new AuroraBacktrack if it is still wanted`,
			wantPath:    "Admitted=False/Expired",
		},
		"a namespace that is not allowed": {
			given: func(w *world) {
				w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces.Names = []string{"other"} })
			},
			wantReason:  v1alpha1.ReasonNamespaceNotAllowed,
			wantMessage: `AuroraCluster game does not allow namespace game to rewind it: whoever runs the platform can add it to spec.allowedNamespaces`,
			wantPath:    "Admitted=False/NamespaceNotAllowed",
		},
		"nobody is allowed": {
			given: func(w *world) {
				w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
			},
			wantReason:  v1alpha1.ReasonNamespaceNotAllowed,
			wantMessage: `AuroraCluster game does not allow namespace game to rewind it: whoever runs the platform can add it to spec.allowedNamespaces`,
			wantPath:    "Admitted=False/NamespaceNotAllowed",
		},
		"Aurora PostgreSQL": {
			given:       func(w *world) { w.aurora(func(c *local.Cluster) { c.Engine = "aurora-postgresql" }) },
			wantReason:  v1alpha1.ReasonEngineNotSupported,
			wantMessage: `Aurora cluster testcluster runs engine aurora-postgresql; only aurora-mysql can backtrack`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/EngineNotSupported",
		},
		"Aurora Serverless v1": {
			given:       func(w *world) { w.aurora(func(c *local.Cluster) { c.EngineMode = "serverless" }) },
			wantReason:  v1alpha1.ReasonEngineNotSupported,
			wantMessage: `Aurora cluster testcluster is Aurora Serverless v1, which can't backtrack; move it to a provisioned cluster`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/EngineNotSupported",
		},
		"a Global Database": {
			given:       func(w *world) { w.aurora(func(c *local.Cluster) { c.EngineMode = "global" }) },
			wantReason:  v1alpha1.ReasonEngineNotSupported,
			wantMessage: `Aurora cluster testcluster belongs to a Global Database, which can't backtrack`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/EngineNotSupported",
		},
		"backtracking is off": {
			given:       func(w *world) { w.aurora(func(c *local.Cluster) { c.BacktrackWindow = 0 }) },
			wantReason:  v1alpha1.ReasonBacktrackNotEnabled,
			wantMessage: `backtracking is off for Aurora cluster testcluster (BacktrackWindow is 0); it can only be turned on when a cluster is created, restored or cloned: restore or clone it with --backtrack-window`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/BacktrackNotEnabled",
		},
		"a dependent that does not exist": {
			given: func(w *world) {
				w.editCluster("game", func(c *v1alpha1.AuroraCluster) {
					c.Spec.Dependents = []v1alpha1.Dependent{{Kind: "Deployment", Namespace: "game", Name: "game-apy"}}
				})
			},
			wantReason:  v1alpha1.ReasonDependentNotFound,
			wantMessage: `Deployment game/game-apy does not exist: correct the entry of spec.dependents, or remove it`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/DependentNotFound",
		},
		"a Deployment that is paused": {
			given:       func(w *world) { w.editDeployment("game-api", func(d *appsv1.Deployment) { d.Spec.Paused = true }) },
			wantReason:  v1alpha1.ReasonDependentNotSound,
			wantMessage: `Deployment game/game-api is paused (spec.paused), so its pods would not be replaced: run kubectl rollout resume, or give it strategy None`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/DependentNotSound",
		},
		"a strategy that is none": {
			given: func(w *world) {
				w.editDeployment("game-api", func(d *appsv1.Deployment) { d.Annotations[v1alpha1.StrategyAnnotation] = "Reboot" })
			},
			wantReason:  v1alpha1.ReasonDependentNotSound,
			wantMessage: `Deployment game/game-api: the annotation aurora-backtrack.io/strategy is "Reboot": it must be Restart, Pause or None`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/DependentNotSound",
		},
		"six dependents that do not exist": {
			given: func(w *world) {
				w.editCluster("game", func(c *v1alpha1.AuroraCluster) {
					for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
						c.Spec.Dependents = append(c.Spec.Dependents, v1alpha1.Dependent{Kind: "Deployment", Namespace: "game", Name: name})
					}
				})
			},
			wantReason:  v1alpha1.ReasonDependentNotFound,
			wantMessage: `Deployment game/a does not exist: correct the entry of spec.dependents, or remove it; Deployment game/b does not exist: correct the entry of spec.dependents, or remove it; Deployment game/c does not exist: correct the entry of spec.dependents, or remove it; Deployment game/d does not exist: correct the entry of spec.dependents, or remove it; Deployment game/e does not exist: correct the entry of spec.dependents, or remove it; and 1 more`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/DependentNotFound",
		},
		"cancelled from the start": {
			object:      func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true },
			wantReason:  v1alpha1.ReasonCancelled,
			wantMessage: `cancelled before RDS was asked; the database was not touched`,
			wantPath:    "Admitted=False/Cancelled",
		},
	} {
		t.Run(name, e.run)
	}
}

func to(time v1alpha1.Timestamp) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo = time }
}

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
			wantMessage: `suspended by spec.suspend; the preflight would not pass now (TargetInFuture): spec.backtrackTo 2023-12-23T14:15:00Z does not lie in the past (RDS's clock reads 2023-12-23T14:10:00Z): create a new AuroraBacktrack with a time that has passed`,
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
