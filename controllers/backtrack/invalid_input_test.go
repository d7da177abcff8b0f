package backtrack_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
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
			wantMessage: notInThePast("2023-12-23T14:10:00.001Z", "2023-12-23T14:10:00Z"),
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/TargetInFuture",
		},
		"this very moment": {
			object:      to("2023-12-23T14:10:00Z"),
			wantReason:  v1alpha1.ReasonTargetInFuture,
			wantMessage: notInThePast("2023-12-23T14:10:00Z", "2023-12-23T14:10:00Z"),
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
			wantMessage: beyondEveryWindow("2023-12-20T14:09:59Z"),
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/TargetBeforeWindow",
		},
		"the year 0": {
			object:      to("0000-01-01T00:00:00Z"),
			wantReason:  v1alpha1.ReasonInvalidSpec,
			wantMessage: `spec.backtrackTo: "0000-01-01T00:00:00Z" is out of range: its year in UTC must be 0001 to 9998`,
			wantPath:    "Admitted=False/InvalidSpec",
		},
		"the year 9999": {
			object:      to("9999-12-31T23:59:59.999Z"),
			wantReason:  v1alpha1.ReasonInvalidSpec,
			wantMessage: `spec.backtrackTo: "9999-12-31T23:59:59.999Z" is out of range: its year in UTC must be 0001 to 9998`,
			wantPath:    "Admitted=False/InvalidSpec",
		},
		"further back than the policy allows": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.MaxRewind = "10m" })
			},
			wantReason:  v1alpha1.ReasonMaxRewindExceeded,
			wantMessage: `spec.backtrackTo 2023-12-23T13:55:00Z is 15m0s ago; AuroraCluster game allows at most 10m (policy.maxRewind)`,
			wantPath:    "Admitted=False/MaxRewindExceeded",
		},
		"force, which the policy does not allow": {
			object:      func(b *v1alpha1.AuroraBacktrack) { b.Spec.Force = true },
			wantReason:  v1alpha1.ReasonForceNotAllowed,
			wantMessage: `spec.force is not allowed by AuroraCluster game (policy.allowForce): create a new AuroraBacktrack without it`,
			wantPath:    "Admitted=False/ForceNotAllowed",
		},
		"a deadline that has passed": {
			object:      func(b *v1alpha1.AuroraBacktrack) { b.Spec.StartDeadline = "2023-12-23T15:09:59+01:00" },
			wantReason:  v1alpha1.ReasonExpired,
			wantMessage: deadlinePassed("2023-12-23T15:09:59+01:00"),
			wantPath:    "Admitted=False/Expired",
		},
		"a namespace that is not allowed": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces.Names = []string{"other"} })
			},
			wantReason:  v1alpha1.ReasonNamespaceNotAllowed,
			wantMessage: namespaceNotAllowed,
			wantPath:    "Admitted=False/NamespaceNotAllowed",
		},
		"nobody is allowed": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
			},
			wantReason:  v1alpha1.ReasonNamespaceNotAllowed,
			wantMessage: namespaceNotAllowed,
			wantPath:    "Admitted=False/NamespaceNotAllowed",
		},
		"Aurora PostgreSQL": {
			given:       func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.Engine = "aurora-postgresql" }) },
			wantReason:  v1alpha1.ReasonEngineNotSupported,
			wantMessage: `Aurora cluster testcluster runs engine aurora-postgresql; only aurora-mysql can backtrack`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/EngineNotSupported",
		},
		"Aurora Serverless v1": {
			given:       func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.EngineMode = "serverless" }) },
			wantReason:  v1alpha1.ReasonEngineNotSupported,
			wantMessage: `Aurora cluster testcluster is Aurora Serverless v1, which can't backtrack; move it to a provisioned cluster`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/EngineNotSupported",
		},
		"a Global Database": {
			given:       func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.EngineMode = "global" }) },
			wantReason:  v1alpha1.ReasonEngineNotSupported,
			wantMessage: `Aurora cluster testcluster belongs to a Global Database, which can't backtrack`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/EngineNotSupported",
		},
		"backtracking is off": {
			given:       func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.BacktrackWindow = 0 }) },
			wantReason:  v1alpha1.ReasonBacktrackNotEnabled,
			wantMessage: `backtracking is off for Aurora cluster testcluster (BacktrackWindow is 0); it can only be turned on when a cluster is created or restored from a snapshot: restore a snapshot of it with --backtrack-window`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/BacktrackNotEnabled",
		},
		"a dependent that does not exist": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
					c.Spec.Dependents = []v1alpha1.Dependent{{Kind: "Deployment", Namespace: "game", Name: "game-apy"}}
				})
			},
			wantReason:  v1alpha1.ReasonDependentNotFound,
			wantMessage: dependentNotFound("game-apy"),
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/DependentNotFound",
		},
		"a Deployment that is paused": {
			given: func(env *harness.Env) {
				env.EditDeployment("game-api", func(d *appsv1.Deployment) { d.Spec.Paused = true })
				listDependent(env, "game-api")
			},
			wantReason:  v1alpha1.ReasonDependentUnsupported,
			wantMessage: `Deployment game/game-api is paused (spec.paused), so its pods would not be replaced: run kubectl rollout resume, or give it strategy None`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/DependentUnsupported",
		},
		"a strategy that is none": {
			given: func(env *harness.Env) {
				env.EditDeployment("game-api", func(d *appsv1.Deployment) { d.Annotations[v1alpha1.StrategyAnnotation] = "Reboot" })
				listDependent(env, "game-api")
			},
			wantReason:  v1alpha1.ReasonDependentUnsupported,
			wantMessage: `Deployment game/game-api: the annotation aurora-backtrack.io/strategy is "Reboot": it must be Restart, Pause or None`,
			wantPath:    "Admitted=True/Admitted PreflightPassed=False/DependentUnsupported",
		},
		"six dependents that do not exist": {
			given: func(env *harness.Env) {
				env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
					for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
						c.Spec.Dependents = append(c.Spec.Dependents, v1alpha1.Dependent{Kind: "Deployment", Namespace: "game", Name: name})
					}
				})
			},
			wantReason: v1alpha1.ReasonDependentNotFound,
			wantMessage: strings.Join([]string{
				dependentNotFound("a"), dependentNotFound("b"), dependentNotFound("c"), dependentNotFound("d"), dependentNotFound("e"), "and 1 more",
			}, "; "),
			wantPath: "Admitted=True/Admitted PreflightPassed=False/DependentNotFound",
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

// listDependent names the Deployment in the AuroraCluster: one that is only labelled is left alone where it cannot be handled.
func listDependent(env *harness.Env, name string) {
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
		c.Spec.Dependents = []v1alpha1.Dependent{{Kind: "Deployment", Namespace: "game", Name: name}}
	})
}

func to(time v1alpha1.Timestamp) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo = time }
}
