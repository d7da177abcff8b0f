package workload

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// passing are answers of an API server that has just started, or is about to: none says anything about the
// workload.
func passing() map[string]error {
	resource := schema.GroupResource{Group: "apps", Resource: "deployments"}
	return map[string]error{
		"403":             apierrors.NewForbidden(resource, "api", errors.New("the authorizer is not ready")),
		"404 of the path": apierrors.NewGenericServerResponse(http.StatusNotFound, "get", resource, "api", "404 page not found", 0, true),
		"503":             apierrors.NewServiceUnavailable("starting"),
	}
}

// failGets fails every read of single workloads, until the returned function is called.
func (w *world) failGets(failure error) (stop func()) {
	failing := true
	w.intercept(interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, o ...client.GetOption) error {
		if failing {
			return failure
		}
		return c.Get(ctx, key, obj, o...)
	}})
	return func() { failing = false }
}

// What passes by itself never becomes a verdict: not in the preflight, and not for what is paused.
func TestWhatPassesIsNoVerdict(t *testing.T) {
	for name, failure := range passing() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d, deps := w.paused()
			stop := w.failGets(failure)
			cluster := w.cluster(v1alpha1.Dependent{Kind: "Deployment", Name: "api"})
			if found, problems, err := w.workloads.Find(w.ctx(), cluster); err == nil {
				t.Errorf("Find: %v with problems %v", describe(found), problems)
			} else if apierrors.IsForbidden(err) && !strings.Contains(err.Error(), "grant its service account get and patch on it") {
				t.Errorf("%v names no right", err)
			}
			pending := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
			if done, err := w.workloads.Pause(w.ctx(), owner, pending, false); done || err == nil {
				t.Errorf("Pause: done %v, %v", done, err)
			}
			w.expect(pending, "api Pending")
			if err := w.workloads.Verify(w.ctx(), owner, deps); err == nil {
				t.Error("Verify found everything paused")
			}
			if done, err := w.workloads.Resume(w.ctx(), owner, deps); done || err == nil {
				t.Errorf("Resume: done %v, %v", done, err)
			}
			if _, done, err := w.workloads.ResumeAfterCall(w.ctx(), owner, deps); done || err == nil {
				t.Errorf("ResumeAfterCall: done %v, %v", done, err)
			}
			w.expect(deps, "api Paused")
			if _, err := w.workloads.PausedBy(w.ctx(), cluster, owner); err == nil {
				t.Error("PausedBy knew everything")
			}
			restart := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyRestart, nil)}
			if err := w.workloads.Restart(w.ctx(), owner, restart); err == nil {
				t.Error("Restart: no error")
			}
			w.expect(restart, "api Pending")
			restart[0].State = v1alpha1.DependentRestarting
			if done, err := w.workloads.Ready(w.ctx(), owner, restart); done || err == nil {
				t.Errorf("Ready: done %v, %v", done, err)
			}
			w.expect(restart, "api Restarting")
			stop()
			w.resumeRound(deps)
			if *fresh(w, d).Spec.Replicas != 3 {
				t.Errorf("%d replicas after the resume", *d.Spec.Replicas)
			}
		})
	}
}

// While an API server starts, discovery lacks the custom kinds. One that is defined is not taken for absent.
func TestAKindThatIsNotServedYet(t *testing.T) {
	w := newWorld(t)
	w.custom("argoproj.io/v1alpha1", "Rollout", "web", map[string]any{"replicas": int64(5)}, map[string]any{"selector": "app=web"})
	deps := []v1alpha1.DependentStatus{w.dep("Rollout", "web", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, false)
	w.pauseRound(deps, true)
	ready := w.workloads.Client

	mapper := meta.NewDefaultRESTMapper(nil)
	for _, k := range builtIn {
		if k != &rollout {
			mapper.Add(k.gvk, meta.RESTScopeNamespace)
		}
	}
	mapper.Add(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}, meta.RESTScopeRoot)
	w.workloads.Client = newClientWith(w, mapper)
	if _, _, err := w.workloads.Find(w.ctx(), w.cluster()); !errors.Is(err, errNotServed) {
		t.Errorf("Find: %v", err)
	}
	if done, err := w.workloads.Resume(w.ctx(), owner, deps); done || !errors.Is(err, errNotServed) {
		t.Errorf("Resume: done %v, %v", done, err)
	}
	w.expect(deps, "web Paused")
	api := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, func(d *v1alpha1.DependentStatus) { d.State = v1alpha1.DependentPaused })}
	w.workloads.Client = newClientWith(w, meta.NewDefaultRESTMapper(nil)) // discovery has nothing yet
	if done, err := w.workloads.Resume(w.ctx(), owner, api); done || !errors.Is(err, errNotServed) {
		t.Errorf("Resume of a Deployment: done %v, %v", done, err)
	}

	w.workloads.Client = ready
	w.resumeRound(deps)
	w.expect(deps, "web Resuming")
}

func newClientWith(w *world, mapper meta.RESTMapper) client.Client {
	w.Helper()
	c, err := client.New(rest.CopyConfig(apiServer), client.Options{Scheme: scheme, Mapper: mapper})
	w.must(err)
	return c
}

// A strategy is stored only of a workload that was read: one that could not be read would be stored with the
// cluster's, and left at zero by a run that resumes what is to be paused.
func TestPausedByGoesByTheRecord(t *testing.T) {
	for name, change := range map[string]func(*appsv1.Deployment){
		"strategy None by now":    func(d *appsv1.Deployment) { d.Annotations[v1alpha1.StrategyAnnotation] = "None" },
		"strategy Restart by now": func(d *appsv1.Deployment) { d.Annotations[v1alpha1.StrategyAnnotation] = "Restart" },
		"unsupported by now":      func(d *appsv1.Deployment) { d.Spec.Paused = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d, _ := w.paused()
			edit(w, d, "user", change)
			w.must(w.workloads.ResumeAll(w.ctx(), w.cluster(), owner))
			if *fresh(w, d).Spec.Replicas != 3 {
				t.Errorf("%d replicas after the resume", *d.Spec.Replicas)
			}
		})
	}
	t.Run("listed with None by now", func(t *testing.T) {
		w := newWorld(t)
		d, _ := w.paused()
		edit(w, d, "user", func(d *appsv1.Deployment) { d.Labels = nil })
		w.must(w.workloads.ResumeAll(w.ctx(), w.cluster(v1alpha1.Dependent{Kind: "Deployment", Name: "api", Strategy: v1alpha1.StrategyNone}), owner))
		if *fresh(w, d).Spec.Replicas != 3 {
			t.Errorf("%d replicas after the resume", *d.Spec.Replicas)
		}
	})
}
