package backtrack_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestTwinsMeet has two AuroraClusters turn out to stand for the same Aurora cluster, and the other one be locked between
// the look at it and the lock of one's own. Nobody goes on beside the other; the younger one gives way.
func TestTwinsMeet(t *testing.T) {
	for name, test := range map[string]struct {
		own, other string // AuroraClusters; game is the older one
		wantHeld   bool
	}{
		"the older one keeps its lock and waits": {own: "game", other: "later", wantHeld: true},
		"the younger one gives its lock back":    {own: "later", other: "game"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.Clock.Step(time.Second)
			env.AddDBCluster("othercluster")
			env.Create(harness.NewAuroraCluster("later", "othercluster"))
			beside := harness.NewBacktrack("beside")
			beside.Spec.ClusterRef.Name = "nowhere"
			env.Create(beside)
			met := false
			o := env.NewOperator(func(m harness.Moment) error {
				b := env.Read("undo")
				if about := m.What == "patch status AuroraCluster" && !m.After; about && !met && b != nil && len(b.Finalizers) > 0 {
					met = true
					id := env.ReadCluster(test.own).Status.DBClusterResourceID
					c := env.ReadCluster(test.other)
					c.Status.DBClusterResourceID = id
					holder := harness.Reference(env.Read("beside"))
					c.Status.ActiveBacktrack = &holder
					env.Must(env.API.Status().Update(t.Context(), c))
				}
				return nil
			})
			o.ReconcileAll()
			b := harness.NewBacktrack("undo")
			b.Spec.ClusterRef.Name = test.own
			env.Create(b)
			b = o.WaitFor("undo", v1alpha1.ConditionAdmitted, v1alpha1.ReasonQueued)
			harness.Equal(t, "the message", env.Message(b, v1alpha1.ConditionAdmitted), "AuroraCluster "+test.other+" names the same Aurora cluster and is being rewound")
			harness.Equal(t, "holding the lock", harness.HoldsLock(env.ReadCluster(test.own), b), test.wantHeld)
			env.Must(env.API.Delete(t.Context(), env.Read("beside")))
			o.Finish("undo")
			harness.Equal(t, "the number of accepted calls", env.AcceptedCalls(), 1)
		})
	}
}

// TestLockIsRegained has an AuroraCluster taken away by force and created again while a rewind of it is under way: the
// next one waits all the same.
func TestLockIsRegained(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Finalizers = nil })
	env.Must(env.API.Delete(t.Context(), env.ReadCluster("game")))
	env.Create(harness.NewAuroraCluster("game", "testcluster"))
	env.Create(harness.NewBacktrack("later"))
	o.Until("both at their end", func() bool {
		first, second := env.Read("undo"), env.Read("later")
		if second.Status.StartedAt != "" && first.Status.CompletedAt == "" {
			t.Fatal("the later one started while the first was under way")
		}
		return first.Status.CompletedAt != "" && second.Status.CompletedAt != ""
	})
	harness.Equal(t, "the path", harness.Path(env.Read("undo")), fullPath)
	entries := env.ReadCluster("game").Status.Backtracks
	if !slices.ContainsFunc(entries, func(e v1alpha1.LedgerEntry) bool { return e.RequestedBy != nil && e.RequestedBy.Name == "undo" }) {
		t.Errorf("the new ledger has %+v", entries)
	}
}
