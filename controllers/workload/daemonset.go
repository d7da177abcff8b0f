package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups=apps,resources=daemonsets,verbs=get;list;patch

// daemonSet cannot be scaled. It is paused by a node selector that no node matches, beside the one it has;
// the UID as its value makes sure that no node does.
//
// What a pause takes away: the pods and what lives as long as a pod (see deployment.go). hostPath volumes
// stay on their nodes. The node selector makes a ControllerRevision, which counts against
// revisionHistoryLimit, as every rollout does. With updateStrategy OnDelete the pods that come back have the
// newest template, so changes that were held back are refused as for a restart.
var daemonSet = kind{
	gvk: appsv1.SchemeGroupVersion.WithKind("DaemonSet"),
	pauseField: pauseField{
		path:     []string{"spec", "template", "spec", "nodeSelector", v1alpha1.PausedAnnotation},
		paused:   func(owner types.UID) any { return string(owner) },
		valid:    func(v any) bool { return v == nil },
		fallback: func(*v1alpha1.DependentStatus) any { return nil },
	},
	restart:     byTemplate,
	pods:        podsOfItsOwn,
	progress:    typedProgress(daemonSetProgress),
	stuck:       daemonSetStuck,
	unsupported: typedUnsupported(daemonSetUnsupported),
}

func daemonSetUnsupported(d *appsv1.DaemonSet, _ v1alpha1.Strategy) string {
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType && d.Status.UpdatedNumberScheduled < d.Status.CurrentNumberScheduled {
		return heldBack
	}
	return ""
}

func daemonSetProgress(d *appsv1.DaemonSet, _ bool) progress {
	s := d.Status
	if s.ObservedGeneration < d.Generation {
		return notObserved
	}
	return replicaProgress(s.DesiredNumberScheduled, s.UpdatedNumberScheduled, s.CurrentNumberScheduled, s.NumberAvailable)
}

// daemonSetStuck: with OnDelete its controller replaces no pod by itself.
func daemonSetStuck(u *unstructured.Unstructured, pods []corev1.Pod, isOld func(*corev1.Pod) bool) []corev1.Pod {
	if update, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type"); update != string(appsv1.OnDeleteDaemonSetStrategyType) {
		return nil
	}
	return keep(pods, isOld)
}
