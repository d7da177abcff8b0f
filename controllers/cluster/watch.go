package cluster

import (
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	crevent "sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Setup registers the reconciler with the manager. Many clusters are looked at side by side, so that their
// questions go to RDS together.
func (r *Reconciler) Setup(mgr ctrl.Manager) error {
	news := predicate.Or(predicate.GenerationChangedPredicate{}, lockChanged(), predicate.NewPredicateFuncs(func(o client.Object) bool {
		return !o.GetDeletionTimestamp().IsZero()
	}))
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.AuroraCluster{}, builder.WithPredicates(news)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 32}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("setting up the AuroraCluster controller: %w", err)
	}
	return nil
}

// lockChanged lets through that a rewind began or ended: RDS is asked more often meanwhile, and at once afterwards.
func lockChanged() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e crevent.UpdateEvent) bool {
			before, after := e.ObjectOld.(*v1alpha1.AuroraCluster), e.ObjectNew.(*v1alpha1.AuroraCluster)
			return (before.Status.ActiveBacktrack == nil) != (after.Status.ActiveBacktrack == nil)
		},
	}
}
