package backtrack

import (
	"strings"
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// restarter is what the newest restart of game-api was for, readable.
func (w *world) restarter() string {
	w.t.Helper()
	return w.readable(w.readDeployment("game-api").Spec.Template.Annotations[v1alpha1.RestartedByAnnotation])
}

// TestRestartedOnce has the dependents restarted after a backtrack made elsewhere, and then by a rewind of ours:
// nothing restarts them once more for the first one.
func TestRestartedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.RestartOnExternalBacktrack = true })
	o := w.newOperator(nil)
	o.elapse(time.Minute)
	w.elsewhere("testcluster", "2023-12-23T13:00:00Z")
	o.until("game-api restarted and up", func() bool { return len(w.clusterEvents(v1alpha1.ReasonDependentsRestarted)) == 1 })
	equal(t, "who restarted game-api", w.restarter(), "#1")
	w.create(undo("undo"))
	b := o.finish("undo")
	equal(t, "who restarted game-api then", w.restarter(), string(b.UID))
	generation := w.readDeployment("game-api").Generation
	o.elapse(20 * time.Minute)
	w.newOperator(nil).elapse(20 * time.Minute)
	equal(t, "who restarted game-api in the end", w.restarter(), string(b.UID))
	equal(t, "the generation of game-api in the end", w.readDeployment("game-api").Generation, generation)
	equal(t, "the ledger", w.ledger(), "completed elsewhere, completed undo")
}

// TestOneRestartForSeveral has two backtracks made elsewhere while the operator was away: both are told, and one
// restart, after the newer one, serves for both.
func TestOneRestartForSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	w.editCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.RestartOnExternalBacktrack = true })
	w.newOperator(nil).elapse(time.Minute)
	for range 2 {
		w.elsewhere("testcluster", "2023-12-23T13:00:00Z")
		w.clock.Step(2 * time.Minute)
	}
	before := w.readDeployment("game-api").Generation
	o := w.newOperator(nil)
	o.elapse(20 * time.Minute)
	equal(t, "who restarted game-api", w.restarter(), "#2")
	equal(t, "the generation of game-api", w.readDeployment("game-api").Generation, before+1)
	equal(t, "what was told of them", len(w.clusterEvents(v1alpha1.ReasonExternalBacktrack)), 2)
	restarts := strings.Join(w.clusterEvents(v1alpha1.ReasonDependentsRestarted), "; ")
	if strings.Count(restarts, "Normal") != 1 || !strings.Contains(restarts, "backtrack #2") {
		t.Errorf("told of the restarts was %s", restarts)
	}
	for _, e := range w.readCluster("game").Status.Backtracks {
		if e.DependentsRestartedAt == "" {
			t.Errorf("%s counts as owed a restart", w.readable(e.ID))
		}
	}
}
