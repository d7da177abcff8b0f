package workload

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// kind is all that this room knows about one kind of workload.
type kind struct {
	gvk   schema.GroupVersionKind
	lever lever
	// restart is how it is restarted.
	restart restartWay
	// autoscaler is set on kinds that have no pods but hold another workload's number: paused after their
	// target, so that the target's own number is known, and resumed before it, so that it is not held down.
	autoscaler bool
	// startsJobs is set on CronJobs, whose pods belong to their Jobs.
	startsJobs bool
	// pods tells which pods are its own; nil where it has none of its own.
	pods func(ctx context.Context, w *Workloads, u *unstructured.Unstructured) (podSet, error)
	// podsSeen answers from the workload's status whether pods are certainly there, which saves looking for
	// them; nil where the status does not tell.
	podsSeen func(u *unstructured.Unstructured) bool
	// progress reads from the workload's status how far its rollout is; nil: by its pods.
	progress func(u *unstructured.Unstructured, restarted bool) (progress, error)
	// stuck picks the old pods that nobody replaces unless they are evicted; nil where its controller
	// replaces them all.
	stuck func(u *unstructured.Unstructured, pods []corev1.Pod, old func(*corev1.Pod) bool) []corev1.Pod
	// unsound says why the strategy cannot be carried out on the workload, and what to do; "" when it can.
	unsound func(u *unstructured.Unstructured, strategy v1alpha1.Strategy) (string, error)
}

// restartWay is how a kind is restarted.
type restartWay int

const (
	// byTemplate: an annotation on the pod template.
	byTemplate restartWay = iota
	// byTime: Argo's spec.restartAt.
	byTime
	// nothingToRestart: it has no running pods of its own, so there is nothing to do.
	nothingToRestart
	// cannotRestart: nothing is known about how.
	cannotRestart
)

// +kubebuilder:rbac:groups=apps,resources=deployments;statefulsets;daemonsets;replicasets,verbs=get;list;patch
// +kubebuilder:rbac:groups=batch,resources=cronjobs,verbs=get;list;patch
// +kubebuilder:rbac:groups=argoproj.io,resources=rollouts,verbs=get;list;patch
// +kubebuilder:rbac:groups=keda.sh,resources=scaledobjects,verbs=get;list;patch

// builtIn are the kinds that are known by name, and listed by label. Others need a scale subresource.
var builtIn = []*kind{
	{
		gvk:      appsv1.SchemeGroupVersion.WithKind("Deployment"),
		lever:    replicasAt("spec", "replicas"),
		pods:     ofReplicaSets("pod-template-hash"),
		podsSeen: statusReplicas,
		progress: read(deploymentProgress),
		unsound:  judge(deploymentUnsound),
	},
	{
		gvk:      appsv1.SchemeGroupVersion.WithKind("StatefulSet"),
		lever:    replicasAt("spec", "replicas"),
		pods:     controlled,
		podsSeen: statusReplicas,
		progress: read(statefulSetProgress),
		stuck:    statefulSetStuck,
		unsound:  judge(statefulSetUnsound),
	},
	{
		gvk:      appsv1.SchemeGroupVersion.WithKind("DaemonSet"),
		lever:    noNode,
		pods:     controlled,
		progress: read(daemonSetProgress),
		stuck:    daemonSetStuck,
		unsound:  judge(daemonSetUnsound),
	},
	{
		gvk:      appsv1.SchemeGroupVersion.WithKind("ReplicaSet"),
		lever:    replicasAt("spec", "replicas"),
		pods:     controlled,
		podsSeen: statusReplicas,
		progress: read(replicaSetProgress),
		stuck:    replicaSetStuck,
		unsound:  judge(replicaSetUnsound),
	},
	{
		gvk:        batchv1.SchemeGroupVersion.WithKind("CronJob"),
		lever:      suspend,
		restart:    nothingToRestart,
		startsJobs: true,
		progress:   atOnce,
		unsound:    alwaysSound,
	},
	{
		gvk:      rolloutKind,
		lever:    replicasAt("spec", "replicas"),
		restart:  byTime,
		pods:     rolloutPods,
		podsSeen: statusReplicas,
		progress: rolloutProgress,
		stuck:    rolloutStuck,
		unsound:  rolloutUnsound,
	},
	{
		gvk:        scaledObjectKind,
		lever:      heldByKEDA,
		restart:    nothingToRestart,
		autoscaler: true,
		progress:   atOnce,
		unsound:    alwaysSound,
	},
}

var (
	rolloutKind      = schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"}
	scaledObjectKind = schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"}
)

// known finds a built-in kind. Without an apiVersion the kind's name is enough; with one, its group counts,
// not its version.
func known(apiVersion, name string) *kind {
	group := groupOf(apiVersion)
	for _, k := range builtIn {
		if k.gvk.Kind == name && (apiVersion == "" || k.gvk.Group == group) {
			return k
		}
	}
	return nil
}

// groupOf is the group of an apiVersion; "" for the core group, and for what is no apiVersion.
func groupOf(apiVersion string) string {
	group, _, _ := strings.Cut(apiVersion, "/")
	if group == apiVersion {
		return ""
	}
	return group
}

// kindOf is the dependent's kind, whether built in or known by its scale subresource.
func (w *Workloads) kindOf(ctx context.Context, dep *v1alpha1.DependentStatus) (*kind, error) {
	if k := known(dep.APIVersion, dep.Kind); k != nil {
		return k, nil
	}
	return w.scaled(ctx, dep.APIVersion, dep.Kind)
}

// isAutoscaler answers whether the dependent holds another one's number.
func isAutoscaler(dep *v1alpha1.DependentStatus) bool {
	k := known(dep.APIVersion, dep.Kind)
	return k != nil && k.autoscaler
}

// read lets a function that reads a typed workload read the untyped one.
func read[T any](f func(*T, bool) progress) func(*unstructured.Unstructured, bool) (progress, error) {
	return func(u *unstructured.Unstructured, restarted bool) (progress, error) {
		typed, err := convert[T](u)
		if err != nil {
			return progress{}, err
		}
		return f(typed, restarted), nil
	}
}

// judge is read for the soundness of a workload.
func judge[T any](f func(*T, v1alpha1.Strategy) string) func(*unstructured.Unstructured, v1alpha1.Strategy) (string, error) {
	return func(u *unstructured.Unstructured, strategy v1alpha1.Strategy) (string, error) {
		typed, err := convert[T](u)
		if err != nil {
			return "", err
		}
		return f(typed, strategy), nil
	}
}

func convert[T any](u *unstructured.Unstructured) (*T, error) {
	var typed T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &typed); err != nil {
		return nil, fmt.Errorf("decode %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return &typed, nil
}

func statusReplicas(u *unstructured.Unstructured) bool {
	n, _, _ := unstructured.NestedInt64(u.Object, "status", "replicas")
	return n > 0
}

func atOnce(*unstructured.Unstructured, bool) (progress, error) { return progress{complete: true}, nil }

func alwaysSound(*unstructured.Unstructured, v1alpha1.Strategy) (string, error) { return "", nil }
