package backtrack

import (
	"slices"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
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
			w := newWorld(t)
			w.clock.Step(time.Second)
			w.addAurora("othercluster")
			w.create(auroraCluster("later", "othercluster"))
			beside := undo("beside")
			beside.Spec.ClusterRef.Name = "nowhere"
			w.create(beside)
			met := false
			o := w.newOperator(func(m moment) error {
				b := w.read("undo")
				if about := m.What == "patch status AuroraCluster" && !m.After; about && !met && b != nil && len(b.Finalizers) > 0 {
					met = true
					id := w.readCluster(test.own).Status.DBClusterResourceID
					c := w.readCluster(test.other)
					c.Status.DBClusterResourceID = id
					holder := reference(w.read("beside"))
					c.Status.ActiveBacktrack = &holder
					w.must(w.api.Status().Update(t.Context(), c))
				}
				return nil
			})
			o.round()
			b := undo("undo")
			b.Spec.ClusterRef.Name = test.own
			w.create(b)
			b = o.waits("undo", v1alpha1.ConditionAdmitted, v1alpha1.ReasonQueued)
			equal(t, "the message", w.message(b, v1alpha1.ConditionAdmitted), "AuroraCluster "+test.other+" names the same Aurora cluster and is being rewound")
			equal(t, "holding the lock", holdsLock(w.readCluster(test.own), b), test.wantHeld)
			w.must(w.api.Delete(t.Context(), w.read("beside")))
			o.finish("undo")
			equal(t, "the number of accepted calls", w.accepted(), 1)
		})
	}
}

// TestLockIsRegained has an AuroraCluster taken away by force and created again while a rewind of it is under way: the
// next one waits all the same.
func TestLockIsRegained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	o, _ := w.watched(nil)
	o.round()
	w.create(undo("undo"))
	o.waits("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Finalizers = nil })
	w.must(w.api.Delete(t.Context(), w.readCluster("game")))
	w.create(auroraCluster("game", "testcluster"))
	w.create(undo("later"))
	o.until("both at their end", func() bool {
		first, second := w.read("undo"), w.read("later")
		if second.Status.StartedAt != "" && first.Status.CompletedAt == "" {
			t.Fatal("the later one started while the first was under way")
		}
		return first.Status.CompletedAt != "" && second.Status.CompletedAt != ""
	})
	equal(t, "the path", path(w.read("undo")), fullPath)
	entries := w.readCluster("game").Status.Backtracks
	if !slices.ContainsFunc(entries, func(e v1alpha1.LedgerEntry) bool { return e.RequestedBy != nil && e.RequestedBy.Name == "undo" }) {
		t.Errorf("the new ledger has %+v", entries)
	}
}
