package workload

import (
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// forbid refuses the operator everything in the test's namespace, as after the deletion of its Role there. The namespace
// itself can be read.
func (w *world) forbid(reads bool) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: "apps", Resource: "deployments"}, "api", errors.New("no Role"))
	w.intercept(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, o ...client.GetOption) error {
			if reads && key.Namespace == w.namespace {
				return forbidden
			}
			return c.Get(ctx, key, obj, o...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, o ...client.ListOption) error {
			if options := (&client.ListOptions{}).ApplyOptions(o); options.Namespace == w.namespace {
				return forbidden
			}
			return c.List(ctx, list, o...)
		},
		Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
			return forbidden
		},
	})
}

// deleteNamespace deletes the test's namespace, which stays Terminating: no controller runs here.
func (w *world) deleteNamespace() {
	w.Helper()
	w.must(w.client.Delete(w.ctx(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}))
}

// What is Forbidden in a namespace that is being deleted goes with it: nobody waits for it, and nobody is told to grant
// a right. In any other namespace nothing is settled by a Forbidden (TestWhatPassesIsNoVerdict).
func TestNamespaceLeaves(t *testing.T) {
	for name, reads := range map[string]bool{"nothing can be read": true, "it can be read, and not changed": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, paused := w.paused()
			w.deleteNamespace()
			w.forbid(reads)
			in := func(state v1alpha1.DependentState, strategy v1alpha1.Strategy) []v1alpha1.DependentStatus {
				return []v1alpha1.DependentStatus{w.dep("Deployment", "api", strategy, func(d *v1alpha1.DependentStatus) { d.State = state })}
			}
			goes := func(what string, deps []v1alpha1.DependentStatus, done bool, err error) {
				t.Helper()
				if !done || err != nil || deps[0].State != v1alpha1.DependentSkipped || deps[0].Message != goesWithNamespace {
					t.Errorf("%s: done %v, %v, %+v", what, done, err, deps)
				}
			}
			deps := in(v1alpha1.DependentPaused, v1alpha1.StrategyPause)
			err := w.workloads.Verify(w.ctx(), owner, deps)
			goes("Verify", deps, true, err)
			deps = in(v1alpha1.DependentPausing, v1alpha1.StrategyPause)
			done, err := w.workloads.Pause(w.ctx(), owner, deps, false)
			goes("Pause", deps, done, err)
			deps = in(v1alpha1.DependentPaused, v1alpha1.StrategyPause)
			done, err = w.workloads.Resume(w.ctx(), owner, deps)
			goes("Resume", deps, done, err)
			_, done, err = w.workloads.ResumeAfterCall(w.ctx(), owner, paused)
			goes("ResumeAfterCall", paused, done, err)
			deps = in(v1alpha1.DependentPending, v1alpha1.StrategyRestart)
			err = w.workloads.Restart(w.ctx(), owner, deps)
			goes("Restart", deps, true, err)
			if reads {
				deps = in(v1alpha1.DependentResuming, v1alpha1.StrategyPause)
				done, err = w.workloads.Ready(w.ctx(), owner, deps)
				goes("Ready", deps, done, err)
			}
			w.must(w.workloads.ResumeAll(w.ctx(), w.cluster(), "another"))
			if reads {
				found, problems, err := w.workloads.Find(w.ctx(), w.cluster(v1alpha1.Dependent{Kind: "Deployment", Name: "api"}))
				goes("Find", found, len(problems) == 0, err)
			}
			if found, _, err := w.workloads.Find(w.ctx(), w.cluster()); err != nil || len(found) > 0 {
				t.Errorf("Find by label: %v, %v", found, err)
			}
		})
	}
}

// A listed workload that is gone from a namespace that is being deleted is no mistake in the list yet.
func TestListedInALeavingNamespace(t *testing.T) {
	w := newWorld(t)
	w.deleteNamespace()
	found, problems, err := w.workloads.Find(w.ctx(), w.cluster(v1alpha1.Dependent{Kind: "Deployment", Name: "api"}))
	if err != nil || len(problems) > 0 || len(found) != 1 || found[0].Message != goesWithNamespace {
		t.Errorf("found %+v, problems %v, %v", found, problems, err)
	}
}

// That the namespace cannot be read says nothing about it.
func TestNamespaceCannotBeRead(t *testing.T) {
	w := newWorld(t)
	_, deps := w.paused()
	w.deleteNamespace()
	w.intercept(interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
		return passing()["403"]
	}})
	if done, err := w.workloads.Resume(w.ctx(), owner, deps); done || err == nil || !strings.Contains(err.Error(), "grant its service account") {
		t.Errorf("Resume: done %v, %v", done, err)
	}
	w.expect(deps, "api Paused")
}
