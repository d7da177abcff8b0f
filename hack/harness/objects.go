package harness

import (
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// CreateDependents creates one Deployment of each strategy: game-api (Restart), worker (Pause) and report (None).
func (env *Env) CreateDependents() {
	env.Create(NewDeployment("game-api", 2, v1alpha1.StrategyRestart))
	env.Create(NewDeployment("worker", 3, v1alpha1.StrategyPause))
	env.Create(NewDeployment("report", 1, v1alpha1.StrategyNone))
	env.Kubelet(env)
}

// replicas are what the dependents have while nothing happens.
var replicas = map[string]int32{"game-api": 2, "worker": 3, "report": 1}

// NewDeployment is a healthy Deployment that depends on AuroraCluster game.
func NewDeployment(name string, replicas int32, strategy v1alpha1.Strategy) *appsv1.Deployment {
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

// NewPod is a pod as the Deployment's ReplicaSet would make it.
func NewPod(d *appsv1.Deployment, hash string, number int) *corev1.Pod {
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

// NewAuroraCluster stands for the Aurora cluster of that identifier, and lets namespace game rewind it.
func NewAuroraCluster(name, identifier string) *v1alpha1.AuroraCluster {
	return &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AuroraClusterSpec{
		DBClusterIdentifier: identifier, Strategy: v1alpha1.StrategyRestart,
		AllowedNamespaces: v1alpha1.AllowedNamespaces{Names: []string{"game"}},
	}}
}

// NewBacktrack is the two-field object, to 13:55.
func NewBacktrack(name string) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: name}, Spec: v1alpha1.AuroraBacktrackSpec{
		ClusterRef: v1alpha1.ClusterReference{Name: "game"}, BacktrackTo: "2023-12-23T13:55:00Z",
	}}
}
