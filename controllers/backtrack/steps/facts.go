// Package steps holds the steps of a rewind, one file a step, and the facts that they decide from. It is pure: facts in,
// decision out. What a decision writes into the object's status is part of the decision.
package steps

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/verification"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// Facts are everything that a decision rests on. What is read on demand is a fact.Fact.
type Facts struct {
	Now         time.Time
	Skew        time.Duration // RDS's clock minus ours
	CallTimeout time.Duration // of one call to RDS
	Settings    Settings

	// Object was read live; its status is what will be written.
	Object *v1alpha1.AuroraBacktrack

	Cluster          fact.Fact[*v1alpha1.AuroraCluster] // read live
	NamespaceAllowed fact.Fact[bool]
	Approval         fact.Fact[string] // why approval can't be believed; empty when it can
	Lock             fact.Fact[lock.View]
	Observed         fact.Fact[rds.Cluster]                // asked for in this reconciliation, after what was read before it
	Polled           fact.Fact[rds.Observation]            // by the poller, which may have asked a while ago
	History          fact.Fact[[]v1alpha1.BacktrackRecord] // oldest first
	HistoryAt        time.Time                             // when it was read, by our clock
	LastHistory      time.Time                             // when this process last read it for the object; zero when it did not
	Dependents       fact.Fact[Found]
	LeftPaused       fact.Fact[[]v1alpha1.DependentStatus] // workloads that carry our mark from before the status was taken away

	// Verifiable is why the data can't be checked as spec.verify asks; empty when it can be.
	Verifiable fact.Fact[Obstacle]
	Check      fact.Fact[verification.State]

	Undo       fact.Fact[*v1alpha1.AuroraBacktrack] // the object of the name that the undo of this one has, read live
	Undoes     fact.Fact[*v1alpha1.AuroraBacktrack] // the object that this one undoes, read live
	SafetyCopy fact.Fact[rds.Copy]                  // absent: RDS does not show it

	// What this reconciliation's actions came to; unread until they are done.
	Paused fact.Fact[bool]
	Quiet  fact.Fact[bool]
	Up     fact.Fact[bool]
	Called fact.Fact[bool]
	// CopyAsked and InstanceAsked say that RDS was asked for the copy, and for its instance.
	CopyAsked, InstanceAsked fact.Fact[bool]
	// CheckStarted says that the Job that checks the data is there.
	CheckStarted fact.Fact[bool]
	// UndoMade says that the undo is there.
	UndoMade  fact.Fact[bool]
	LockTaken bool
	Released  bool
	// ReadAfterPause says that everything was read after the pause was complete.
	ReadAfterPause bool
}

// Obstacle is something in the way.
type Obstacle struct {
	Message string
	// Passing says that it may be gone a little later.
	Passing bool
}

// Found are the dependents as they are now.
type Found struct {
	Dependents []v1alpha1.DependentStatus
	Problems   []workload.Problem
}

// Started reports whether the object was admitted and took the lock.
func (f *Facts) Started() bool { return f.Object.Status.StartedAt != "" }

// CalledRDS reports whether RDS was asked, or may have been. From here on there is no way back, only to the end.
func (f *Facts) CalledRDS() bool { return f.Object.Status.Claim != nil }

// Finished reports whether the object came to its end, whichever.
func (f *Facts) Finished() bool { return f.Object.Status.CompletedAt != "" }

// Is reports whether the condition is True.
func (f *Facts) Is(condition string) bool {
	return meta.IsStatusConditionTrue(f.Object.Status.Conditions, condition)
}

// Since is when the condition took its present status; the zero time when it is absent.
func (f *Facts) Since(condition string) time.Time {
	if c := meta.FindStatusCondition(f.Object.Status.Conditions, condition); c != nil {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

// RDSNow is the time by RDS's clock, by which the window and the settle period go: ours may be set in the middle of it, and
// would then have RDS called again before the record of the first call is listed.
func (f *Facts) RDSNow() time.Time { return f.Now.Add(f.Skew) }

// historyRead is when RDS's history was read, by RDS's clock. What is missing from it was missing then, and not at this
// moment: a process may have stood still in between.
func (f *Facts) historyRead() time.Time { return f.HistoryAt.Add(f.Skew) }

// Count is how many dependents have the strategy, without those that are left alone.
func (f *Facts) Count(strategy v1alpha1.Strategy) int {
	n := 0
	for _, d := range f.Object.Status.Dependents {
		if d.Strategy == strategy && d.State != v1alpha1.DependentSkipped {
			n++
		}
	}
	return n
}

// ReadAgain drops what may have changed while workloads were paused, so that it is read again before RDS is asked. A run that
// took its lock in this reconciliation and paused nothing read it all a moment ago, and the claim is stored only if its
// AuroraCluster is still as it was then.
func (f *Facts) ReadAgain() {
	if f.Paused.Read() || !f.LockTaken {
		f.Cluster = fact.Fact[*v1alpha1.AuroraCluster]{}
		f.NamespaceAllowed, f.Approval, f.Lock = fact.Fact[bool]{}, fact.Fact[string]{}, fact.Fact[lock.View]{}
	}
	f.Undoes = fact.Fact[*v1alpha1.AuroraBacktrack]{}
	if f.Paused.Read() { // otherwise RDS was read a moment ago
		f.Observed, f.History = fact.Fact[rds.Cluster]{}, fact.Fact[[]v1alpha1.BacktrackRecord]{}
	}
	f.ReadAfterPause = true
}

// target of the rewind; admission and the Admitted step have checked its form.
func (f *Facts) target() time.Time { return f.Object.Spec.BacktrackTo.Time() }

// minBackOff is the least time between two attempts at what RDS refused or did not answer.
const minBackOff = 3 * time.Second

// backOff grows with the time that the object has been trying: an eighth of it, up to a minute. It needs no counter and
// survives a restart of the operator.
func (f *Facts) backOff() time.Duration {
	began := f.Since(v1alpha1.ConditionAdmitted)
	if began.IsZero() {
		began = f.Object.CreationTimestamp.Time
	}
	return min(max(f.Now.Sub(began)/8, minBackOff, f.Settings.Poll), time.Minute)
}
