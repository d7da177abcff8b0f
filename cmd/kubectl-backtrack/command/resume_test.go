package command

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/exit"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/paused"
)

// pausedWorkloads are as the operator leaves them: at zero, suspended, on no node, with their marks.
func (w *world) pausedWorkloads() (api, edited, broken *appsv1.Deployment, agent *appsv1.DaemonSet, report *batchv1.CronJob) {
	w.Helper()
	labels := map[string]string{"app": "x"}
	meta := func(name, mark string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: w.name, Name: name, Annotations: map[string]string{v1alpha1.PausedAnnotation: mark}}
	}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "none"}}}}
	deployment := func(name, mark string, replicas int32) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: meta(name, mark), Spec: appsv1.DeploymentSpec{Replicas: ptr.To(replicas), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: template}}
	}
	api = deployment("api", `{"owner":"uid-1","restore":3}`, 0)
	edited = deployment("edited", `{"owner":"uid-1","restore":3}`, 5)
	broken = deployment("broken", `not JSON`, 0)
	pinned := *template.DeepCopy()
	pinned.Spec.NodeSelector = map[string]string{v1alpha1.PausedAnnotation: "uid-1", "disk": "fast"}
	agent = &appsv1.DaemonSet{ObjectMeta: meta("agent", `{"owner":"uid-1","restore":null}`), Spec: appsv1.DaemonSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: pinned}}
	job := *template.DeepCopy()
	job.Spec.RestartPolicy = corev1.RestartPolicyNever
	report = &batchv1.CronJob{ObjectMeta: meta("report", `{"owner":"uid-1","restore":false}`), Spec: batchv1.CronJobSpec{
		Schedule: "* * * * *", Suspend: ptr.To(true), JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: job}},
	}}
	for _, object := range []client.Object{api, edited, broken, agent, report} {
		w.must(admin.Create(w.Context(), object))
	}
	return api, edited, broken, agent, report
}

func TestResume(t *testing.T) {
	w := newWorld(t)
	w.user = "root"
	none := []string{"--operator-namespace", w.name}
	w.run(append([]string{"resume"}, none...)...).want(exit.Succeeded, "Nothing carries the mark")
	api, edited, broken, agent, report := w.pausedWorkloads()
	w.run(append([]string{"resume", "--dry-run"}, none...)...).want(exit.Succeeded, "Deployment "+w.name+"/api: paused by the AuroraBacktrack with UID uid-1; its field becomes 3 again")
	w.run(append([]string{"resume"}, none...)...).want(exit.NotAsked, "add --yes")
	w.answer = "n\n"
	w.run(append([]string{"resume"}, none...)...).want(exit.NotAsked, "Bring 5 workloads back?", "nothing was changed")
	w.answer = "y\n"
	w.run(append([]string{"resume"}, none...)...).want(exit.Ended, "Deployment "+w.name+"/api resumed", "edited: somebody has set it since", "broken: its annotation aurora-backtrack.io/paused can not be read")
	for _, object := range []client.Object{api, edited, broken, agent, report} {
		w.must(admin.Get(t.Context(), client.ObjectKeyFromObject(object), object))
		if _, marked := object.GetAnnotations()[v1alpha1.PausedAnnotation]; marked != (object == client.Object(broken)) {
			t.Errorf("%s has the annotations %v", object.GetName(), object.GetAnnotations())
		}
	}
	if *api.Spec.Replicas != 3 || *edited.Spec.Replicas != 5 || *report.Spec.Suspend {
		t.Errorf("api has %d replicas, want 3; edited %d, want 5; report is suspended: %t", *api.Spec.Replicas, *edited.Spec.Replicas, *report.Spec.Suspend)
	}
	if selector := agent.Spec.Template.Spec.NodeSelector; len(selector) != 1 || selector["disk"] != "fast" {
		t.Errorf("agent's node selector is %v, want its own", selector)
	}
}

func TestResumeRefusesWhileTheOperatorRuns(t *testing.T) {
	w := newWorld(t)
	w.user = "root"
	w.pausedWorkloads()
	w.must(admin.Create(t.Context(), &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: paused.OperatorLease}, Spec: coordinationv1.LeaseSpec{
		HolderIdentity: ptr.To("manager-0"), RenewTime: ptr.To(metav1.NewMicroTime(w.now.Add(-5 * time.Second))), LeaseDurationSeconds: ptr.To(int32(15)),
	}}))
	args := []string{"resume", "--yes", "--operator-namespace", w.name}
	w.run(args...).want(exit.NotAsked, "the operator runs (manager-0 leads)")
	w.now = w.now.Add(time.Minute)
	w.run(args...).want(exit.Ended, "api resumed") // one mark can't be read
}

func TestResumeWithoutTheRight(t *testing.T) {
	w := newWorld(t)
	w.run("resume").want(exit.NotAsked, "listing", "is forbidden")
}

// A kind of somebody else's that the operator knows by its scale only, with its number at an unusual place.
func TestResumeOfScaledKinds(t *testing.T) {
	w := newWorld(t)
	w.user = "root"
	group := w.name + ".example.com"
	object := func(kind string, content map[string]any) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: content}
		u.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kind})
		return u
	}
	anything := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	definition := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "gamehalls." + group},
		"spec": map[string]any{
			"group": group, "scope": "Namespaced",
			"names": map[string]any{"kind": "GameHall", "listKind": "GameHallList", "plural": "gamehalls", "singular": "gamehall"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": anything},
				"subresources": map[string]any{"scale": map[string]any{"specReplicasPath": ".spec.tables", "statusReplicasPath": ".status.tables"}},
			}},
		},
	}}
	w.must(admin.Create(t.Context(), definition))
	t.Cleanup(func() { _ = admin.Delete(context.Background(), definition) })
	hall := func() *unstructured.Unstructured {
		return object("GameHall", map[string]any{
			"metadata": map[string]any{"namespace": w.name, "name": "hall", "annotations": map[string]any{v1alpha1.PausedAnnotation: `{"owner":"uid-1","restore":4}`}},
			"spec":     map[string]any{"tables": int64(0), "kept": "as it is"},
		})
	}
	w.must(wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		return admin.Create(ctx, hall()) == nil, nil
	}))
	w.run("resume", "--yes", "--operator-namespace", w.name).want(exit.Succeeded, "GameHall "+w.name+"/hall resumed")
	u := hall()
	w.must(admin.Get(t.Context(), client.ObjectKeyFromObject(u), u))
	tables, _, _ := unstructured.NestedInt64(u.Object, "spec", "tables")
	if _, marked := u.GetAnnotations()[v1alpha1.PausedAnnotation]; tables != 4 || marked {
		t.Errorf("the hall has %d tables, want 4; it is marked: %t", tables, marked)
	}
}
