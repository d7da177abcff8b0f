package backtrack

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
)

// clusterIndex is the cache's index of AuroraBacktracks by the AuroraCluster that they name.
const clusterIndex = "spec.clusterRef.name"

// takeLock gets the cluster's lock for the object, or says where in the queue it stands. The finalizer comes
// first, so that a deletion from here on is followed to its end.
func (x *run) takeLock(ctx context.Context) outcome {
	ref := ledger.Reference(x.object)
	if ledger.Holds(x.cluster, ref) {
		if x.started() {
			return done("", "")
		}
		return x.besideNoTwin(ctx)
	}
	if twin, err := x.busyTwin(ctx); err != nil {
		return failed(err)
	} else if twin != nil {
		return behindTwin(twin)
	}
	if err := x.clearVanishedHolder(ctx); err != nil {
		return failed(err)
	}
	position, err := x.position(ctx)
	if err != nil {
		return failed(err)
	}
	holder := x.cluster.Status.ActiveBacktrack
	if holder != nil || position > 1 {
		x.object.Status.QueuePosition = &position
		message := fmt.Sprintf("number %d in the queue for AuroraCluster %s", position, x.cluster.Name)
		if holder != nil {
			message += fmt.Sprintf(", which AuroraBacktrack %s/%s holds", holder.Namespace, holder.Name)
		}
		return waiting(patience(position), v1alpha1.ReasonQueued, message)
	}
	if !controllerutil.ContainsFinalizer(x.object, v1alpha1.Finalizer) {
		err := x.updateMeta(ctx, func(b *v1alpha1.AuroraBacktrack) { controllerutil.AddFinalizer(b, v1alpha1.Finalizer) })
		if err != nil {
			return failed(err)
		}
	}
	err = x.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool {
		return c.Status.ActiveBacktrack == nil && ledger.Hold(c, ref)
	})
	if err == nil && (x.cluster == nil || !ledger.Holds(x.cluster, ref)) {
		err = errLost
	}
	if err != nil {
		return failed(err)
	}
	return x.besideNoTwin(ctx)
}

// regain takes the lock and notes the claim once more, for a run that asked RDS and whose AuroraCluster was taken away by
// force and created again: its next rewind waits for this one.
func (x *run) regain(ctx context.Context) error {
	if x.cluster.Status.ActiveBacktrack != nil || !x.called() {
		return nil
	}
	ref, claim := ledger.Reference(x.object), *x.object.Status.Claim
	if err := x.unchanged(ctx); err != nil { // another process may have brought it to its end
		return err
	}
	return x.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool {
		held := c.Status.ActiveBacktrack == nil && ledger.Hold(c, ref)
		noted := ledger.Find(c, x.object) == nil && x.object.Status.Backtrack == nil && ledger.Claim(c, x.object, claim)
		return held || noted
	})
}

// patience is how long an object of the queue waits for its next look by itself. Those at the head are woken; the
// further back one stands, the less there is to see.
func patience(position int32) time.Duration {
	return min(slow*time.Duration(1+position/wake), 10*time.Minute)
}

// position counts the objects that come before this one, from 1: by creation, then by namespace and name.
// Only objects that wait for nothing but the lock are counted, and what RDS was asked for, which has lost its lock.
func (x *run) position(ctx context.Context) (int32, error) {
	objects, err := x.objectsOf(ctx, x.cluster)
	if err != nil {
		return 0, err
	}
	position := int32(1)
	for i := range objects {
		other := &objects[i]
		ahead := x.queues(other) && before(other, x.object) || isOpen(other)
		if other.UID != x.object.UID && ahead && !ledger.Holds(x.cluster, ledger.Reference(other)) {
			position++
		}
	}
	return position, nil
}

// objectsOf lists the AuroraBacktracks that name the AuroraCluster. They are the cache's own, which nobody may change.
func (x *run) objectsOf(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]v1alpha1.AuroraBacktrack, error) {
	var list v1alpha1.AuroraBacktrackList
	if err := x.Client.List(ctx, &list, client.MatchingFields{clusterIndex: cluster.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the AuroraBacktracks of AuroraCluster %s: %w", cluster.Name, err)
	}
	return list.Items, nil
}

// isOpen tells whether RDS was asked for the object, or may have been, and it is not known what became of it.
func isOpen(b *v1alpha1.AuroraBacktrack) bool {
	backtracked := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionBacktracked)
	return b.Status.Claim != nil && b.Status.CompletedAt == "" && (backtracked == nil || backtracked.Status == metav1.ConditionUnknown)
}

// queues tells whether the object waits for the lock and for nothing else. One that was created a moment ago
// and not looked at yet may turn out to. So does one that, when it was last looked at, waited for what all
// objects of the cluster wait for: the one that asks has found it there.
func (x *run) queues(b *v1alpha1.AuroraBacktrack) bool {
	if b.Status.CompletedAt != "" || b.Spec.Suspend || b.Spec.Cancel || !b.DeletionTimestamp.IsZero() {
		return false
	}
	admitted := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionAdmitted)
	if admitted == nil {
		return x.now().Sub(b.CreationTimestamp.Time) < slow
	}
	switch admitted.Reason {
	case v1alpha1.ReasonQueued, v1alpha1.ReasonClusterNotFound, v1alpha1.ReasonClusterNotReady, v1alpha1.ReasonOutsideWindow:
		return true
	}
	return false
}

func before(a, b *v1alpha1.AuroraBacktrack) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	if a.Namespace != b.Namespace {
		return a.Namespace < b.Namespace
	}
	return a.Name < b.Name
}

// first gives the first objects of the queue, at most n.
func (r *Reconciler) first(list []v1alpha1.AuroraBacktrack, n int) []v1alpha1.AuroraBacktrack {
	var queue []v1alpha1.AuroraBacktrack
	for i := range list {
		if list[i].Status.CompletedAt == "" {
			queue = append(queue, list[i])
		}
	}
	sort.Slice(queue, func(i, j int) bool { return before(&queue[i], &queue[j]) })
	return queue[:min(n, len(queue))]
}

// clearVanishedHolder frees the lock of a holder that has finished or is gone. What a vanished holder left
// paused is resumed first.
func (x *run) clearVanishedHolder(ctx context.Context) error {
	holder := x.cluster.Status.ActiveBacktrack
	if holder == nil {
		return nil
	}
	other := &v1alpha1.AuroraBacktrack{}
	err := x.Live.Get(ctx, types.NamespacedName{Namespace: holder.Namespace, Name: holder.Name}, other)
	gone := apierrors.IsNotFound(err) || (err == nil && other.UID != holder.UID)
	switch {
	case gone:
	case err != nil:
		return fmt.Errorf("reading AuroraBacktrack %s/%s, which holds AuroraCluster %s: %w", holder.Namespace, holder.Name, x.cluster.Name, err)
	case other.Status.CompletedAt == "":
		return nil
	}
	// One that has finished gave the lock back before, unless its status was taken away in between: then it
	// ended without knowing what it had paused.
	if err := x.Workloads.ResumeAll(ctx, x.cluster, holder.UID); err != nil {
		return fmt.Errorf("resuming what AuroraBacktrack %s/%s left paused: %w", holder.Namespace, holder.Name, err)
	}
	return x.unlock(ctx, *holder)
}

// unlock gives the lock back for whoever is named, if they have it.
func (x *run) unlock(ctx context.Context, holder v1alpha1.ObjectReference) error {
	return x.changeCluster(ctx, func(c *v1alpha1.AuroraCluster) bool { return ledger.Release(c, holder) })
}

var errNotYet = errors.New("some are not resumed yet")
