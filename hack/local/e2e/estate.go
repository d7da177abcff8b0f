package e2e

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// estate is an Aurora cluster, the AuroraCluster and the namespace that go with it, all by one name, and the workloads
// in the namespace as they were at first.
type estate struct {
	*test
	name   string
	before map[string]any
	pods   map[string]int
}

// kinds of workloads whose state is compared.
var kinds = []schema.GroupVersionKind{
	{Group: "apps", Version: "v1", Kind: "Deployment"},
	{Group: "apps", Version: "v1", Kind: "StatefulSet"},
	{Group: "apps", Version: "v1", Kind: "DaemonSet"},
	{Group: "apps", Version: "v1", Kind: "ReplicaSet"},
	{Group: "batch", Version: "v1", Kind: "CronJob"},
	{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
	{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"},
	{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"},
	{Group: "example.com", Version: "v1", Kind: "Widget"},
}

// settle makes an estate and waits until everything in it is up. The spec of the AuroraCluster and the workloads are
// manifests; the words NAME in them become the estate's name. It wants so many pods to be ready.
func (t *test) settle(ctx context.Context, name, spec, workloads string, pods int) (*estate, error) {
	if _, err := t.rds.CreateCluster(ctx, name); err != nil {
		return nil, err
	}
	e := &estate{test: t, name: name}
	head := "apiVersion: v1\nkind: Namespace\nmetadata: {name: NAME, labels: {estate: NAME}}\n---\n" +
		"apiVersion: aurora-backtrack.io/v1alpha1\nkind: AuroraCluster\nmetadata: {name: NAME}\nspec:\n  dbClusterIdentifier: NAME\n" + spec + "---\n"
	if err := t.kube.Apply(ctx, strings.ReplaceAll(head+workloads, "NAME", name)); err != nil {
		return nil, err
	}
	err := stage.Until(ctx, name+" is up", func() (bool, error) {
		var cluster v1alpha1.AuroraCluster
		if err := t.kube.API.Get(ctx, client.ObjectKey{Name: name}, &cluster); err != nil {
			return false, err
		}
		var err error
		e.pods, err = e.ready(ctx)
		sum := 0
		for n := range maps.Values(e.pods) {
			sum += n
		}
		ready := slices.ContainsFunc(cluster.Status.Conditions, func(c metav1.Condition) bool {
			return c.Type == v1alpha1.ConditionReady && c.Status == metav1.ConditionTrue
		})
		return ready && sum == pods, err
	})
	if err != nil {
		return nil, fmt.Errorf("%w; ready pods: %v", err, e.pods)
	}
	e.before, err = e.workloads(ctx)
	return e, err
}

// ready counts the pods that are ready and not about to go, by the value of their label app. Those of Jobs have none.
func (e *estate) ready(ctx context.Context) (map[string]int, error) {
	var list corev1.PodList
	if err := e.kube.API.List(ctx, &list, client.InNamespace(e.name), client.HasLabels{"app"}); err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, pod := range list.Items {
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil {
				count[pod.Labels["app"]]++
			}
		}
	}
	return count, nil
}

// workloads is what people have written into the workloads: their specs and annotations, without the marks of restarts,
// which are meant to stay. A mark of a pause is no such thing.
func (e *estate) workloads(ctx context.Context) (map[string]any, error) {
	all := map[string]any{}
	for _, kind := range kinds {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind)
		if err := e.kube.API.List(ctx, list, client.InNamespace(e.name)); err != nil {
			return nil, err
		}
		for _, u := range list.Items {
			if metav1.GetControllerOf(&u) != nil {
				continue
			}
			unstructured.RemoveNestedField(u.Object, "spec", "template", "metadata", "annotations", v1alpha1.RestartedByAnnotation)
			if left, _, _ := unstructured.NestedMap(u.Object, "spec", "template", "metadata", "annotations"); len(left) == 0 {
				unstructured.RemoveNestedField(u.Object, "spec", "template", "metadata", "annotations")
			}
			unstructured.RemoveNestedField(u.Object, "spec", "restartAt")
			annotations := u.GetAnnotations()
			// The last two are the business of their controllers.
			for _, name := range []string{v1alpha1.RestartedByAnnotation, "deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"} {
				delete(annotations, name)
			}
			all[u.GetKind()+" "+u.GetName()] = map[string]any{"annotations": annotations, "spec": u.Object["spec"]}
		}
	}
	return all, nil
}

// asBefore fails unless all workloads read as they did at first, now, and their pods are ready, soon.
func (e *estate) asBefore(ctx context.Context) error {
	now, err := e.workloads(ctx)
	if err != nil {
		return err
	}
	for name, was := range e.before {
		if !reflect.DeepEqual(now[name], was) {
			return fmt.Errorf("%s in %s is not as before: %v, was %v", name, e.name, now[name], was)
		}
	}
	var pods map[string]int
	err = stage.Within(ctx, 30*time.Second, "all pods of "+e.name+" are ready again", func() (bool, error) {
		pods, err = e.ready(ctx)
		return maps.Equal(pods, e.pods), err
	})
	if err != nil {
		return fmt.Errorf("%w; ready pods: %v, were %v", err, pods, e.pods)
	}
	return nil
}

// running names the pods that have not ended.
func (e *estate) running(ctx context.Context) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := e.kube.API.List(ctx, &list, client.InNamespace(e.name))
	return slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool {
		return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	}), err
}

// hold makes RDS report the cluster as not available, so that a run that has paused everything waits. Release ends it.
func (e *estate) hold(ctx context.Context) error {
	return e.rds.EditCluster(ctx, e.name, map[string]any{"status": "maintenance"})
}

func (e *estate) release(ctx context.Context) error {
	return e.rds.EditCluster(ctx, e.name, map[string]any{"status": ""})
}
