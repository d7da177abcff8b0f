package backtrack

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/approval"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// read reads a fact that a decision asked for.
func (r *Reconciler) read(ctx context.Context, f *steps.Facts, name steps.Name) {
	cluster := f.Cluster.Value()
	switch name {
	case steps.Cluster:
		f.Cluster = r.readCluster(ctx, f)
		if c, ok := f.Cluster.Get(); ok {
			f.Skew = r.RDS.Skew(rds.TargetOf(c))
		}
	case steps.NamespaceAllowed:
		f.NamespaceAllowed = fact.Of(r.Workloads.NamespaceAllowed(ctx, cluster, f.Object.Namespace))
	case steps.Approval:
		f.Approval = fact.Of(approval.Enforced(ctx, r.Live, f.Object))
	case steps.Lock:
		f.Lock = fact.Of(r.keeper().View(ctx, cluster, f.Object))
	case steps.Observed, steps.Polled, steps.History:
		r.readRDS(rds.WithRank(ctx, rank(f)), f, name)
	case steps.Dependents:
		dependents, problems, err := r.Workloads.Find(ctx, cluster)
		f.Dependents = fact.Of(steps.Found{Dependents: dependents, Problems: problems}, err)
	case steps.Verifiable:
		message, passing, err := r.Verification.Trouble(ctx, f.Object)
		f.Verifiable = fact.Of(steps.Obstacle{Message: message, Passing: passing}, err)
	case steps.Check:
		f.Check = fact.Of(r.Verification.Look(ctx, f.Object, steps.VerifyingLate(f)))
	case steps.Undo:
		f.Undo = readBacktrack(ctx, r.Live, f.Object.Namespace, steps.UndoName(f.Object))
	case steps.Undoes:
		f.Undoes = readBacktrack(ctx, r.Live, f.Object.Namespace, f.Object.Spec.UndoOf.Name)
	case steps.SafetyCopy:
		f.SafetyCopy = r.readCopy(ctx, f)
	case steps.LeftPaused:
		f.LeftPaused = fact.Of(r.Workloads.PausedBy(ctx, cluster, f.Object.UID))
	}
}

// longestUnpolled is how old an answer of the poller can be before RDS is asked directly: the poller says nothing of what is
// throttled.
const longestUnpolled = time.Minute

// readRDS reads a fact from RDS, or from what its poller knows.
func (r *Reconciler) readRDS(ctx context.Context, f *steps.Facts, name steps.Name) {
	cluster := f.Cluster.Value()
	target := rds.TargetOf(cluster)
	switch name {
	case steps.Polled:
		seen, known := r.RDS.Latest(target)
		switch {
		case known && seen.Err != nil:
			f.Polled = fact.Unknown[rds.Observation](seen.Err)
		case known && r.Clock.Now().Sub(seen.At) < longestUnpolled:
			f.Polled = fact.Known(seen)
		default: // it is not watched yet, or not any more
			now, err := r.RDS.Describe(ctx, target)
			f.Polled = fact.Of(rds.Observation{Cluster: now, At: r.Clock.Now(), Backtracking: seen.Backtracking}, err)
		}
	case steps.History:
		f.HistoryAt = r.Clock.Now()
		f.History = fact.Of(r.RDS.History(ctx, target))
		if past, ok := f.History.Get(); ok {
			f.LastHistory = f.HistoryAt
			r.rewinds.noteHistory(f.Object, f.HistoryAt, rds.ExpectedDuration(past))
		}
		r.hintHistory(cluster, f)
	default:
		f.Observed = fact.Of(r.RDS.Describe(ctx, target))
	}
	f.Skew = r.RDS.Skew(target)
}

// rank is that of the object's reads at RDS: those right before the call go first, and a plan that is only shown last.
func rank(f *steps.Facts) rds.Rank {
	switch {
	case !f.Started() && !f.CalledRDS():
		return rds.RankRest
	case f.ReadAfterPause && !f.CalledRDS():
		return rds.RankCall
	}
	return rds.RankActive
}

// hintHistory has the AuroraCluster's own reconciler read the history when it has a backtrack that the ledger does not have:
// what was made elsewhere is told, and entered, there.
func (r *Reconciler) hintHistory(cluster *v1alpha1.AuroraCluster, f *steps.Facts) {
	if past, ok := f.History.Get(); ok && len(claim.Merge(cluster.DeepCopy(), past, f.HistoryAt)) > 0 {
		r.RDS.HintHistory(rds.TargetOf(cluster))
	}
}

func (r *Reconciler) keeper() *lock.Keeper {
	return &lock.Keeper{Cache: r.Client, Live: r.Live, Resumer: r.Workloads, Clock: r.Clock}
}

// readCluster reads the AuroraCluster; from the cache when RDS was asked, the record is known, and the cached one has the
// object's lock and record. All that is left is to follow the record then, and every write has an optimistic lock.
func (r *Reconciler) readCluster(ctx context.Context, f *steps.Facts) fact.Fact[*v1alpha1.AuroraCluster] {
	if record := f.Object.Status.Backtrack; f.CalledRDS() && record != nil {
		cached := &v1alpha1.AuroraCluster{}
		err := r.Client.Get(ctx, types.NamespacedName{Name: f.Object.Spec.ClusterRef.Name}, cached)
		if entry := claim.Find(cached, f.Object); err == nil && lock.Holds(cached, lock.Reference(f.Object)) && entry != nil && entry.ID == record.ID {
			return fact.Known(cached)
		}
	}
	return readCluster(ctx, r.Live, f.Object.Spec.ClusterRef.Name)
}

// readCluster reads the AuroraCluster live.
func readCluster(ctx context.Context, live client.Reader, name string) fact.Fact[*v1alpha1.AuroraCluster] {
	cluster := &v1alpha1.AuroraCluster{}
	err := live.Get(ctx, types.NamespacedName{Name: name}, cluster)
	switch {
	case apierrors.IsNotFound(err):
		return fact.Absent[*v1alpha1.AuroraCluster]()
	case err != nil:
		return fact.Unknown[*v1alpha1.AuroraCluster](fmt.Errorf("reading AuroraCluster %s: %w", name, err))
	}
	return fact.Known(cluster)
}

// readBacktrack reads another AuroraBacktrack live.
func readBacktrack(ctx context.Context, live client.Reader, namespace, name string) fact.Fact[*v1alpha1.AuroraBacktrack] {
	object := &v1alpha1.AuroraBacktrack{}
	err := live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, object)
	switch {
	case apierrors.IsNotFound(err):
		return fact.Absent[*v1alpha1.AuroraBacktrack]()
	case err != nil:
		return fact.Unknown[*v1alpha1.AuroraBacktrack](fmt.Errorf("reading AuroraBacktrack %s/%s: %w", namespace, name, err))
	}
	return fact.Known(object)
}
