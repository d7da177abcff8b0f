package workload

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// many is the number of dependents that a cluster is measured with.
const many = 200

func TestManyDependents(t *testing.T) {
	w := newWorld(t)
	var all []*appsv1.Deployment
	for i := range many {
		all = append(all, w.deployment(fmt.Sprintf("app-%03d", i), 3))
	}
	observe := func(n int32) {
		for _, d := range all {
			w.deploymentStatus(d, n, n, n)
		}
	}
	cluster := w.cluster()
	cluster.Spec.Strategy = v1alpha1.StrategyPause
	w.find(cluster) // the API server asks for patience when a custom kind is read for the first time
	w.calls.take()
	deps, problems := w.find(cluster)
	if len(deps) != many || len(problems) != 0 {
		t.Fatalf("found %d dependents, %d problems", len(deps), len(problems))
	}
	w.expectCalls("find", "GET 8") // a list for each of 6 kinds, of autoscalers and of ScaledObjects

	w.pauseRound(deps, false)
	w.expectCalls("pause, write", "GET 1, PATCH 200")
	w.pauseRound(deps, true) // its pods were gone by then
	w.expectCalls("pause, look", "GET 3")
	w.pauseRound(deps, true)
	w.expectCalls("pause, again", "")
	w.must(w.workloads.Verify(w.ctx(), owner, deps))
	w.expectCalls("verify", "GET 3")
	w.resumeRound(deps)
	w.expectCalls("resume", "GET 1, PATCH 400")
	w.resumeRound(deps)
	w.expectCalls("resume, again", "")
	observe(3)
	w.calls.take()
	w.readyRound(deps, true)
	w.expectCalls("ready", "GET 1")
	w.readyRound(deps, true)
	w.expectCalls("ready, again", "")

	cluster.Spec.Strategy = v1alpha1.StrategyRestart
	deps, _ = w.find(cluster)
	w.expectCalls("find", "GET 6")
	w.restartRound(deps)
	w.expectCalls("restart", "GET 1, PATCH 200")
	w.restartRound(deps)
	w.expectCalls("restart, again", "")
	observe(3)
	w.calls.take()
	w.readyRound(deps, true)
	w.expectCalls("ready", "GET 3")

	list := &appsv1.DeploymentList{}
	w.must(w.client.List(w.ctx(), list, client.InNamespace(w.namespace)))
	for _, d := range list.Items {
		if _, marked := d.Annotations[v1alpha1.PausedAnnotation]; marked || ptr.Deref(d.Spec.Replicas, 0) != 3 {
			t.Errorf("%s ended with %d replicas, marked %v", d.Name, *d.Spec.Replicas, marked)
		}
	}
}

// expectCalls compares the calls to the API server since the last time, and how many were made at once.
func (w *world) expectCalls(what, want string) {
	w.Helper()
	most := w.calls.most
	if got := w.calls.take(); got != want {
		w.Errorf("%s: %s; want %s", what, got, want)
	}
	if most > concurrency {
		w.Errorf("%s: %d calls at once", what, most)
	}
}

func TestListsArePaged(t *testing.T) {
	w := newWorld(t)
	d := w.deployment("api", 1)
	for i := range pageSize {
		w.pod(fmt.Sprintf("a-%03d", i), "api", true, nil) // somebody else's, and before it in the list
	}
	w.podOfDeployment(d, "z", "")
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, false)
	w.pauseRound(deps, false)
	if want := "waiting for pod z to end"; deps[0].Message != want {
		t.Errorf("message %q, want %q", deps[0].Message, want)
	}
}
