package backtrack_test

import (
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// TestConflictAtTheClaim has somebody write the object between the two halves of its claim. The half in the ledger is
// taken back, as RDS was certainly not asked on it: nobody waits for a record, and the first attempt is the first.
func TestConflictAtTheClaim(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	conflicted := false
	o, _ := env.NewCheckedOperator(func(m harness.Moment) error {
		if conflicted || m.After || m.What != "patch status AuroraBacktrack" || len(env.ReadCluster("game").Status.Backtracks) == 0 {
			return nil
		}
		conflicted = true
		env.Edit("undo", func(b *v1alpha1.AuroraBacktrack) { b.Labels = map[string]string{"seen": "yes"} })
		return nil
	})
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	o.Until("a conflict", func() bool { return conflicted })
	harness.Equal(t, "the number of calls after the conflict", env.Calls(), 0)
	harness.Equal(t, "the ledger after the conflict", env.Ledger(), "")
	b := o.Finish("undo")
	harness.Equal(t, "the path", harness.Path(b), fullPath)
	harness.Equal(t, "the number of calls", env.Calls(), 1)
	harness.Equal(t, "the attempt", b.Status.Claim.Attempt, 1)
	if took := b.Status.CompletedAt.Time().Sub(harness.StartTime); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

// TestLedgerKnowsTheRecordAtOnce has the record in the ledger while RDS is still at it: whatever becomes of the object
// then, nobody has to guess which record was its own.
func TestLedgerKnowsTheRecordAtOnce(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	b := o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
	harness.Equal(t, "the ledger", env.Ledger(), "pending undo")
	harness.Equal(t, "the record in it", env.ReadCluster("game").Status.Backtracks[0].ID, b.Status.Backtrack.ID)
}

// TestAdoptedClaimKeepsItsSkew has an operator whose clock is wrong, a call whose answer is lost, and an object that
// comes back without its status: the claim that it finds in the ledger is still judged by RDS's clock.
func TestAdoptedClaimKeepsItsSkew(t *testing.T) {
	for name, by := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.CreateDependents()
			env.RDS.FailNext("BacktrackDBCluster", local.FaultLostReply, 1)
			o := env.NewOperator(nil)
			o.ReplaceRDS(by, nil)
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonVerifyingOutcome)
			env.ForceDelete("undo")
			env.Create(harness.NewBacktrack("undo"))
			b := o.Finish("undo")
			harness.Equal(t, "the path", harness.Path(b), fullPath)
			harness.Equal(t, "the number of calls", env.Calls(), 1)
			if b.Status.Claim == nil {
				t.Fatal("it has no claim")
			}
			harness.Equal(t, "the claim's skew in seconds", time.Duration(b.Status.Claim.ClockSkew)*time.Second, -by)
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
			env := harness.New(t)
			env.CreateDependents()
			o := env.NewOperator(nil)
			o.ReconcileAll()
			env.Create(harness.NewBacktrack("undo"))
			o.Finish("undo")
			env.EditDBCluster(func(c *local.Cluster) { c.Backtracks[0].To = c.Backtracks[0].To.Add(test.beside) })
			o.LoseLedger()
			env.ForceDelete("undo")
			env.Create(harness.NewBacktrack("undo"))
			b := o.Finish("undo")
			harness.Equal(t, "the reason", harness.Verdict(b), test.wantReason)
			harness.Equal(t, "the number of calls", env.Calls(), test.wantCalls)
		})
	}
}

// TestWhatHasEndedStaysSo has RDS list a record as completed, which is written down though the ledger can't be, and
// then as applying once more, as a lagging copy may: nothing goes backward.
func TestWhatHasEndedStaysSo(t *testing.T) {
	t.Parallel()
	env := harness.New(t)
	env.CreateDependents()
	refused := false
	o, _ := env.NewCheckedOperator(func(m harness.Moment) error {
		b := env.Read("undo")
		if b == nil || b.Status.Backtrack == nil || m.After || m.What != "patch status AuroraCluster" ||
			b.Status.Backtrack.Status == rds.StatusCompleted || env.RecordStatus(b.Status.Backtrack.ID) != rds.StatusCompleted {
			return nil
		}
		refused = true
		return apierrors.NewTooManyRequests("slow down", 1)
	})
	lagged := false
	o.ReplaceRDS(0, func(action, body string) string {
		if b := env.Read("undo"); !lagged && b != nil && b.Status.Backtrack != nil && b.Status.Backtrack.Status == rds.StatusCompleted {
			lagged = env.Clock.Now().After(harness.StartTime.Add(40 * time.Second))
			return harness.ReplaceStatus("completed", "applying")(action, body)
		}
		return body
	})
	o.ReconcileAll()
	env.Create(harness.NewBacktrack("undo"))
	completed := false
	o.Until("undo finished", func() bool {
		b := env.Read("undo")
		if b.Status.Backtrack != nil {
			if completed && b.Status.Backtrack.Status != rds.StatusCompleted {
				t.Fatalf("the record was completed and reads %q", b.Status.Backtrack.Status)
			}
			completed = b.Status.Backtrack.Status == rds.StatusCompleted
		}
		return b.Status.CompletedAt != ""
	})
	harness.Equal(t, "that the ledger could not be written", refused, true)
	harness.Equal(t, "the path", harness.Path(env.Read("undo")), fullPath)
}
