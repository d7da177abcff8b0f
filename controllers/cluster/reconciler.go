// Package cluster reconciles AuroraClusters: it observes what RDS says and keeps the ledger. It never changes
// anything in RDS.
package cluster

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

const (
	defaultRefresh = time.Minute
	leastRefresh   = 10 * time.Second
	// owedInterval is how often the rollouts of a restart that is owed are looked at.
	owedInterval = 5 * time.Second
	// historyInterval is how often the history is read while a backtrack made elsewhere is under way.
	historyInterval = 10 * time.Second
	// heldInterval is how often the holder of the lock is looked for: one that vanished gives nothing back.
	heldInterval = 30 * time.Second
	// conflictRetry is how soon a write that met another one is tried again.
	conflictRetry = 50 * time.Millisecond
)

// Reconciler observes AuroraClusters.
type Reconciler struct {
	Client    client.Client // reads from the cache, writes to the API server
	Live      client.Reader // reads from the API server
	RDS       *rds.Provider
	Workloads *workload.Workloads
	Events    *event.Announcer
	Clock     clock.PassiveClock
}

// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=auroraclusters,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=auroraclusters/status,verbs=patch

// Reconcile writes down what the poller knows of one cluster, where that is something that a person or a rule looks at. The
// poller wakes it; a timer runs only for what passes with time.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	cluster := &v1alpha1.AuroraCluster{}
	if err := r.Client.Get(ctx, request.NamespacedName, cluster); err != nil {
		if apierrors.IsNotFound(err) {
			r.RDS.Unwatch(request.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err) //nolint:wrapcheck // says what it was doing itself
	}
	deleted := !cluster.DeletionTimestamp.IsZero()
	if deleted && !controllerutil.ContainsFinalizer(cluster, v1alpha1.Finalizer) {
		r.RDS.Unwatch(cluster.Name)
		return ctrl.Result{}, nil
	}
	r.RDS.Watch(rds.TargetOf(cluster), refreshInterval(cluster))
	if deleted {
		return r.finalize(ctx, cluster)
	}
	saved := cluster.DeepCopy()
	if controllerutil.AddFinalizer(cluster, v1alpha1.Finalizer) {
		// A finalizer changes no generation, so no event brings us back: the first look is now.
		if err := r.Client.Patch(ctx, cluster, lockedPatch(saved), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
			return conclude(cluster, 0, err)
		}
		saved = cluster.DeepCopy()
	}
	if err := r.clearVanished(ctx, cluster); err != nil {
		return ctrl.Result{}, err
	}
	freed := saved.Status.ActiveBacktrack != nil && cluster.Status.ActiveBacktrack == nil
	news, again, err := r.observe(ctx, cluster, freed)
	if err != nil {
		return ctrl.Result{}, err
	}
	if worthWriting(saved, cluster) {
		err = r.Client.Status().Patch(ctx, cluster, lockedPatch(saved), client.FieldOwner(v1alpha1.FieldManager))
	}
	if err == nil {
		r.tell(ctx, cluster, news)
	}
	return conclude(cluster, r.next(cluster, again), err)
}

func refreshInterval(cluster *v1alpha1.AuroraCluster) time.Duration {
	return max(cluster.Spec.RefreshInterval.Or(defaultRefresh), leastRefresh)
}

func lockedPatch(saved *v1alpha1.AuroraCluster) client.Patch {
	return client.MergeFromWithOptions(saved, client.MergeFromWithOptimisticLock{})
}

// worthWriting reports whether the status has something new that a person or a rule looks at. When RDS was asked last, the
// change records and the earliest time within its step move all the time: they are written together with something else.
func worthWriting(saved, cluster *v1alpha1.AuroraCluster) bool {
	status := cluster.Status.DeepCopy()
	status.ObservedAt = saved.Status.ObservedAt
	status.BacktrackConsumedChangeRecords = saved.Status.BacktrackConsumedChangeRecords
	shown := saved.Status.EarliestBacktrackTime.Time()
	if stepped := rds.StepEarliest(shown, rds.Cluster{
		Identifier: rds.TargetOf(cluster).Identifier, BacktrackWindow: status.BacktrackWindow, Earliest: status.EarliestBacktrackTime.Time(),
	}); stepped.Equal(shown) {
		status.EarliestBacktrackTime = saved.Status.EarliestBacktrackTime
	}
	return !equality.Semantic.DeepEqual(saved.Status, *status)
}

// conclude gives what follows a write.
func conclude(cluster *v1alpha1.AuroraCluster, after time.Duration, err error) (ctrl.Result, error) {
	switch {
	case apierrors.IsConflict(err), apierrors.IsNotFound(err): // somebody wrote in between; look again
		return ctrl.Result{RequeueAfter: conflictRetry}, nil
	case err != nil:
		return ctrl.Result{}, fmt.Errorf("writing AuroraCluster %s: %w", cluster.Name, err)
	}
	return ctrl.Result{RequeueAfter: after}, nil
}

// next is when the cluster is looked at again for what passes with time; zero at rest.
func (r *Reconciler) next(cluster *v1alpha1.AuroraCluster, again time.Duration) time.Duration {
	soonest := func(after time.Duration) {
		if again == 0 || after < again {
			again = after
		}
	}
	now := r.Clock.Now()
	if cluster.Status.ActiveBacktrack != nil {
		soonest(heldInterval)
	}
	if underWay(cluster, now) && !holderAskedRDS(cluster) {
		soonest(historyInterval)
	}
	if len(owed(cluster, now)) > 0 {
		soonest(owedInterval)
	}
	return again
}

// finalize holds a deletion up while a rewind is under way, which needs the ledger and the way to RDS.
func (r *Reconciler) finalize(ctx context.Context, cluster *v1alpha1.AuroraCluster) (ctrl.Result, error) {
	if cluster.Status.ActiveBacktrack != nil {
		object, err := r.running(ctx, cluster)
		if err != nil {
			return ctrl.Result{}, err
		}
		if object != nil {
			return ctrl.Result{RequeueAfter: heldInterval}, nil
		}
		if err := r.clearVanished(ctx, cluster); err != nil {
			return ctrl.Result{}, err
		}
	}
	saved := cluster.DeepCopy()
	controllerutil.RemoveFinalizer(cluster, v1alpha1.Finalizer)
	err := r.Client.Patch(ctx, cluster, lockedPatch(saved), client.FieldOwner(v1alpha1.FieldManager))
	if err == nil || apierrors.IsNotFound(err) {
		r.RDS.Unwatch(cluster.Name)
		r.Events.Forget(cluster.UID)
		return ctrl.Result{}, nil
	}
	return conclude(cluster, 0, err)
}
