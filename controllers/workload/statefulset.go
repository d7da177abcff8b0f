package workload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups=apps,resources=statefulsets,verbs=get;list;patch

// statefulSet is paused by its number of replicas.
//
// What a pause takes away: the pods and what lives as long as a pod (see deployment.go); and with
// persistentVolumeClaimRetentionPolicy.whenScaled: Delete the PersistentVolumeClaims of its
// volumeClaimTemplates, with the data on them. Such a set is never paused. With updateStrategy OnDelete the
// pods that come back have the newest template, so a pause rolls out changes that were held back; that is
// refused as it is for a restart. With a partition the pods below it come back at their old revision.
var statefulSet = kind{
	gvk:         appsv1.SchemeGroupVersion.WithKind("StatefulSet"),
	pauseField:  replicasAt("spec", "replicas"),
	restart:     byTemplate,
	pods:        podsOfItsOwn,
	reportsPods: reportsReplicas,
	progress:    typedProgress(statefulSetProgress),
	stuck:       statefulSetStuck,
	unsupported: typedUnsupported(statefulSetUnsupported),
	destroys:    statefulSetDestroys,
}

// statefulSetDestroys: whenScaled: Delete hands the claims of the removed pods to the garbage collector.
func statefulSetDestroys(u *unstructured.Unstructured) (string, error) {
	s, err := convert[appsv1.StatefulSet](u)
	if err != nil {
		return "", err
	}
	policy := s.Spec.PersistentVolumeClaimRetentionPolicy
	if policy == nil || policy.WhenScaled != appsv1.DeletePersistentVolumeClaimRetentionPolicyType || len(s.Spec.VolumeClaimTemplates) == 0 {
		return "", nil
	}
	return "has persistentVolumeClaimRetentionPolicy.whenScaled: Delete, so pausing it would delete its PersistentVolumeClaims and the data on them: set whenScaled to Retain, or give it strategy Restart", nil
}

func statefulSetUnsupported(s *appsv1.StatefulSet, strategy v1alpha1.Strategy) string {
	update := s.Spec.UpdateStrategy
	if strategy == v1alpha1.StrategyRestart && update.RollingUpdate != nil && ptr.Deref(update.RollingUpdate.Partition, 0) > 0 {
		return fmt.Sprintf("has spec.updateStrategy.rollingUpdate.partition %d, so the pods below it would not be restarted: set the partition to 0, or give it strategy Pause",
			*update.RollingUpdate.Partition)
	}
	if update.Type == appsv1.OnDeleteStatefulSetStrategyType && s.Status.UpdatedReplicas < s.Status.Replicas {
		return heldBack
	}
	return ""
}

// heldBack: with OnDelete, replacing a pod also rolls out whatever change was kept back from it.
const heldBack = "has updateStrategy OnDelete and changes that are not rolled out, which new pods would have: delete its pods by hand first, or give it strategy None"

// statefulSetProgress does not ask for the update revision where the pods were all gone before: a
// partition keeps some of them at the older one on purpose.
func statefulSetProgress(s *appsv1.StatefulSet, restarted bool) progress {
	want, st := ptr.Deref(s.Spec.Replicas, 1), s.Status
	if st.ObservedGeneration < s.Generation {
		return notObserved
	}
	updated := st.UpdatedReplicas
	if !restarted {
		updated = st.Replicas
	}
	return replicaProgress(want, updated, st.Replicas, st.AvailableReplicas)
}

// statefulSetStuck picks one pod at a time where the set keeps its pods in order. Such a set makes no
// progress at all while one of its pods is not ready (its controller stops at the first one), and after a
// rewind that is the usual state of an application that does not reconnect by itself: a rolling update
// alone would wait for ever.
func statefulSetStuck(u *unstructured.Unstructured, pods []corev1.Pod, isOld func(*corev1.Pod) bool) []corev1.Pod {
	update, _, _ := unstructured.NestedString(u.Object, "spec", "updateStrategy", "type")
	management, _, _ := unstructured.NestedString(u.Object, "spec", "podManagementPolicy")
	onDelete, inOrder := update == string(appsv1.OnDeleteStatefulSetStrategyType), management != string(appsv1.ParallelPodManagement)
	if !inOrder {
		if onDelete {
			return keep(pods, isOld)
		}
		return nil
	}
	byOrdinal := slices.Clone(pods)
	slices.SortFunc(byOrdinal, func(a, b corev1.Pod) int { return ordinal(&a) - ordinal(&b) })
	if slices.ContainsFunc(byOrdinal, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil }) {
		return nil
	}
	// The controller waits for the lowest one that is not ready, so that one goes first.
	if broken := keep(byOrdinal, func(p *corev1.Pod) bool { return isOld(p) && !isReady(p) }); len(broken) > 0 {
		return broken[:1]
	}
	allReady := !slices.ContainsFunc(byOrdinal, func(p corev1.Pod) bool { return !isReady(&p) })
	if healthy := keep(byOrdinal, isOld); onDelete && allReady && len(healthy) > 0 {
		return healthy[len(healthy)-1:]
	}
	return nil
}

// ordinal is the number at the end of a StatefulSet pod's name.
func ordinal(pod *corev1.Pod) int {
	n, err := strconv.Atoi(pod.Name[strings.LastIndex(pod.Name, "-")+1:])
	if err != nil {
		return 0
	}
	return n
}
