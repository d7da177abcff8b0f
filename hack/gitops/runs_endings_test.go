package gitops_test

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// refusals are the lives that end before anything is touched.
func refusals() []aRun {
	to := func(time v1alpha1.Timestamp) func(*v1alpha1.AuroraBacktrack) {
		return func(b *v1alpha1.AuroraBacktrack) { b.Spec.BacktrackTo = time }
	}
	database := func(change func(*local.Cluster)) func(*harness.Env) {
		return func(env *harness.Env) { env.EditDBCluster(change) }
	}
	lists := func(d v1alpha1.Dependent) func(*harness.Env) {
		return policy(func(c *v1alpha1.AuroraClusterSpec) { c.Dependents = []v1alpha1.Dependent{d} })
	}
	return []aRun{
		{name: "no time", object: to("soon"), wantReason: v1alpha1.ReasonInvalidSpec},
		{name: "the future", object: to("2023-12-24T00:00:00Z"), wantReason: v1alpha1.ReasonTargetInFuture},
		{name: "before the window", object: to("2023-12-23T12:00:00Z"), wantReason: v1alpha1.ReasonTargetBeforeWindow},
		{
			name: "too far back", wantReason: v1alpha1.ReasonMaxRewindExceeded,
			given: policy(func(c *v1alpha1.AuroraClusterSpec) { c.Policy.MaxRewind = "10m" }),
		},
		{
			name: "force is not allowed", wantReason: v1alpha1.ReasonForceNotAllowed,
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.Force = true },
		},
		{
			name: "the deadline has passed", wantReason: v1alpha1.ReasonExpired,
			object: func(b *v1alpha1.AuroraBacktrack) { b.Spec.StartDeadline = "2023-12-23T14:00:00Z" },
		},
		{
			name: "could not start in time", given: harness.SetDBClusterStatus("modifying"),
			wantReason: v1alpha1.ReasonExpired,
		},
		{
			name: "the namespace is not allowed", wantReason: v1alpha1.ReasonNamespaceNotAllowed,
			given: policy(func(c *v1alpha1.AuroraClusterSpec) { c.AllowedNamespaces.Names = nil }),
		},
		{
			name: "another engine", wantReason: v1alpha1.ReasonEngineNotSupported,
			given: database(func(c *local.Cluster) { c.Engine = "aurora-postgresql" }),
		},
		{
			name: "no backtrack window", wantReason: v1alpha1.ReasonBacktrackNotEnabled,
			given: database(func(c *local.Cluster) { c.BacktrackWindow = 0 }),
		},
		{
			name: "a dependent does not exist", wantReason: v1alpha1.ReasonDependentNotFound,
			given: lists(v1alpha1.Dependent{Kind: "Deployment", Namespace: "game", Name: "nobody"}),
		},
		{
			name: "a dependent can't be paused", wantReason: v1alpha1.ReasonDependentUnsupported,
			given: func(env *harness.Env) {
				set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: "cache"}}
				set.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
					WhenScaled: appsv1.DeletePersistentVolumeClaimRetentionPolicyType,
				}
				set.Spec.VolumeClaimTemplates = make([]corev1.PersistentVolumeClaim, 1)
				env.Create(set)
				lists(v1alpha1.Dependent{Kind: "StatefulSet", Namespace: "game", Name: "cache", Strategy: v1alpha1.StrategyPause})(env)
			},
		},
		{name: "cancelled", object: suspend, during: then(whileSuspended, edit(cancel)), wantReason: v1alpha1.ReasonCancelled},
	}
}

// endings are the lives that end without success after something was touched.
func endings() []aRun {
	return []aRun{
		{name: "cancelled while it pauses", during: then(whilePausing, edit(cancel)), wantReason: v1alpha1.ReasonCancelled},
		{
			name: "deleted while it pauses", wantReason: v1alpha1.ReasonDeleted, open: true,
			during: then(whilePausing, func(o *harness.Operator) {
				o.Delete(rewind)
				o.Until("it is gone", func() bool { return o.Read(rewind) == nil })
			}),
		},
		{name: "pods do not end", given: harness.KeepPodsOf("worker"), wantReason: v1alpha1.ReasonPauseTimedOut},
		{
			name: "somebody wakes a workload", given: harness.KeepPodsOf("worker"), wantReason: v1alpha1.ReasonPauseReverted,
			during: then(whilePausing, world(func(env *harness.Env) { env.Scale("worker", 3) })),
		},
		{
			name: "the Aurora cluster is replaced", wantReason: v1alpha1.ReasonClusterReplaced,
			during: then(whilePausing, world(func(env *harness.Env) { env.Must(env.RDS.RecreateCluster("testcluster", "")) })),
		},
		{
			name: "RDS refuses", wantReason: v1alpha1.ReasonRejected,
			given: func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.BinaryLogging = true }) },
		},
		{
			name: "IAM refuses", wantReason: v1alpha1.ReasonAccessDenied,
			given: func(env *harness.Env) { env.RDS.FailNext("BacktrackDBCluster", local.FaultAccessDenied, 1) },
		},
		{
			name: "RDS fails", wantReason: v1alpha1.ReasonFailed,
			given: func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.FailNextBacktrack = true }) },
		},
		{
			name: "nobody knows what became of it", wantReason: v1alpha1.ReasonOutcomeUnknown,
			during: then(whileBacktracking, world(silence)),
		},
		{
			name: "the AuroraCluster is taken away", wantReason: v1alpha1.ReasonClusterNotFound,
			during: then(whilePausing, world(takeClusterAway)),
		},
		{
			name: "the Aurora cluster does not come back", wantReason: v1alpha1.ReasonClusterNotAvailable,
			during: then(whileBacktracking, func(o *harness.Operator) {
				harness.SetDBClusterStatus("backtracking")(o.Env)
				o.WaitFor(rewind, v1alpha1.ConditionClusterAvailable, v1alpha1.ReasonBacktracking)
				o.Clock.Step(6 * time.Hour)
			}),
		},
		{
			name: "a dependent does not come up", wantReason: v1alpha1.ReasonReconnectTimedOut,
			given: func(env *harness.Env) {
				env.Kubelet = func(env *harness.Env) {
					if env.ReadDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation] == "" {
						harness.RollOut(env)
					}
				}
			},
		},
	}
}

// replays are wishes that come back.
func replays() []aRun {
	again := func(o *harness.Operator) {
		o.Finish(rewind)
		o.ForceDelete(rewind)
		o.Create(harness.NewBacktrack(rewind))
	}
	return []aRun{
		{name: "created again", during: again, wantReason: v1alpha1.ReasonAlreadyApplied},
		{
			name: "created again without a ledger", wantReason: v1alpha1.ReasonAlreadyApplied,
			during: func(o *harness.Operator) {
				o.Finish(rewind)
				o.ForceDelete(rewind)
				o.LoseLedger()
				o.Create(harness.NewBacktrack(rewind))
			},
		},
	}
}

func takeClusterAway(env *harness.Env) {
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Finalizers = nil })
	env.Must(env.API.Delete(context.Background(), env.ReadCluster("game")))
}
