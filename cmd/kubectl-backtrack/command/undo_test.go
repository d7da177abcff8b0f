package command

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
)

// entry is a completed backtrack of a ledger; the object may be nil.
func entry(id string, from, to v1alpha1.Timestamp, b *v1alpha1.AuroraBacktrack) v1alpha1.LedgerEntry {
	e := v1alpha1.LedgerEntry{ID: id, RequestedAt: from, BacktrackedFrom: from, BacktrackTo: to, Status: "completed"}
	if b != nil {
		e.RequestedBy = &v1alpha1.ObjectReference{Namespace: b.Namespace, Name: b.Name, UID: b.UID}
	}
	return e
}

func ledger(entries ...v1alpha1.LedgerEntry) func(*v1alpha1.AuroraCluster) {
	return func(c *v1alpha1.AuroraCluster) { c.Status.Backtracks = entries }
}

var success = ended(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "the data is rewound")

func TestUndo(t *testing.T) {
	w := newWorld(t)
	from := v1alpha1.NewTimestamp(w.now.Add(-10*time.Minute + 123*time.Millisecond))
	b := w.object("back", w.recorded("bt-1", from, w.at(30*time.Minute)), success)
	w.cluster(ledger(entry("bt-1", from, w.at(30*time.Minute), b)))
	w.operates("the preflight would pass", w.rewinds()...)
	w.run("undo", "back", "--yes").want(exit.Succeeded, "undo of backtrack bt-1", "Succeeded")
	for _, object := range w.objects() {
		if object.Name == "back-undo" && object.Spec.BacktrackTo == from {
			return
		}
	}
	t.Errorf("the objects are %+v, want back-undo to %s", w.objects(), from)
}

func TestUndoByRecord(t *testing.T) {
	w := newWorld(t)
	b := w.object("gone")
	w.must(admin.Delete(t.Context(), b))
	w.cluster(ledger(entry("bt-1", w.at(50*time.Minute), w.at(90*time.Minute), b), entry("bt-2", w.at(20*time.Minute), w.at(60*time.Minute), nil)))
	yaml := []string{"--dry-run=client", "-o", "yaml"}
	w.run(append([]string{"undo", "--cluster", w.name}, yaml...)...).want(exit.Succeeded, `backtrackTo: "`+string(w.at(20*time.Minute))+`"`, "name: "+w.name+"-undo-")
	w.run(append([]string{"undo", "--cluster", w.name, "--record", "bt-1"}, yaml...)...).want(exit.Succeeded, `backtrackTo: "`+string(w.at(50*time.Minute))+`"`, "name: gone-undo")
}

func TestUndoRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		args  func(*world) []string
		setup func(*world)
		want  string
	}{
		"when it has left the window": {setup: func(w *world) {
			w.object("back", w.recorded("bt-1", w.at(3*time.Hour), w.at(4*time.Hour)), success)
			w.cluster()
		}, want: "has left the backtrack window, which reaches back to"},
		"when it was undone already": {setup: func(w *world) {
			w.object("back", w.recorded("bt-1", w.at(time.Hour), w.at(90*time.Minute)), success)
			w.cluster(ledger(entry("bt-1", w.at(time.Hour), w.at(90*time.Minute), nil), entry("bt-2", w.at(10*time.Minute), w.at(time.Hour), nil)))
		}, want: "was undone already, by backtrack bt-2"},
		"when nothing was changed": {setup: func(w *world) {
			w.object("back", ended(metav1.ConditionFalse, v1alpha1.ReasonCancelled, "cancelled"))
			w.cluster()
		}, want: "changed nothing in the database (Cancelled)"},
		"before RDS is asked": {setup: func(w *world) {
			w.object("back", waitsFor(v1alpha1.ReasonQueued, "another holds it"))
			w.cluster()
		}, want: "cancel it instead: kubectl backtrack cancel back"},
		"while it is under way": {setup: func(w *world) {
			w.object("back", w.recorded("bt-1", w.at(time.Minute), w.at(time.Hour)), func(b *v1alpha1.AuroraBacktrack) { b.Status.Backtrack.Status = "applying" })
			w.cluster()
		}, want: "is applying: wait until it is completed"},
		"when RDS reads failed": {setup: func(w *world) {
			w.object("back", w.recorded("bt-1", w.at(time.Minute), w.at(time.Hour)), func(b *v1alpha1.AuroraBacktrack) { b.Status.Backtrack.Status = "failed" })
			w.cluster()
		}, want: "leaves open what the data is"},
		"when the record does not say from when": {setup: func(w *world) {
			w.object("back", w.recorded("bt-1", w.at(time.Minute), w.at(time.Hour)), func(b *v1alpha1.AuroraBacktrack) { b.Status.Backtrack.BacktrackedFrom = "" })
			w.cluster()
		}, want: "does not say from when it went back"},
		"what does not exist": {setup: func(w *world) { w.cluster() }, want: `there is no AuroraBacktrack "back"`},
		"a record that does not exist": {
			setup: func(w *world) { w.cluster() }, args: func(w *world) []string { return []string{"--cluster", w.name, "--record", "bt-9"} }, want: `has no backtrack "bt-9"`,
		},
		"a cluster that was never rewound": {
			setup: func(w *world) { w.cluster() }, args: func(w *world) []string { return []string{"--cluster", w.name} }, want: "was never rewound",
		},
		"nothing at all": {setup: func(w *world) { w.cluster() }, args: func(*world) []string { return nil }, want: "say which backtrack"},
		"two things at once": {
			setup: func(w *world) { w.cluster() }, args: func(w *world) []string { return []string{"back", "--cluster", w.name} }, want: "say which backtrack",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			test.setup(w)
			args := []string{"back"}
			if test.args != nil {
				args = test.args(w)
			}
			before := len(w.objects())
			w.run(append([]string{"undo", "--yes"}, args...)...).want(exit.NotAsked, test.want)
			if after := len(w.objects()); after != before {
				t.Errorf("there are %d objects, want %d as before", after, before)
			}
		})
	}
}
