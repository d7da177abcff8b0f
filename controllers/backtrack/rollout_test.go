package backtrack

import (
	"context"
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// deployment is a healthy Deployment that depends on AuroraCluster game.
func deployment(name string, replicas int32, strategy v1alpha1.Strategy) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "game", Name: name, Labels: map[string]string{v1alpha1.ClusterLabel: "game"},
			Annotations: map[string]string{v1alpha1.StrategyAnnotation: string(strategy)},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To(replicas), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}},
		},
	}
}

// rollout does for every Deployment what its controller and the kubelets would: as many ready pods as the
// spec asks for, of the newest template.
func rollout(w *world) { rolloutIf(w, func(fakeapi.Key) bool { return true }) }

// rolloutIf does so for some of them.
func rolloutIf(w *world, works func(fakeapi.Key) bool) {
	for key, object := range w.server.Snapshot() {
		if key.Kind != "Deployment" || settled(object) || !works(key) {
			continue
		}
		d := w.readDeployment(key.Name)
		n := ptr.Deref(d.Spec.Replicas, 1)
		w.pods(d, n)
		saved := d.DeepCopy()
		d.Status = appsv1.DeploymentStatus{
			ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n,
			Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue}},
		}
		if err := w.api.Status().Patch(context.Background(), d, client.MergeFrom(saved)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// settled tells whether the Deployment's controller has nothing to do.
func settled(object fakeapi.Object) bool {
	generation, _, _ := unstructured.NestedInt64(object, "metadata", "generation")
	observed, _, _ := unstructured.NestedInt64(object, "status", "observedGeneration")
	return observed == generation
}

// pods makes the Deployment's pods as many as wanted, all of its newest template.
func (w *world) pods(d *appsv1.Deployment, wanted int32) {
	ctx := context.Background()
	var list corev1.PodList
	if err := w.api.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabels(d.Spec.Selector.MatchLabels)); err != nil {
		w.t.Fatal(err)
	}
	hash := templateHash(d)
	for i := range list.Items {
		if pod := &list.Items[i]; pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey] != hash || wanted == 0 {
			if err := w.api.Delete(ctx, pod); err != nil {
				w.t.Fatal(err)
			}
			continue
		}
		wanted--
	}
	for ; wanted > 0; wanted-- {
		w.create(podOf(d, hash, w.made))
	}
}

// templateHash tells one template from another: restarts are all that changes it here.
func templateHash(d *appsv1.Deployment) string {
	by := d.Spec.Template.Annotations[v1alpha1.RestartedByAnnotation]
	return "hash" + by[max(0, len(by)-4):]
}

// podOf is a pod as the Deployment's ReplicaSet would make it.
func podOf(d *appsv1.Deployment, hash string, number int) *corev1.Pod {
	labels := map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}
	maps.Copy(labels, d.Spec.Template.Labels)
	set := fmt.Sprintf("%s-%s", d.Name, hash)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.Namespace, Name: fmt.Sprintf("%s-%d", set, number), Labels: labels, Annotations: d.Spec.Template.Annotations,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: set, UID: d.UID, Controller: ptr.To(true)}},
		},
	}
}

// readDeployment gives the Deployment as stored.
func (w *world) readDeployment(name string) *appsv1.Deployment {
	w.t.Helper()
	d := &appsv1.Deployment{}
	if err := w.api.Get(context.Background(), client.ObjectKey{Namespace: "game", Name: name}, d); err != nil {
		w.t.Fatal(err)
	}
	return d
}
