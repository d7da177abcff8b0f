package backtrack

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
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
func rollout(w *world) {
	ctx := context.Background()
	var list appsv1.DeploymentList
	if err := w.api.List(ctx, &list); err != nil {
		w.t.Fatal(err)
	}
	for i := range list.Items {
		d := &list.Items[i]
		n := ptr.Deref(d.Spec.Replicas, 1)
		w.pods(d, n)
		saved := d.DeepCopy()
		d.Status = appsv1.DeploymentStatus{
			ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n,
			Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue}},
		}
		if err := w.api.Status().Patch(ctx, d, client.MergeFrom(saved)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// pods makes the Deployment's pods as many as wanted.
func (w *world) pods(d *appsv1.Deployment, wanted int32) {
	ctx := context.Background()
	var list corev1.PodList
	if err := w.api.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabels(d.Spec.Selector.MatchLabels)); err != nil {
		w.t.Fatal(err)
	}
	for i := int(wanted); i < len(list.Items); i++ {
		if err := w.api.Delete(ctx, &list.Items[i]); err != nil {
			w.t.Fatal(err)
		}
	}
	for i := len(list.Items); i < int(wanted); i++ {
		w.create(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: d.Namespace, Name: fmt.Sprintf("%s-%d", d.Name, w.made), Labels: d.Spec.Template.Labels},
			Status:     corev1.PodStatus{Phase: corev1.PodRunning},
		})
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
