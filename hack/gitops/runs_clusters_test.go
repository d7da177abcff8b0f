package gitops_test

import (
	"context"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// clusters are lives of an AuroraCluster without a rewind.
func clusters() []aRun {
	fails := func(fault string) func(*harness.Env) {
		return func(env *harness.Env) { env.RDS.FailNext("*", fault, 0) }
	}
	elapse := func(d time.Duration) func(*harness.Operator) {
		return func(o *harness.Operator) { o.Elapse(d) }
	}
	return []aRun{
		{name: "a cluster is ready", none: true, during: elapse(2 * time.Minute), wantReason: v1alpha1.ReasonReady},
		{
			name: "a cluster's spec changes", none: true, wantReason: v1alpha1.ReasonReady,
			during: then(
				world(policy(func(c *v1alpha1.AuroraClusterSpec) { c.Policy.MaxRewind = "24h" })), elapse(2*time.Minute),
			),
		},
		{name: "a cluster that IAM denies", none: true, given: fails(local.FaultAccessDenied), wantReason: v1alpha1.ReasonAccessDenied},
		{name: "a cluster without an answer", none: true, given: silence, wantReason: v1alpha1.ReasonRDSUnreachable},
		{name: "a cluster that is throttled", none: true, given: fails(local.FaultThrottling), wantReason: v1alpha1.ReasonThrottled},
		{
			name: "a cluster that loses its answer for a minute", none: true, wantReason: v1alpha1.ReasonReady,
			during: then(elapse(time.Minute), world(silence), elapse(time.Minute), world(harness.ClearFaults), elapse(2*time.Minute)),
		},
		{
			name: "a cluster that loses its answer for long", none: true, wantReason: v1alpha1.ReasonRDSUnreachable,
			during: then(elapse(time.Minute), world(silence), elapse(10*time.Minute)),
		},
		{
			name: "a cluster of another engine", none: true, wantReason: v1alpha1.ReasonEngineNotSupported,
			given: func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.Engine = "aurora-postgresql" }) },
		},
		{
			name: "a cluster without a backtrack window", none: true, wantReason: v1alpha1.ReasonBacktrackNotEnabled,
			given: func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.BacktrackWindow = 0 }) },
		},
		{
			name: "a cluster that RDS does not know", none: true, wantReason: v1alpha1.ReasonDBClusterNotFound,
			given: func(env *harness.Env) { env.EditDBCluster(func(c *local.Cluster) { c.Identifier = "renamed" }) },
		},
		{
			name: "a cluster with a window that is none", none: true, wantReason: v1alpha1.ReasonInvalidSpec,
			given: policy(func(c *v1alpha1.AuroraClusterSpec) {
				c.Policy.Windows = []v1alpha1.StartWindow{{Schedule: "0 99 * * *", Duration: "1h"}}
			}),
		},
		{
			name: "a cluster that another stands for", none: true, wantReason: v1alpha1.ReasonDuplicateTarget,
			given: func(env *harness.Env) {
				env.Clock.Step(time.Second)
				env.Create(harness.NewAuroraCluster("later", "testcluster"))
			},
			during: elapse(time.Minute),
		},
		{
			name: "a cluster that is deleted", none: true, wantReason: v1alpha1.ReasonReady,
			during: func(o *harness.Operator) {
				o.Must(o.API.Delete(context.Background(), o.ReadCluster("game")))
				o.Elapse(time.Minute)
			},
		},
	}
}
