package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// workload is what of a workload must be after everything as it was before, and whether it is up.
type workload struct {
	form string
	up   bool
}

// workloads looks at all dependents of all clusters, and their autoscalers.
func (s *storm) workloads(ctx context.Context) (map[string]workload, error) {
	var (
		deployments  appsv1.DeploymentList
		statefulSets appsv1.StatefulSetList
		daemonSets   appsv1.DaemonSetList
		cronJobs     batchv1.CronJobList
		autoscalers  autoscalingv2.HorizontalPodAutoscalerList
	)
	for _, list := range []client.ObjectList{&deployments, &statefulSets, &daemonSets, &cronJobs, &autoscalers} {
		if err := s.kube.API.List(ctx, list); err != nil {
			return nil, err
		}
	}
	found := census{}
	for i := range deployments.Items {
		d := &deployments.Items[i]
		want, now := *d.Spec.Replicas, d.Status
		up := now.ObservedGeneration >= d.Generation && now.Replicas == want && now.UpdatedReplicas == want && now.AvailableReplicas == want
		found.add("Deployment", d, up, want, d.Spec.Template.Spec.NodeSelector)
	}
	for i := range statefulSets.Items {
		d := &statefulSets.Items[i]
		want, now := *d.Spec.Replicas, d.Status
		up := now.ObservedGeneration >= d.Generation && now.Replicas == want && now.UpdatedReplicas == want && now.AvailableReplicas == want
		found.add("StatefulSet", d, up, want, d.Spec.Template.Spec.NodeSelector)
	}
	for i := range daemonSets.Items {
		d := &daemonSets.Items[i]
		now := d.Status
		up := now.ObservedGeneration >= d.Generation && now.DesiredNumberScheduled == 1 && now.UpdatedNumberScheduled == 1 && now.NumberAvailable == 1
		found.add("DaemonSet", d, up, nil, d.Spec.Template.Spec.NodeSelector)
	}
	for i := range cronJobs.Items {
		found.add("CronJob", &cronJobs.Items[i], true, cronJobs.Items[i].Spec, nil)
	}
	for i := range autoscalers.Items {
		found.add("HorizontalPodAutoscaler", &autoscalers.Items[i], true, autoscalers.Items[i].Spec, nil)
	}
	return found, nil
}

// census is the workloads by kind, namespace and name.
type census map[string]workload

// add notes one, if it is one of ours: its size, node selector, and every mark that the operator may leave on it.
func (c census) add(kind string, object client.Object, up bool, size, selector any) {
	if !strings.HasPrefix(object.GetNamespace(), "chaos-") {
		return
	}
	mark, marked := object.GetAnnotations()[v1alpha1.PausedAnnotation]
	if !marked {
		mark = "none"
	}
	text, err := json.Marshal(size)
	if err != nil {
		text = []byte(err.Error())
	}
	c[fmt.Sprintf("%s %s/%s", kind, object.GetNamespace(), object.GetName())] = workload{
		form: fmt.Sprintf("size %s, node selector %v, mark %s", text, selector, mark), up: up,
	}
}
