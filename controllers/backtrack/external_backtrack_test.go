package backtrack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestRestartedOnce has the dependents restarted after a backtrack made elsewhere, and then by a rewind of ours:
// nothing restarts them once more for the first one.
func TestRestartedOnce(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.RestartOnExternalBacktrack = true })
	o := env.NewOperator(nil)
	o.Elapse(time.Minute)
	env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z")
	o.Until("game-api restarted and up", func() bool { return len(env.ClusterEvents(v1alpha1.ReasonDependentsRestarted)) == 1 })
	harness.Equal(t, "who restarted game-api", env.RestartedBy(), "#1")
	env.Create(harness.NewBacktrack("undo"))
	b := o.Finish("undo")
	harness.Equal(t, "who restarted game-api then", env.RestartedBy(), string(b.UID))
	generation := env.ReadDeployment("game-api").Generation
	o.Elapse(20 * time.Minute)
	env.NewOperator(nil).Elapse(20 * time.Minute)
	harness.Equal(t, "who restarted game-api in the end", env.RestartedBy(), string(b.UID))
	harness.Equal(t, "the generation of game-api in the end", env.ReadDeployment("game-api").Generation, generation)
	harness.Equal(t, "the ledger", env.Ledger(), "completed elsewhere, completed undo")
}

// TestOneRestartForSeveral has two backtracks made elsewhere while the operator was away: both are told, and one
// restart, after the newer one, serves for both.
func TestOneRestartForSeveral(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.RestartOnExternalBacktrack = true })
	env.NewOperator(nil).Elapse(time.Minute)
	for range 2 {
		env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z")
		env.Clock.Step(2 * time.Minute)
	}
	before := env.ReadDeployment("game-api").Generation
	o := env.NewOperator(nil)
	o.Elapse(20 * time.Minute)
	harness.Equal(t, "who restarted game-api", env.RestartedBy(), "#2")
	harness.Equal(t, "the generation of game-api", env.ReadDeployment("game-api").Generation, before+1)
	harness.Equal(t, "what was told of them", len(env.ClusterEvents(v1alpha1.ReasonExternalBacktrack)), 2)
	restarts := strings.Join(env.ClusterEvents(v1alpha1.ReasonDependentsRestarted), "; ")
	if strings.Count(restarts, "Normal") != 1 || !strings.Contains(restarts, "backtrack #2") {
		t.Errorf("told of the restarts was %s", restarts)
	}
	for _, e := range env.ReadCluster("game").Status.Backtracks {
		if e.DependentsRestartedAt == "" {
			t.Errorf("%s counts as owed a restart", env.Readable(e.ID))
		}
	}
}

// TestForeignBacktrackIsWaitedFor has somebody in the console rewind a cluster whose status lags: it still reads
// available. RDS's history tells, and RDS is not asked before that one is over.
func TestForeignBacktrackIsWaitedFor(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	env.RDS.SetTiming(local.Timing{Pending: time.Minute, Backtracking: 10 * time.Second, StatusLag: 10 * time.Minute})
	env.BacktrackElsewhere("testcluster", "2023-12-23T13:00:00Z")
	env.RDS.SetTiming(local.Timing{})
	env.Clock.Step(time.Second)
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	b := o.WaitFor("undo", v1alpha1.ConditionPreflightPassed, v1alpha1.ReasonClusterNotAvailable)
	harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionPreflightPassed), `backtrack #1 of the same cluster, requested at 2023-12-23T14:10:00Z, reads "pending" and must be over first`)
	harness.Equal(t, "the number of calls meanwhile", env.Calls(), 1) // the console's
	o.Finish("undo")
	c, err := env.RDS.Cluster("testcluster")
	env.Must(err)
	if ours, foreign := c.Backtracks[1].RequestedAt, c.Backtracks[0].Ended; ours.Before(foreign) {
		t.Errorf("RDS was asked at %s, and the other backtrack ended at %s", ours, foreign)
	}
}
