package backtrack_test

import (
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestNoWayToObserve has RDS stop answering for the cluster after the call, for good: the run ends as unknown, what is paused
// comes back, and the object and the AuroraCluster can be deleted.
func TestNoWayToObserve(t *testing.T) {
	for name, lose := range map[string]func(*harness.Env){
		"access is withdrawn": func(env *harness.Env) {
			env.Must(env.RDS.SetFaults([]local.Fault{{Operation: "*", Error: local.FaultAccessDenied, Count: 100_000}}))
		},
		"RDS is never reached again": func(env *harness.Env) {
			env.Must(env.RDS.SetFaults([]local.Fault{{Operation: "*", Error: local.FaultConnectionReset, Count: 100_000}}))
		},
		"the cluster is renamed or deleted": func(env *harness.Env) { env.EditDBCluster(rename) },
		"the cluster is replaced by another": func(env *harness.Env) {
			env.EditDBCluster(rename)
			env.AddDBCluster("testcluster")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			o := env.NewOperator(nil)
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
			lose(env)
			b := o.Finish("undo")
			harness.Equal(t, "the reason", harness.Condition(b, v1alpha1.ConditionSucceeded).Reason, v1alpha1.ReasonOutcomeUnknown)
			harness.Equal(t, "the number of calls", env.Calls(), 1)
			env.CheckNothingPaused()
			env.DeleteIfPresent("undo")
			o.Until("undo is gone", func() bool { return env.Read("undo") == nil })
		})
	}
}

func rename(c *local.Cluster) { c.Identifier = "renamed" }
