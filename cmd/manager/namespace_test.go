package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestNamespaceIsDeleted has an operator that is limited to two namespaces, and a rewind that waits for a pod. Then the
// namespace of the AuroraBacktrack is deleted, its Role first, as the namespace controller may do. The object goes, what
// was paused in the other namespace comes back, and the cluster's lock is free.
func TestNamespaceIsDeleted(t *testing.T) {
	w, elsewhere := newWorld(t), newWorld(t)
	w.narrow()
	w.narrowTo(elsewhere.name)
	w.manager(func(o *options) { o.watchNamespaces = w.name + "," + elsewhere.name })
	c := w.cluster()
	c.Spec.AllowedNamespaces.Names = append(c.Spec.AllowedNamespaces.Names, elsewhere.name)
	w.create(c)
	worker := elsewhere.deployment("worker", 1, v1alpha1.StrategyPause)
	worker.Labels[v1alpha1.ClusterLabel] = c.Name
	w.create(worker)
	w.create(elsewhere.stubbornPod("worker"))
	// It is paused first, and can't be resumed once the Role is gone: it goes with its namespace.
	gameAPI := w.deployment("game-api", 1, v1alpha1.StrategyPause)
	w.create(gameAPI)
	b := w.backtrack("undo", time.Minute)
	w.create(b)
	w.until("it waits for the pod", func(ctx context.Context) bool {
		w.must(w.Get(ctx, client.ObjectKeyFromObject(b), b))
		w.must(w.Get(ctx, client.ObjectKeyFromObject(gameAPI), gameAPI))
		return *gameAPI.Spec.Replicas == 0 && slices.ContainsFunc(b.Status.Dependents, func(d v1alpha1.DependentStatus) bool {
			return d.Namespace != w.name && d.State == v1alpha1.DependentPausing
		})
	})
	if text := fmt.Sprintf("%+v", b.Status); strings.Contains(text, elsewhere.name) || strings.Contains(text, "worker") {
		t.Errorf("the requester reads the other namespace's names: %s", text)
	}

	user := "manager-of-" + w.name
	for _, o := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.name}},
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: user}},
		&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: user}},
		b,
	} {
		w.must(w.Delete(t.Context(), o))
	}
	w.until("the object is gone", func(ctx context.Context) bool {
		return apierrors.IsNotFound(w.Get(ctx, client.ObjectKeyFromObject(b), b))
	})
	w.must(w.Get(t.Context(), client.ObjectKeyFromObject(worker), worker))
	if *worker.Spec.Replicas != 1 || worker.Annotations[v1alpha1.PausedAnnotation] != "" {
		t.Errorf("the worker in the other namespace has %d replicas and the annotations %v", *worker.Spec.Replicas, worker.Annotations)
	}
	w.must(w.Get(t.Context(), client.ObjectKeyFromObject(c), c))
	if c.Status.ActiveBacktrack != nil {
		t.Errorf("the cluster is still locked by %+v", c.Status.ActiveBacktrack)
	}
	if w.asked() > 0 {
		t.Errorf("RDS was asked %d times", w.asked())
	}
}

// stubbornPod is a pod of the Deployment that no kubelet takes away.
func (w *world) stubbornPod(deployment string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.name, Name: deployment, Labels: map[string]string{"app": deployment, appsv1.DefaultDeploymentUniqueLabelKey: "1"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: deployment + "-1", UID: "1", Controller: ptr.To(true)}},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "none"}}},
	}
}
