package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;patch

// deployment is paused by its number of replicas.
//
// What a pause takes away: the pods, with their emptyDir volumes and generic ephemeral volumes
// (spec.volumes[].ephemeral), whose claims belong to the pods. Their lifetime is a pod's by definition, and
// every rollout takes them away too. PersistentVolumeClaims that the template names stay, as do the
// ReplicaSets that a rollback needs.
var deployment = kind{
	gvk:         appsv1.SchemeGroupVersion.WithKind("Deployment"),
	pauseField:  replicasAt("spec", "replicas"),
	restart:     byTemplate,
	pods:        podsOfReplicaSets("pod-template-hash"),
	reportsPods: reportsReplicas,
	progress:    typedProgress(deploymentProgress),
	unsupported: typedUnsupported(deploymentUnsupported),
}

func deploymentUnsupported(d *appsv1.Deployment, _ v1alpha1.Strategy) string {
	if d.Spec.Paused {
		return "is paused (spec.paused), so its pods would not be replaced: run kubectl rollout resume, or give it strategy None"
	}
	return ""
}

func deploymentProgress(d *appsv1.Deployment, _ bool) progress {
	want, s := ptr.Deref(d.Spec.Replicas, 1), d.Status
	if s.ObservedGeneration < d.Generation {
		return notObserved
	}
	p := replicaProgress(want, s.UpdatedReplicas, s.Replicas, s.AvailableReplicas)
	if p.complete {
		return p
	}
	if d.Spec.Paused {
		return progress{failed: true, message: "it is paused: run kubectl rollout resume"}
	}
	for _, c := range s.Conditions {
		switch {
		case c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded":
			return progress{failed: true, message: "ProgressDeadlineExceeded: " + p.message}
		case c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue:
			return progress{failed: true, message: c.Reason + ": " + c.Message}
		}
	}
	return p
}
