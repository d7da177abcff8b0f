package cluster

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	crevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// Setup registers the reconciler with the manager. The pollers of RDS are one of its sources.
func (r *Reconciler) Setup(mgr ctrl.Manager) error {
	news := predicate.Or(predicate.GenerationChangedPredicate{}, lockChanged(), predicate.NewPredicateFuncs(func(o client.Object) bool {
		return !o.GetDeletionTimestamp().IsZero()
	}))
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.AuroraCluster{}, builder.WithPredicates(news)).
		Watches(&v1alpha1.AuroraCluster{}, handler.EnqueueRequestsFromMapFunc(r.sameTarget), builder.WithPredicates(targetChanged())).
		WatchesRawSource(source.Func(r.polled)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 32}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("setting up the AuroraCluster controller: %w", err)
	}
	return nil
}

// polled puts the AuroraClusters into the queue of which a poller has something to say.
func (r *Reconciler) polled(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	unsubscribe := r.RDS.Subscribe(func(name string) {
		queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}})
	})
	context.AfterFunc(ctx, unsubscribe)
	return nil
}

// sameTarget gives the other AuroraClusters that stand for the same Aurora cluster: which of them is Ready may change.
func (r *Reconciler) sameTarget(ctx context.Context, changed client.Object) []reconcile.Request {
	var list v1alpha1.AuroraClusterList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "listing the AuroraClusters of one Aurora cluster", "cluster", changed.GetName())
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if other := &list.Items[i]; other.Name != changed.GetName() && lock.SameTarget(other, changed.(*v1alpha1.AuroraCluster)) {
			requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Name: other.Name}})
		}
	}
	return requests
}

// targetChanged lets through that an AuroraCluster came, went, or may stand for another Aurora cluster.
func targetChanged() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e crevent.UpdateEvent) bool {
			before, after := e.ObjectOld.(*v1alpha1.AuroraCluster), e.ObjectNew.(*v1alpha1.AuroraCluster)
			return before.Generation != after.Generation || before.Status.DBClusterResourceID != after.Status.DBClusterResourceID
		},
	}
}

// lockChanged lets through that a rewind began or ended: the history is left to it meanwhile, and a lock that nobody holds
// any more is looked for.
func lockChanged() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e crevent.UpdateEvent) bool {
			before, after := e.ObjectOld.(*v1alpha1.AuroraCluster), e.ObjectNew.(*v1alpha1.AuroraCluster)
			return (before.Status.ActiveBacktrack == nil) != (after.Status.ActiveBacktrack == nil)
		},
	}
}
