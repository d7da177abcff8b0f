package lock

import (
	"sort"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// unobservedFor is for how long a new object that was not reconciled yet counts as one that queues.
const unobservedFor = 30 * time.Second

// Before reports whether a comes before b in the queue: by creation, then by namespace and name.
func Before(a, b *v1alpha1.AuroraBacktrack) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	if a.Namespace != b.Namespace {
		return a.Namespace < b.Namespace
	}
	return a.Name < b.Name
}

// First gives the first unfinished objects of the queue, at most n.
func First(objects []v1alpha1.AuroraBacktrack, n int) []v1alpha1.AuroraBacktrack {
	var queue []v1alpha1.AuroraBacktrack
	for i := range objects {
		if objects[i].Status.CompletedAt == "" {
			queue = append(queue, objects[i])
		}
	}
	sort.Slice(queue, func(i, j int) bool { return Before(&queue[i], &queue[j]) })
	return queue[:min(n, len(queue))]
}

// Position is the object's place in the queue, from 1. Only objects that wait for nothing but the lock are counted, and
// those that RDS was asked for and that have lost their lock.
func Position(c *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack, objects []v1alpha1.AuroraBacktrack, now time.Time) int32 {
	position := int32(1)
	for i := range objects {
		other := &objects[i]
		ahead := queues(other, now) && Before(other, b) || IsOpen(other)
		if other.UID != b.UID && ahead && !Holds(c, Reference(other)) {
			position++
		}
	}
	return position
}

// IsOpen reports whether RDS was asked for the object, or may have been, and the outcome is not known.
func IsOpen(b *v1alpha1.AuroraBacktrack) bool {
	backtracked := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionBacktracked)
	return b.Status.Claim != nil && b.Status.CompletedAt == "" && (backtracked == nil || backtracked.Status == metav1.ConditionUnknown)
}

// InTheWay reports whether the object may keep others of its cluster waiting: it queues before them, or it runs.
func InTheWay(b *v1alpha1.AuroraBacktrack, now time.Time) bool {
	return queues(b, now) || b.Status.CompletedAt == "" && meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionAdmitted)
}

// queues reports whether the object waits for the lock and for nothing else. A new one that was not reconciled yet may turn
// out to. So does one that waited for what all objects of the cluster wait for when it was last reconciled.
func queues(b *v1alpha1.AuroraBacktrack, now time.Time) bool {
	if b.Status.CompletedAt != "" || b.Spec.Suspend || b.Spec.Cancel || !b.DeletionTimestamp.IsZero() {
		return false
	}
	admitted := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionAdmitted)
	if admitted == nil {
		return now.Sub(b.CreationTimestamp.Time) < unobservedFor
	}
	switch admitted.Reason {
	case v1alpha1.ReasonQueued, v1alpha1.ReasonClusterNotFound, v1alpha1.ReasonClusterNotReady, v1alpha1.ReasonOutsideWindow:
		return true
	}
	return false
}
