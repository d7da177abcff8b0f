package workload

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// scaleTo changes the number of replicas through the scale subresource, as kubectl scale does.
func scaleTo(w *world, d *appsv1.Deployment, manager string) {
	w.Helper()
	scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 2}}
	w.must(w.client.SubResource("scale").Update(w.ctx(), d, client.WithSubResourceBody(scale), client.FieldOwner(manager)))
}

// apply changes the number of replicas as a GitOps tool does that applies on the server.
func apply(w *world, d *appsv1.Deployment, manager string, options ...client.ApplyOption) error {
	w.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": d.Name, "namespace": d.Namespace}, "spec": map[string]any{"replicas": int64(2)}}}
	return w.client.Apply(w.ctx(), client.ApplyConfigurationFromUnstructured(u), append(options, client.FieldOwner(manager))...)
}

func (w *world) recreate(d *appsv1.Deployment) {
	w.Helper()
	w.delete(d)
	w.deployment(d.Name, 2)
}

// ways are ways in which somebody brings a paused Deployment back, with what the API server records of it.
var ways = map[string]struct {
	wake          func(*world, *appsv1.Deployment)
	manager       string
	wantRecreated bool
}{
	"applied": {manager: "argocd-controller", wake: func(w *world, d *appsv1.Deployment) {
		w.must(apply(w, d, "argocd-controller", client.ForceOwnership))
	}},
	"scaled": {manager: "kubectl", wake: func(w *world, d *appsv1.Deployment) { scaleTo(w, d, "kubectl") }},
	"replaced": {manager: "kubectl-replace", wantRecreated: true, wake: func(w *world, d *appsv1.Deployment) {
		edit(w, d, "kubectl-replace", func(d *appsv1.Deployment) { d.Annotations, d.Spec.Replicas = nil, ptr.To[int32](2) })
	}},
	"deleted and created again": {manager: "user", wantRecreated: true, wake: (*world).recreate},
}

// What somebody brings back while RDS rewinds ran on data that changed under it: it is restarted.
func TestWokenDuringTheRewindIsRestarted(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d, deps := w.paused()
			way.wake(w, d)
			stored := append([]v1alpha1.DependentStatus{}, deps...)
			round := func(deps []v1alpha1.DependentStatus, wantRecreated bool) {
				t.Helper()
				woken, done, err := w.workloads.ResumeAfterCall(w.ctx(), owner, deps)
				w.must(err)
				if !done || len(woken) != 1 || woken[0].Manager != way.manager || woken[0].Recreated != wantRecreated || !woken[0].Restarted {
					t.Fatalf("done %v, woken %+v", done, woken)
				}
				for _, want := range []string{"Deployment " + w.namespace + "/api", `"` + way.manager + `"`, "spec.replicas is 2", "it is restarted"} {
					if !strings.Contains(woken[0].Message(), want) {
						t.Errorf("%q does not say %q", woken[0].Message(), want)
					}
				}
				w.expect(deps, "api Restarting")
			}
			round(deps, way.wantRecreated)
			fresh(w, d)
			if d.Spec.Template.Annotations[v1alpha1.RestartedByAnnotation] != owner || *d.Spec.Replicas != 2 || deps[0].Strategy != v1alpha1.StrategyPause {
				t.Errorf("template annotations %v, %d replicas, strategy %s", d.Spec.Template.Annotations, *d.Spec.Replicas, deps[0].Strategy)
			}
			if _, marked := d.Annotations[v1alpha1.PausedAnnotation]; marked {
				t.Error("the record is still there")
			}
			version := d.ResourceVersion
			round(stored, false) // the status of the first round was not stored
			if fresh(w, d).ResourceVersion != version {
				t.Error("a second round wrote again")
			}
			w.restartRound(deps)
			old := w.podOfDeployment(d, "old", "")
			w.deploymentStatus(d, 2, 2, 2)
			w.readyRound(deps, false) // a pod from before the restart is there
			w.delete(old)
			w.podOfDeployment(d, "new", owner)
			w.readyRound(deps, true)
			w.expect(deps, "api Ready")
		})
	}
}

// Before the call nothing was rewound, so nothing is restarted, whoever brought it back.
func TestWokenBeforeTheCallIsNotRestarted(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d, deps := w.paused()
			way.wake(w, d)
			w.resumeRound(deps)
			if fresh(w, d).Spec.Template.Annotations[v1alpha1.RestartedByAnnotation] != "" || *d.Spec.Replicas != 2 {
				t.Errorf("template annotations %v, %d replicas", d.Spec.Template.Annotations, *d.Spec.Replicas)
			}
			w.expect(deps, "api Resuming")
		})
	}
}

func TestGoneAndBackDuringTheRewind(t *testing.T) {
	w := newWorld(t)
	d, deps := w.paused()
	w.delete(d)
	round := func(want int, wantStates string) {
		t.Helper()
		woken, done, err := w.workloads.ResumeAfterCall(w.ctx(), owner, deps)
		w.must(err)
		if !done || len(woken) != want {
			t.Fatalf("done %v, woken %+v", done, woken)
		}
		w.expect(deps, wantStates)
	}
	round(0, "api Skipped")
	w.deployment("api", 2)
	round(1, "api Restarting")
}

