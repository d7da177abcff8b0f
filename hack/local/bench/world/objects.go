package world

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
)

// writers bounds how many objects are created at the same time.
const writers = 16

// Many does something n times, a few at a time, up to the first error.
func Many(ctx context.Context, n int, do func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// Namespace makes a namespace.
func (w *World) Namespace(ctx context.Context, name string) error {
	return client.IgnoreAlreadyExists(w.API.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}))
}

// Clusters makes n Aurora clusters named PREFIX-0 and so on, which exist for an hour, and an AuroraCluster of the same name for
// each, which every namespace may rewind.
func (w *World) Clusters(ctx context.Context, prefix string, n int) error {
	return Many(ctx, n, func(ctx context.Context, i int) error {
		name := fmt.Sprintf("%s-%d", prefix, i)
		err := w.RDS.AddCluster(aurora.Cluster{Identifier: name, BacktrackWindow: 7200, CreatedAt: time.Now().Add(-time.Hour)}, "")
		if err != nil {
			return err
		}
		return w.API.Create(ctx, &v1alpha1.AuroraCluster{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: v1alpha1.AuroraClusterSpec{
				DBClusterIdentifier: name, AllowedNamespaces: v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{}},
			},
		})
	})
}

// Backtrack is an AuroraBacktrack to ten minutes ago.
func Backtrack(namespace, name, cluster string) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1alpha1.AuroraBacktrackSpec{
			ClusterRef: v1alpha1.ClusterReference{Name: cluster}, BacktrackTo: v1alpha1.NewTimestamp(time.Now().Add(-10 * time.Minute)),
		},
	}
}

// AllReady waits until n AuroraClusters are Ready.
func (w *World) AllReady(ctx context.Context, limit time.Duration, n int) error {
	return w.Await(ctx, limit, fmt.Sprintf("%d AuroraClusters are Ready", n), &v1alpha1.AuroraClusterList{}, n, func(o client.Object) (bool, error) {
		return meta.IsStatusConditionTrue(o.(*v1alpha1.AuroraCluster).Status.Conditions, v1alpha1.ConditionReady), nil
	})
}

// AllSucceeded waits until n AuroraBacktracks have succeeded. One that ends otherwise is an error.
func (w *World) AllSucceeded(ctx context.Context, limit time.Duration, n int) error {
	return w.Await(ctx, limit, fmt.Sprintf("%d AuroraBacktracks have succeeded", n), &v1alpha1.AuroraBacktrackList{}, n, func(o client.Object) (bool, error) {
		b := o.(*v1alpha1.AuroraBacktrack)
		if b.Status.CompletedAt == "" {
			return false, nil
		}
		if c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded); c == nil || c.Status != metav1.ConditionTrue {
			return false, fmt.Errorf("%s ended otherwise: %+v", b.Name, c)
		}
		return true, nil
	})
}
