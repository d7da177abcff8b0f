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
	// busy is how often RDS is asked about a cluster that is being rewound.
	busy = 5 * time.Second
	// retry is how soon a write that met another one is tried again.
	retry = 50 * time.Millisecond
)

// Reconciler observes AuroraClusters.
type Reconciler struct {
	Client    client.Client // reads from the cache, writes to the API server
	Live      client.Reader // reads from the API server
	RDS       *rds.Provider
	Workloads *workload.Workloads
	Events    *event.Announcer
	Clock     clock.PassiveClock

	looks looks
}

// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=auroraclusters,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=auroraclusters/status,verbs=patch

// Reconcile asks RDS about one cluster and writes down what it says.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	cluster := &v1alpha1.AuroraCluster{}
	if err := r.Client.Get(ctx, request.NamespacedName, cluster); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err) //nolint:wrapcheck // says what it was doing itself
	}
	if !cluster.DeletionTimestamp.IsZero() {
		return r.finalize(ctx, cluster)
	}
	saved := cluster.DeepCopy()
	if controllerutil.AddFinalizer(cluster, v1alpha1.Finalizer) {
		// A finalizer changes no generation, so no event brings us back: the first look is now.
		if err := r.Client.Patch(ctx, cluster, lockedPatch(saved), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
			return r.conclude(cluster, err)
		}
		saved = cluster.DeepCopy()
	}
	if err := r.clearVanished(ctx, cluster); err != nil {
		return ctrl.Result{}, err
	}
	news, err := r.observe(ctx, cluster)
	if err != nil {
		return ctrl.Result{}, err
	}
	if !equality.Semantic.DeepEqual(saved.Status, cluster.Status) {
		err = r.Client.Status().Patch(ctx, cluster, lockedPatch(saved), client.FieldOwner(v1alpha1.FieldManager))
	}
	if err == nil {
		r.tell(ctx, cluster, news)
	}
	return r.conclude(cluster, err)
}

func lockedPatch(saved *v1alpha1.AuroraCluster) client.Patch {
	return client.MergeFromWithOptions(saved, client.MergeFromWithOptimisticLock{})
}

func (r *Reconciler) conclude(cluster *v1alpha1.AuroraCluster, err error) (ctrl.Result, error) {
	switch {
	case apierrors.IsConflict(err), apierrors.IsNotFound(err): // somebody wrote in between; look again
		r.looks.forget(cluster.UID)
		return ctrl.Result{RequeueAfter: retry}, nil
	case err != nil:
		r.looks.forget(cluster.UID)
		return ctrl.Result{}, fmt.Errorf("writing AuroraCluster %s: %w", cluster.Name, err)
	}
	return ctrl.Result{RequeueAfter: r.next(cluster)}, nil
}

// next is when RDS is asked again.
func (r *Reconciler) next(cluster *v1alpha1.AuroraCluster) time.Duration {
	refresh := max(cluster.Spec.RefreshInterval.Or(defaultRefresh), leastRefresh)
	if cluster.Status.ActiveBacktrack != nil || underWay(cluster, r.Clock.Now()) || cluster.Status.ClusterStatus == "backtracking" || len(owed(cluster, r.Clock.Now())) > 0 {
		return min(busy, refresh)
	}
	return refresh
}

// finalize holds a deletion up while a rewind is under way, which needs the ledger and the way to RDS.
func (r *Reconciler) finalize(ctx context.Context, cluster *v1alpha1.AuroraCluster) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(cluster, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	if cluster.Status.ActiveBacktrack != nil {
		object, err := r.running(ctx, cluster)
		if err != nil {
			return ctrl.Result{}, err
		}
		if object != nil {
			return ctrl.Result{RequeueAfter: busy}, nil
		}
		if err := r.clearVanished(ctx, cluster); err != nil {
			return ctrl.Result{}, err
		}
	}
	saved := cluster.DeepCopy()
	controllerutil.RemoveFinalizer(cluster, v1alpha1.Finalizer)
	err := r.Client.Patch(ctx, cluster, lockedPatch(saved), client.FieldOwner(v1alpha1.FieldManager))
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, nil
	}
	r.Events.Forget(cluster.UID)
	r.looks.forget(cluster.UID)
	return r.conclude(cluster, err)
}