// A round whose status was not stored is repeated: what the operator resumed itself was not woken.
func TestResumedByUsIsNotWoken(t *testing.T) {
	w := newWorld(t)
	d, deps := w.paused()
	for range 2 {
		lost := append([]v1alpha1.DependentStatus{}, deps...)
		woken, done, err := w.workloads.ResumeAfterCall(w.ctx(), owner, lost)
		w.must(err)
		if !done || len(woken) != 0 || *fresh(w, d).Spec.Replicas != 3 || d.Spec.Template.Annotations[v1alpha1.RestartedByAnnotation] != "" {
			t.Fatalf("done %v, woken %+v, %d replicas, template annotations %v", done, woken, *d.Spec.Replicas, d.Spec.Template.Annotations)
		}
		w.expect(lost, "api Resuming")
	}
}

// A CronJob is ready, and its field given up, in the round that resumes it.
func TestACronJobResumedByUsIsNotWoken(t *testing.T) {
	w := newWorld(t)
	w.cronJob()
	deps := []v1alpha1.DependentStatus{w.dep("CronJob", "report", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, false)
	w.pauseRound(deps, true)
	for range 2 {
		lost := append([]v1alpha1.DependentStatus{}, deps...)
		woken, done, err := w.workloads.ResumeAfterCall(w.ctx(), owner, lost)
		w.must(err)
		if !done || len(woken) != 0 {
			t.Fatalf("done %v, woken %+v", done, woken)
		}
		w.readyRound(lost, true)
	}
}

func TestAZeroThatSomebodyRaised(t *testing.T) {
	w := newWorld(t)
	d := w.deployment("api", 0)
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, true)
	scaleTo(w, d, "kubectl")
	woken, _, err := w.workloads.ResumeAfterCall(w.ctx(), owner, deps)
	w.must(err)
	if len(woken) != 1 || woken[0].Manager != "kubectl" {
		t.Errorf("woken %+v", woken)
	}
}

func TestWokenThatCannotBeRestarted(t *testing.T) {
	w := newWorld(t)
	c := w.cronJob()
	deps := []v1alpha1.DependentStatus{w.dep("CronJob", "report", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, false)
	w.pauseRound(deps, true)
	edit(w, c, "kubectl-edit", func(c *batchv1.CronJob) { c.Spec.Suspend = ptr.To(false) })
	woken, done, err := w.workloads.ResumeAfterCall(w.ctx(), owner, deps)
	w.must(err)
	if !done || len(woken) != 1 || woken[0].Restarted || !strings.Contains(woken[0].Message(), "restart what it runs") {
		t.Errorf("done %v, woken %+v", done, woken)
	}
	w.readyRound(deps, true)
	if _, marked := fresh(w, c).Annotations[v1alpha1.PausedAnnotation]; marked {
		t.Error("the record is still there")
	}
}

// After the resume whoever owns the field can apply it again: nothing of it is the operator's.
func TestTheFieldIsGivenUp(t *testing.T) {
	resumes := map[string]func(*world, []v1alpha1.DependentStatus){
		"before the call": func(w *world, deps []v1alpha1.DependentStatus) { w.resumeRound(deps) },
		"after the call": func(w *world, deps []v1alpha1.DependentStatus) {
			_, _, err := w.workloads.ResumeAfterCall(w.ctx(), owner, deps)
			w.must(err)
			w.deploymentStatus(fresh(w, &appsv1.Deployment{ObjectMeta: w.meta("api")}), 2, 2, 2)
			w.readyRound(deps, true)
		},
	}
	for name, resume := range resumes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.deployment("api", 3)
			w.must(apply(w, d, "kustomize-controller", client.ForceOwnership))
			deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
			w.pauseRound(deps, false)
			w.pauseRound(deps, true)
			resume(w, deps)
			for _, entry := range fresh(w, d).ManagedFields {
				if entry.Manager == v1alpha1.WorkloadFieldManager {
					t.Errorf("the operator still owns %s", entry.FieldsV1.GetRawBytes())
				}
			}
			edit(w, d, "somebody", func(d *appsv1.Deployment) { d.Labels["tier"] = "front" }) // managedFields are in order
			d.Spec.Replicas = ptr.To[int32](5)
			u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment",
				"metadata": map[string]any{"name": d.Name, "namespace": d.Namespace}, "spec": map[string]any{"replicas": int64(5)}}}
			if err := w.client.Apply(w.ctx(), client.ApplyConfigurationFromUnstructured(u), client.FieldOwner("kustomize-controller")); err != nil {
				t.Errorf("apply after the resume: %v", err)
			}
		})
	}
}

func TestEveryFieldIsGivenUp(t *testing.T) {
	for name, build := range kinds {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			q := build(w)
			deps := []v1alpha1.DependentStatus{q.dep}
			w.pauseRound(deps, false)
			w.resumeRound(deps)
			for _, entry := range fresh(w, q.obj).GetManagedFields() {
				if entry.Manager == v1alpha1.WorkloadFieldManager && strings.Contains(string(entry.FieldsV1.GetRawBytes()), "f:spec") {
					t.Errorf("the operator still owns %s", entry.FieldsV1.GetRawBytes())
				}
			}
		})
	}
}
