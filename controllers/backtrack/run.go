package backtrack

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// run is one walk through the lifecycle of one object. It lives for one Reconcile.
type run struct {
	*Reconciler
	object  *v1alpha1.AuroraBacktrack // read live; its status is what will be written
	saved   *v1alpha1.AuroraBacktrack // the object as the API server has it
	cluster *v1alpha1.AuroraCluster   // read live on first use; nil when there is none

	clusterRead bool
	observed    *rds.Cluster               // what RDS said in this walk
	past        []v1alpha1.BacktrackRecord // RDS's history as read in this walk
	pastRead    bool
}

func (r *Reconciler) newRun(object *v1alpha1.AuroraBacktrack) *run {
	return &run{Reconciler: r, object: object, saved: object.DeepCopy()}
}

func (x *run) now() time.Time { return x.Clock.Now() }

// target of the rewind; admission and the Admitted step have checked its form.
func (x *run) target() time.Time { return x.object.Spec.BacktrackTo.Time() }

// auroraCluster reads the AuroraCluster live, once a walk; nil when there is none.
func (x *run) auroraCluster(ctx context.Context) (*v1alpha1.AuroraCluster, error) {
	if x.clusterRead {
		return x.cluster, nil
	}
	cluster := &v1alpha1.AuroraCluster{}
	err := x.Live.Get(ctx, types.NamespacedName{Name: x.object.Spec.ClusterRef.Name}, cluster)
	if apierrors.IsNotFound(err) {
		x.clusterRead = true
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading AuroraCluster %s: %w", x.object.Spec.ClusterRef.Name, err)
	}
	x.cluster, x.clusterRead = cluster, true
	return cluster, nil
}

// describe asks RDS about the cluster, once a walk.
func (x *run) describe(ctx context.Context) (rds.Cluster, error) {
	if x.observed == nil {
		observed, err := x.RDS.Describe(ctx, rds.TargetOf(x.cluster))
		if err != nil {
			return observed, err //nolint:wrapcheck // its reason decides the outcome
		}
		x.observed = &observed
	}
	return *x.observed, nil
}

// history asks RDS for the cluster's backtracks, once a walk.
func (x *run) history(ctx context.Context) ([]v1alpha1.BacktrackRecord, error) {
	if !x.pastRead {
		past, err := x.RDS.History(ctx, rds.TargetOf(x.cluster))
		if err != nil {
			return nil, err //nolint:wrapcheck // its reason decides the outcome
		}
		x.past, x.pastRead = past, true
	}
	return x.past, nil
}

// record puts a step's outcome into its condition. A verdict makes the walk end now and the next one unwind.
func (x *run) record(condition string, out outcome) outcome {
	switch out.kind {
	case goOn:
		x.set(condition, metav1.ConditionTrue, out.reason, out.message)
	case wait:
		x.set(condition, metav1.ConditionUnknown, out.reason, out.message)
	case halt:
		x.set(condition, metav1.ConditionFalse, out.reason, out.message)
	case fault: // the facts are not known; the condition stays as it is
	}
	return out
}

// set writes a condition. What is True or False stays so: nothing regresses.
func (x *run) set(condition string, status metav1.ConditionStatus, reason, message string) {
	old := meta.FindStatusCondition(x.object.Status.Conditions, condition)
	if old != nil && old.Status != metav1.ConditionUnknown && old.Status != status {
		return
	}
	x.put(condition, status, reason, message)
}

func (x *run) put(condition string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&x.object.Status.Conditions, metav1.Condition{
		Type: condition, Status: status, Reason: reason, Message: rds.CleanLine(message),
		ObservedGeneration: x.object.Generation, LastTransitionTime: metav1.NewTime(x.now()),
	})
}

// since is when the condition took its present status; the zero time when it is absent.
func (x *run) since(condition string) time.Time {
	if c := meta.FindStatusCondition(x.object.Status.Conditions, condition); c != nil {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

// persist writes the status with an optimistic lock, if there is anything to write.
func (x *run) persist(ctx context.Context) error {
	if equality.Semantic.DeepEqual(x.object.Status, x.saved.Status) {
		return nil
	}
	patch := client.MergeFromWithOptions(x.saved, client.MergeFromWithOptimisticLock{})
	written := x.object.DeepCopy()
	if err := x.Client.Status().Patch(ctx, written, patch, client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	x.object, x.saved = written, written.DeepCopy()
	return nil
}

// unchanged fails with errStale unless the object is still as it was read.
func (x *run) unchanged(ctx context.Context) error {
	now := &v1alpha1.AuroraBacktrack{}
	if err := x.Live.Get(ctx, client.ObjectKeyFromObject(x.object), now); err != nil {
		return fmt.Errorf("reading the object again: %w", err)
	}
	if now.UID != x.saved.UID || now.ResourceVersion != x.saved.ResourceVersion {
		return errStale
	}
	return nil
}

// updateMeta patches the object's metadata with an optimistic lock.
func (x *run) updateMeta(ctx context.Context, change func(*v1alpha1.AuroraBacktrack)) error {
	changed := x.saved.DeepCopy()
	change(changed)
	patch := client.MergeFromWithOptions(x.saved, client.MergeFromWithOptimisticLock{})
	if err := x.Client.Patch(ctx, changed, patch, client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return fmt.Errorf("writing the metadata: %w", err)
	}
	status := x.object.Status
	x.saved, x.object = changed, changed.DeepCopy()
	x.object.Status = status
	return nil
}

// changeCluster changes the AuroraCluster's status from a live read and with an optimistic lock. The change
// tells whether it changed anything. A conflict is an error: the next walk decides anew.
func (x *run) changeCluster(ctx context.Context, change func(*v1alpha1.AuroraCluster) bool) error {
	x.clusterRead = false
	cluster, err := x.auroraCluster(ctx)
	if err != nil || cluster == nil {
		return err
	}
	changed := cluster.DeepCopy()
	if !change(changed) {
		return nil
	}
	patch := client.MergeFromWithOptions(cluster, client.MergeFromWithOptimisticLock{})
	if err := x.Client.Status().Patch(ctx, changed, patch, client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		x.clusterRead = false
		return fmt.Errorf("writing AuroraCluster %s: %w", cluster.Name, err)
	}
	x.cluster = changed
	return nil
}
