package workload

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// +kubebuilder:rbac:groups="",resources=pods/eviction,verbs=create

// evict asks for the pods to be evicted: some controllers replace old pods only when somebody takes them
// away. Which of them may really go is up to their PodDisruptionBudgets; held says which one such a budget
// keeps for now.
func evict(ctx context.Context, c client.Client, pods []corev1.Pod) (held string, err error) {
	var errs []error
	for i := range pods {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: pods[i].Namespace, Name: pods[i].Name}}
		err := c.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
			DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(pods[i].UID)}},
		})
		switch {
		case apierrors.IsTooManyRequests(err):
			held = fmt.Sprintf("a PodDisruptionBudget holds pod %s back for now", pod.Name)
		case err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err): // gone, or another one by now
			errs = append(errs, fmt.Errorf("evict pod %s/%s: %w", pod.Namespace, pod.Name, missingRight(err, "create on pods/eviction")))
		}
	}
	return held, errors.Join(errs...)
}
