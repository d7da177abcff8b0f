package backtrack

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	crevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// Setup registers the reconciler with the manager.
func (r *Reconciler) Setup(ctx context.Context, mgr ctrl.Manager) error {
	if err := Index(ctx, mgr.GetFieldIndexer()); err != nil {
		return err
	}
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.AuroraBacktrack{}, builder.WithPredicates(concernsTheObject())).
		Watches(&v1alpha1.AuroraCluster{}, handler.EnqueueRequestsFromMapFunc(r.waitingFor), builder.WithPredicates(concernsTheQueue())).
		WatchesRawSource(source.Func(r.polled)).
		Watches(&v1alpha1.AuroraBacktrack{}, handler.EnqueueRequestsFromMapFunc(r.behind), builder.WithPredicates(leavesTheQueue(r.Clock))).
		WithOptions(controller.Options{MaxConcurrentReconciles: 16}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("setting up the AuroraBacktrack controller: %w", err)
	}
	return nil
}

// polled puts an object into the queue when the pollers have news of its cluster, while its backtrack is under way.
func (r *Reconciler) polled(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	unsubscribe := r.RDS.Subscribe(func(name string) {
		request, ok := r.Polled(name)
		if !ok {
			return
		}
		if prioritised, is := queue.(priorityqueue.PriorityQueue[reconcile.Request]); is {
			prioritised.AddWithOpts(priorityqueue.AddOpts{Priority: ptr.To(priorityUnderWay)}, request)
			return
		}
		queue.Add(request)
	})
	context.AfterFunc(ctx, unsubscribe)
	return nil
}

// Index tells the cache by which AuroraCluster to find AuroraBacktracks.
func Index(ctx context.Context, indexer client.FieldIndexer) error {
	err := indexer.IndexField(ctx, &v1alpha1.AuroraBacktrack{}, lock.ClusterIndex, func(o client.Object) []string {
		return []string{o.(*v1alpha1.AuroraBacktrack).Spec.ClusterRef.Name}
	})
	if err != nil {
		return fmt.Errorf("indexing AuroraBacktracks: %w", err)
	}
	return nil
}

// waitingFor gives the objects that a change of the AuroraCluster may let go on.
func (r *Reconciler) waitingFor(ctx context.Context, cluster client.Object) []reconcile.Request {
	return r.queueOf(ctx, cluster.GetName())
}

// behind gives the objects that one which left the queue may let go on. The queue is read from the cache of
// AuroraBacktracks, which may learn that a run has ended after the cache of AuroraClusters has told of its freed lock.
func (r *Reconciler) behind(ctx context.Context, left client.Object) []reconcile.Request {
	return r.queueOf(ctx, left.(*v1alpha1.AuroraBacktrack).Spec.ClusterRef.Name)
}

func (r *Reconciler) queueOf(ctx context.Context, cluster string) []reconcile.Request {
	var list v1alpha1.AuroraBacktrackList
	if err := r.Client.List(ctx, &list, client.MatchingFields{lock.ClusterIndex: cluster}, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "listing who waits for an AuroraCluster; they look again by themselves", "cluster", cluster)
		return nil
	}
	var requests []reconcile.Request
	for _, b := range lock.First(list.Items, steps.WakeCount) {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: b.Namespace, Name: b.Name}})
	}
	return requests
}

// concernsTheQueue lets through what may let a waiting object go on: a new AuroraCluster or policy, a freed
// lock, a change of Ready. What RDS reports every minute is not among it.
func concernsTheQueue() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(crevent.CreateEvent) bool { return true },
		DeleteFunc:  func(crevent.DeleteEvent) bool { return true },
		GenericFunc: func(crevent.GenericEvent) bool { return false },
		UpdateFunc: func(e crevent.UpdateEvent) bool {
			before, after := e.ObjectOld.(*v1alpha1.AuroraCluster), e.ObjectNew.(*v1alpha1.AuroraCluster)
			freed := before.Status.ActiveBacktrack != nil && after.Status.ActiveBacktrack == nil
			return freed || before.Generation != after.Generation || readiness(before) != readiness(after)
		},
	}
}

// leavesTheQueue lets through an object that no longer keeps others of its cluster waiting: it ended, was deleted, or waits
// for something else now.
func leavesTheQueue(now clock.PassiveClock) predicate.Predicate {
	inTheWay := func(o client.Object) bool { return lock.InTheWay(o.(*v1alpha1.AuroraBacktrack), now.Now()) }
	return predicate.Funcs{
		CreateFunc:  func(crevent.CreateEvent) bool { return false },
		GenericFunc: func(crevent.GenericEvent) bool { return false },
		DeleteFunc:  func(e crevent.DeleteEvent) bool { return inTheWay(e.Object) },
		UpdateFunc:  func(e crevent.UpdateEvent) bool { return inTheWay(e.ObjectOld) && !inTheWay(e.ObjectNew) },
	}
}

func readiness(c *v1alpha1.AuroraCluster) (r struct {
	status     metav1.ConditionStatus
	reason     string
	generation int64
}) {
	if ready := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		r.status, r.reason, r.generation = ready.Status, ready.Reason, ready.ObservedGeneration
	}
	return r
}

// concernsTheObject lets through what people change. What the operator itself writes brings nothing new.
func concernsTheObject() predicate.Predicate {
	return predicate.Or(predicate.GenerationChangedPredicate{}, beingDeleted(), withoutStatus())
}

// beingDeleted lets through the mark of a deletion, which changes no generation everywhere.
func beingDeleted() predicate.Predicate {
	return predicate.NewPredicateFuncs(func(o client.Object) bool { return !o.GetDeletionTimestamp().IsZero() })
}

// withoutStatus lets through objects whose status was taken away: a restore without status starts over. One that has had
// none so far is being reconciled: the operator stores its finalizer before its status.
func withoutStatus() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e crevent.UpdateEvent) bool {
			before, after := e.ObjectOld.(*v1alpha1.AuroraBacktrack), e.ObjectNew.(*v1alpha1.AuroraBacktrack)
			return len(after.Status.Conditions) == 0 && len(before.Status.Conditions) > 0
		},
	}
}
