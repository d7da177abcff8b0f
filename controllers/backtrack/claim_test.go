package backtrack

import (
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestConflictAtTheClaim has somebody write the object between the two halves of its claim. The half in the ledger is
// taken back, as RDS was certainly not asked on it: nobody waits for a record, and the first attempt is the first.
func TestConflictAtTheClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	conflicted := false
	o, _ := w.watched(func(m moment) error {
		if conflicted || m.After || m.What != "patch status AuroraBacktrack" || len(w.readCluster("game").Status.Backtracks) == 0 {
			return nil
		}
		conflicted = true
		w.edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Labels = map[string]string{"seen": "yes"} })
		return nil
	})
	o.round()
	w.create(undo("undo"))
	o.until("a conflict", func() bool { return conflicted })
	equal(t, "the number of calls after the conflict", w.asked(), 0)
	equal(t, "the ledger after the conflict", w.ledger(), "")
	b := o.finish("undo")
	equal(t, "the path", path(b), fullPath)
	equal(t, "the number of calls", w.asked(), 1)
	equal(t, "the attempt", b.Status.Claim.Attempt, 1)
	if took := b.Status.CompletedAt.Time().Sub(start); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

// TestLedgerKnowsTheRecordAtOnce has the record in the ledger while RDS is still at it: whatever becomes of the object
// then, nobody has to guess which record was its own.
func TestLedgerKnowsTheRecordAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	o, _ := w.watched(nil)
	o.round()
	w.create(undo("undo"))
	b := o.waits("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	equal(t, "the ledger", w.ledger(), "pending undo")
	equal(t, "the record in it", w.readCluster("game").Status.Backtracks[0].ID, b.Status.Backtrack.ID)
}

// TestAdoptedClaimKeepsItsSkew has an operator whose clock is wrong, a call whose answer is lost, and an object that
// comes back without its status: the claim that it finds in the ledger is still judged by RDS's clock.
func TestAdoptedClaimKeepsItsSkew(t *testing.T) {
	for name, by := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			w.rds.FailNext("BacktrackDBCluster", local.FaultLostReply, 1)
			o := w.newOperator(nil)
			o.asks(by, nil)
			o.round()
			w.create(undo("undo"))
			o.waits("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonVerifyingOutcome)
			w.force("undo")
			w.create(undo("undo"))
			b := o.finish("undo")
			equal(t, "the path", path(b), fullPath)
			equal(t, "the number of calls", w.asked(), 1)
			if b.Status.Claim == nil {
				t.Fatal("it has no claim")
			}
			equal(t, "the claim's skew in seconds", time.Duration(b.Status.Claim.ClockSkew)*time.Second, -by)
		})
	}
}

// TestSecondWitnessIsPrecise has the ledger lost after a rewind whose record shows whole seconds: RDS's history still tells
// that the wish came true. A backtrack to another second is another one.
func TestSecondWitnessIsPrecise(t *testing.T) {
	for name, test := range map[string]struct {
		beside time.Duration

		wantReason string
		wantCalls  int
	}{
		"less than a second before": {-999 * time.Millisecond, v1alpha1.ReasonAlreadyApplied, 1},
		"less than a second after":  {999 * time.Millisecond, v1alpha1.ReasonAlreadyApplied, 1},
		"a second after":            {time.Second, v1alpha1.ReasonSucceeded, 2},
		"half a minute before":      {-30 * time.Second, v1alpha1.ReasonSucceeded, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.dependents()
			o := w.newOperator(nil)
			o.round()
			w.create(undo("undo"))
			o.finish("undo")
			w.aurora(func(c *local.Cluster) { c.Backtracks[0].To = c.Backtracks[0].To.Add(test.beside) })
			o.forget()
			w.force("undo")
			w.create(undo("undo"))
			b := o.finish("undo")
			equal(t, "the reason", verdictOf(b), test.wantReason)
			equal(t, "the number of calls", w.asked(), test.wantCalls)
		})
	}
}

// TestWhatHasEndedStaysSo has RDS list a record as completed, which is written down though the ledger can't be, and
// then as applying once more, as a lagging copy may: nothing goes backward.
func TestWhatHasEndedStaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dependents()
	refused := false
	o, _ := w.watched(func(m moment) error {
		b := w.read("undo")
		if b == nil || b.Status.Backtrack == nil || m.After || m.What != "patch status AuroraCluster" ||
			b.Status.Backtrack.Status == rds.StatusCompleted || w.record(b.Status.Backtrack.ID) != rds.StatusCompleted {
			return nil
		}
		refused = true
		return apierrors.NewTooManyRequests("slow down", 1)
	})
	lagged := false
	o.asks(0, func(action, body string) string {
		if b := w.read("undo"); !lagged && b != nil && b.Status.Backtrack != nil && b.Status.Backtrack.Status == rds.StatusCompleted {
			lagged = w.clock.Now().After(start.Add(40 * time.Second))
			return says("completed", "applying")(action, body)
		}
		return body
	})
	o.round()
	w.create(undo("undo"))
	completed := false
	o.until("undo finished", func() bool {
		b := w.read("undo")
		if b.Status.Backtrack != nil {
			if completed && b.Status.Backtrack.Status != rds.StatusCompleted {
				t.Fatalf("the record was completed and reads %q", b.Status.Backtrack.Status)
			}
			completed = b.Status.Backtrack.Status == rds.StatusCompleted
		}
		return b.Status.CompletedAt != ""
	})
	equal(t, "that the ledger could not be written", refused, true)
	equal(t, "the path", path(w.read("undo")), fullPath)
}
