package workload

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups=apps,resources=replicasets,verbs=get;list;patch

// replicaSet is one that stands by itself, without a Deployment. It is paused by its number of replicas.
//
// What a pause takes away: the pods and what lives as long as a pod (see deployment.go). The pods that come
// back have the present template, as has every pod that a ReplicaSet replaces.
var replicaSet = kind{
	gvk:         appsv1.SchemeGroupVersion.WithKind("ReplicaSet"),
	pauseField:  replicasAt("spec", "replicas"),
	restart:     byTemplate,
	pods:        podsOfItsOwn,
	reportsPods: reportsReplicas,
	progress:    typedProgress(replicaSetProgress),
	stuck:       replicaSetStuck,
	unsupported: typedUnsupported(replicaSetUnsupported),
}

func replicaSetUnsupported(r *appsv1.ReplicaSet, _ v1alpha1.Strategy) string {
	if owner := metav1.GetControllerOf(r); owner != nil {
		return fmt.Sprintf("belongs to %s %s: name that one instead", owner.Kind, owner.Name)
	}
	return ""
}

// replicaSetProgress cannot distinguish old pods from new ones; Ready reads the pods themselves.
func replicaSetProgress(r *appsv1.ReplicaSet, _ bool) progress {
	want, s := ptr.Deref(r.Spec.Replicas, 1), r.Status
	if s.ObservedGeneration < r.Generation {
		return notObserved
	}
	for _, c := range s.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue && s.Replicas < want {
			return progress{failed: true, message: c.Reason + ": " + c.Message}
		}
	}
	return replicaProgress(want, s.Replicas, s.Replicas, s.AvailableReplicas)
}

// replicaSetStuck: a ReplicaSet never replaces a pod because its template changed.
func replicaSetStuck(_ *unstructured.Unstructured, pods []corev1.Pod, isOld func(*corev1.Pod) bool) []corev1.Pod {
	return keep(pods, isOld)
}
