package workload

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// The functions here say why a strategy cannot be carried out on a workload, and what to do about it. A
// preflight that refuses is better than a restart that is reported and did not happen.

func deploymentUnsound(d *appsv1.Deployment, _ v1alpha1.Strategy) string {
	if d.Spec.Paused {
		return "is paused (spec.paused), so its pods would not be replaced: run kubectl rollout resume, or give it strategy None"
	}
	return ""
}

func statefulSetUnsound(s *appsv1.StatefulSet, strategy v1alpha1.Strategy) string {
	if strategy != v1alpha1.StrategyRestart {
		return ""
	}
	update := s.Spec.UpdateStrategy
	if update.RollingUpdate != nil && ptr.Deref(update.RollingUpdate.Partition, 0) > 0 {
		return fmt.Sprintf("has spec.updateStrategy.rollingUpdate.partition %d, so the pods below it would not be restarted: set the partition to 0, or give it strategy Pause",
			*update.RollingUpdate.Partition)
	}
	if update.Type == appsv1.OnDeleteStatefulSetStrategyType && s.Status.UpdatedReplicas < s.Status.Replicas {
		return heldBack
	}
	return ""
}

func daemonSetUnsound(d *appsv1.DaemonSet, strategy v1alpha1.Strategy) string {
	if strategy == v1alpha1.StrategyRestart && d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType &&
		d.Status.UpdatedNumberScheduled < d.Status.CurrentNumberScheduled {
		return heldBack
	}
	return ""
}

// heldBack: with OnDelete, evicting a pod also rolls out whatever change was kept back from it.
const heldBack = "has updateStrategy OnDelete and changes that are not rolled out, which a restart would roll out too: delete its pods by hand first, or give it strategy None"

func replicaSetUnsound(r *appsv1.ReplicaSet, _ v1alpha1.Strategy) string {
	if owner := metav1.GetControllerOf(r); owner != nil {
		return fmt.Sprintf("belongs to %s %s: name that one instead", owner.Kind, owner.Name)
	}
	return ""
}
