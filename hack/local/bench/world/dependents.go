package world

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Dependents makes Deployments named app-0 and so on, with one pod each, and waits for the pods. They are processes that sleep, or
// on the node that is named run nothing.
func (w *World) Dependents(ctx context.Context, namespace, cluster string, strategy v1alpha1.Strategy, n int, node string) error {
	err := Many(ctx, n, func(ctx context.Context, i int) error {
		d := Deployment(namespace, fmt.Sprintf("app-%d", i))
		d.Labels[v1alpha1.ClusterLabel] = cluster
		d.Annotations = map[string]string{v1alpha1.StrategyAnnotation: string(strategy)}
		d.Spec.Template.Spec.NodeName = node
		return w.API.Create(ctx, d)
	})
	if err != nil {
		return err
	}
	return w.Await(ctx, 10*time.Minute, fmt.Sprintf("%d Deployments are ready", n), &appsv1.DeploymentList{}, n, func(o client.Object) (bool, error) {
		d := o.(*appsv1.Deployment)
		return d.Status.ReadyReplicas == 1 && d.Status.ObservedGeneration == d.Generation, nil
	})
}

// Deployment is one with one pod, which sleeps.
func Deployment(namespace, name string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{}},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "it", Image: "it", Command: []string{"sleep", "86400"}}}},
			},
		},
	}
}
