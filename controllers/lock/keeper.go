package lock

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// ClusterIndex is the cache's index of AuroraBacktracks by the AuroraCluster that they name.
const ClusterIndex = "spec.clusterRef.name"

// Resumer resumes whatever one AuroraBacktrack paused.
type Resumer interface {
	ResumeAll(ctx context.Context, cluster *v1alpha1.AuroraCluster, owner types.UID) error
}

// Keeper reads what the lock and its queue depend on.
type Keeper struct {
	Cache   client.Reader // the queue is read from here; it needs ClusterIndex
	Live    client.Reader // holders, and with the lock other AuroraClusters, are read from here
	Resumer Resumer
	Clock   clock.PassiveClock
}

// View is what stands between an object and the lock.
type View struct {
	// Position is the object's place in the queue, from 1.
	Position int32
	// HolderGone says that the holder has finished or vanished, so that nobody will give the lock back.
	HolderGone bool
	// SameTarget is another AuroraCluster of the same Aurora cluster that is being rewound; nil when there is none.
	SameTarget *v1alpha1.AuroraCluster
}

// View reads what stands between the object and the lock of its AuroraCluster.
func (k *Keeper) View(ctx context.Context, cluster *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack) (View, error) {
	clusters := k.Cache // before the lock is taken it is only a first look; what counts is read with the lock
	if Holds(cluster, Reference(b)) {
		clusters = k.Live
	}
	same, err := k.busySameTarget(ctx, clusters, cluster, b)
	if err != nil || same != nil || Holds(cluster, Reference(b)) {
		return View{SameTarget: same}, err
	}
	gone := false
	if holder := cluster.Status.ActiveBacktrack; holder != nil {
		object, err := k.holder(ctx, cluster)
		if err != nil {
			return View{}, err
		}
		gone = object == nil || object.UID != holder.UID || object.Status.CompletedAt != ""
	}
	objects, err := k.objectsOf(ctx, cluster)
	if err != nil {
		return View{}, err
	}
	return View{Position: Position(cluster, b, objects, k.Clock.Now()), HolderGone: gone}, nil
}

// Holder reads the object that has the lock, or the one that came in its place; nil when there is neither.
func (k *Keeper) holder(ctx context.Context, cluster *v1alpha1.AuroraCluster) (*v1alpha1.AuroraBacktrack, error) {
	holder := cluster.Status.ActiveBacktrack
	object := &v1alpha1.AuroraBacktrack{}
	err := k.Live.Get(ctx, types.NamespacedName{Namespace: holder.Namespace, Name: holder.Name}, object)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading AuroraBacktrack %s/%s, which holds AuroraCluster %s: %w", holder.Namespace, holder.Name, cluster.Name, err)
	}
	return object, nil
}

// Running reads the AuroraBacktrack that has the lock and runs, or the one that came in its place and takes its run over,
// by the test given; nil when there is neither.
func (k *Keeper) Running(
	ctx context.Context, cluster *v1alpha1.AuroraCluster, takesOver func(*v1alpha1.AuroraBacktrack) bool,
) (*v1alpha1.AuroraBacktrack, error) {
	object, err := k.holder(ctx, cluster)
	if err != nil || object == nil {
		return nil, err
	}
	if object.Status.CompletedAt == "" && (object.UID == cluster.Status.ActiveBacktrack.UID || takesOver(object)) {
		return object, nil
	}
	return nil, nil
}

// ResumeForVanished resumes what the holder of the lock left paused, for a holder that is gone or has finished. One that
// has finished gave the lock back, unless its status was taken away in between: then it ended without knowing what it had
// paused. The caller releases the lock afterwards.
func (k *Keeper) ResumeForVanished(ctx context.Context, cluster *v1alpha1.AuroraCluster) error {
	holder := cluster.Status.ActiveBacktrack
	if err := k.Resumer.ResumeAll(ctx, cluster, holder.UID); err != nil {
		return fmt.Errorf("resuming what AuroraBacktrack %s/%s, which is gone or has ended, left paused: %w", holder.Namespace, holder.Name, err)
	}
	return nil
}

// objectsOf lists the AuroraBacktracks that name the AuroraCluster. They are the cache's own, which nobody may change.
func (k *Keeper) objectsOf(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]v1alpha1.AuroraBacktrack, error) {
	var list v1alpha1.AuroraBacktrackList
	if err := k.Cache.List(ctx, &list, client.MatchingFields{ClusterIndex: cluster.Name}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the AuroraBacktracks of AuroraCluster %s: %w", cluster.Name, err)
	}
	return list.Items, nil
}

// busySameTarget gives another AuroraCluster of the same Aurora cluster that is being rewound; nil when there is none.
func (k *Keeper) busySameTarget(
	ctx context.Context, clusters client.Reader, cluster *v1alpha1.AuroraCluster, b *v1alpha1.AuroraBacktrack,
) (*v1alpha1.AuroraCluster, error) {
	var list v1alpha1.AuroraClusterList
	if err := clusters.List(ctx, &list); err != nil {
		return nil, fmt.Errorf("listing AuroraClusters: %w", err)
	}
	for i := range list.Items {
		other := &list.Items[i]
		if other.UID == cluster.UID || !SameTarget(other, cluster) {
			continue
		}
		objects, err := k.objectsOf(ctx, other)
		if err != nil {
			return nil, err
		}
		open := func(o v1alpha1.AuroraBacktrack) bool { return o.UID != b.UID && IsOpen(&o) }
		if other.Status.ActiveBacktrack != nil || slices.ContainsFunc(objects, open) {
			return other, nil
		}
	}
	return nil, nil
}
