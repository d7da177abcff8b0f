package backtrack

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/metrics"
)

// ForCache is the transform of the manager's cache: it keeps what is read from there. Whoever may create objects in any
// namespace would otherwise fill the operator's memory, with an annotation of 256 KiB for instance.
//
// Of an AuroraBacktrack the queue, the index, the watches' predicates and the metrics are all that is read from the cache; a
// reconciliation reads the object live. An AuroraCluster is reconciled from the cache, and no annotation of it is read.
func ForCache(object any) (any, error) {
	switch o := object.(type) {
	case *v1alpha1.AuroraBacktrack:
		*o = forQueue(o)
	case *v1alpha1.AuroraCluster:
		o.Annotations, o.ManagedFields = nil, nil
	default:
		if accessor, err := meta.Accessor(object); err == nil {
			accessor.SetManagedFields(nil)
		}
	}
	return object, nil
}

// forQueue keeps what controllers/lock, watch.go and controllers/metrics read.
func forQueue(b *v1alpha1.AuroraBacktrack) v1alpha1.AuroraBacktrack {
	kept := v1alpha1.AuroraBacktrack{
		TypeMeta: b.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{
			Namespace: b.Namespace, Name: b.Name, UID: b.UID, ResourceVersion: b.ResourceVersion, Generation: b.Generation,
			CreationTimestamp: b.CreationTimestamp, DeletionTimestamp: b.DeletionTimestamp,
		},
		Spec:   v1alpha1.AuroraBacktrackSpec{ClusterRef: b.Spec.ClusterRef, Suspend: b.Spec.Suspend, Cancel: b.Spec.Cancel},
		Status: v1alpha1.AuroraBacktrackStatus{CompletedAt: b.Status.CompletedAt},
	}
	conditions := slices.Values([]string{v1alpha1.ConditionAdmitted, v1alpha1.ConditionBacktracked})
	if b.Status.CompletedAt != "" {
		conditions = slices.Values([]string{v1alpha1.ConditionSucceeded}) // that it has a status at all
	} else if b.Status.Claim != nil {
		kept.Status.Claim = &v1alpha1.Claim{} // that there is one
	}
	for name := range conditions {
		if c := meta.FindStatusCondition(b.Status.Conditions, name); c != nil {
			kept.Status.Conditions = append(kept.Status.Conditions, metav1.Condition{Type: name, Status: c.Status, Reason: c.Reason})
		}
	}
	metrics.ForCache(b, &kept)
	return kept
}
