package workload

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	// isGone is the message of a dependent that was there when it was found.
	isGone = "it does not exist any more"
	// goesWithNamespace is the message of a dependent that nobody can change any more.
	goesWithNamespace = "goes with its namespace, which is being deleted"
)

// NamespaceLeaves reports whether the namespace is being deleted, or is gone. Neither is ever undone: a namespace of that
// name that exists later is another one.
func (w *Workloads) NamespaceLeaves(ctx context.Context, namespace string) bool {
	return namespaceLeaves(ctx, w.Client, namespace)
}

// namespaceLeaves is false where the namespace cannot be read: then nothing is known of it.
func namespaceLeaves(ctx context.Context, c client.Client, namespace string) bool {
	ns, err := readNamespace(ctx, c, namespace)
	return objectNotFound(err) || err == nil && ns.DeletionTimestamp != nil
}

// isTerminating reports whether the namespace is there, and being deleted.
func isTerminating(ctx context.Context, c client.Client, namespace string) bool {
	ns, err := readNamespace(ctx, c, namespace)
	return err == nil && ns.DeletionTimestamp != nil
}

func readNamespace(ctx context.Context, c client.Client, name string) (*metav1.PartialObjectMetadata, error) {
	ns := &metav1.PartialObjectMetadata{}
	ns.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return ns, c.Get(ctx, client.ObjectKey{Name: name}, ns)
}

// refusedByLeaving reports whether the error is a refusal that comes of the namespace being deleted. Kubernetes may
// delete the operator's Role in it before the workloads; from then on all that concerns them is Forbidden, for good.
func refusedByLeaving(ctx context.Context, c client.Client, namespace string, err error) bool {
	return apierrors.IsForbidden(err) && namespaceLeaves(ctx, c, namespace)
}

// leaves reports whether the error comes of the target's namespace being deleted. The target is absent then.
func (t *target) leaves(ctx context.Context, c client.Client, err error) bool {
	if !refusedByLeaving(ctx, c, t.dep.Namespace, err) {
		return false
	}
	t.presence, t.obj, t.err, t.leaving = absent, nil, err, true
	return true
}

// skip settles a target that is absent.
func (t *target) skip() {
	message := isGone
	if t.leaving {
		message = goesWithNamespace
	}
	set(t.dep, v1alpha1.DependentSkipped, message)
}
