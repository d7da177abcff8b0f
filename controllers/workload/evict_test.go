package workload

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// exists answers whether the pod is still there.
func (w *world) exists(p *corev1.Pod) bool {
	w.Helper()
	err := w.client.Get(w.ctx(), client.ObjectKeyFromObject(p), &corev1.Pod{})
	if err != nil && !apierrors.IsNotFound(err) {
		w.Fatal(err)
	}
	return err == nil
}

func TestDaemonSetRestart(t *testing.T) {
	w := newWorld(t)
	d := w.daemonSet("agent", nil)
	deps := []v1alpha1.DependentStatus{w.dep("DaemonSet", "agent", v1alpha1.StrategyRestart, nil)}
	old := w.podOf(d, "DaemonSet", "agent-1", false, "")
	w.restartRound(deps)
	counts := func(updated, available int32) {
		fresh(w, d).Status = appsv1.DaemonSetStatus{ObservedGeneration: d.Generation, DesiredNumberScheduled: 1, CurrentNumberScheduled: 1, UpdatedNumberScheduled: updated, NumberAvailable: available}
		w.status(d)
	}
	counts(0, 0)
	w.readyRound(deps, false)
	if !w.exists(old) {
		t.Fatal("the pod was evicted, although its controller rolls the change out itself")
	}
	w.delete(old)
	w.podOf(d, "DaemonSet", "agent-2", true, owner)
	counts(1, 1)
	w.readyRound(deps, true)
}

func TestOnDeleteIsEvictedAsThePodDisruptionBudgetAllows(t *testing.T) {
	w := newWorld(t)
	d := w.daemonSet("agent", func(d *appsv1.DaemonSet) { d.Spec.UpdateStrategy.Type = appsv1.OnDeleteDaemonSetStrategyType })
	budget := create(w, &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "agent"},
		Spec: policyv1.PodDisruptionBudgetSpec{Selector: selectorOf("agent"), MinAvailable: ptr.To(intstr.FromInt32(1))}})
	allow := func(n int32) {
		fresh(w, budget).Status = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: budget.Generation, DisruptionsAllowed: n, CurrentHealthy: 2, DesiredHealthy: 1, ExpectedPods: 2}
		w.status(budget)
	}
	counts := func(updated int32) {
		fresh(w, d).Status = appsv1.DaemonSetStatus{ObservedGeneration: d.Generation, DesiredNumberScheduled: 2, CurrentNumberScheduled: 2, UpdatedNumberScheduled: updated, NumberAvailable: 2}
		w.status(d)
	}
	a, b := w.podOf(d, "DaemonSet", "agent-a", true, ""), w.podOf(d, "DaemonSet", "agent-b", true, "")
	counts(2)
	deps := []v1alpha1.DependentStatus{w.dep("DaemonSet", "agent", v1alpha1.StrategyRestart, nil)}
	w.restartRound(deps)
	w.readyRound(deps, false)
	if !w.exists(a) || !w.exists(b) {
		t.Fatal("a pod was evicted before its controller saw the new template: the next one would have been old again")
	}
	counts(0)
	allow(0)
	w.readyRound(deps, false)
	if !w.exists(a) || !w.exists(b) || !strings.Contains(deps[0].Message, "PodDisruptionBudget") {
		t.Fatalf("the budget allows nothing: %q", deps[0].Message)
	}
	allow(1)
	w.readyRound(deps, false)
	if w.exists(a) == w.exists(b) {
		t.Fatalf("the budget allows one: a there %v, b there %v", w.exists(a), w.exists(b))
	}
	allow(1)
	w.readyRound(deps, false)
	w.podOf(d, "DaemonSet", "agent-c", true, owner)
	w.podOf(d, "DaemonSet", "agent-d", true, owner)
	counts(2)
	w.readyRound(deps, true)
}

func TestReplicaSetRestart(t *testing.T) {
	w := newWorld(t)
	r := w.replicaSet("cache", 1)
	old := w.podOf(r, "ReplicaSet", "cache-1", true, "")
	deps := []v1alpha1.DependentStatus{w.dep("ReplicaSet", "cache", v1alpha1.StrategyRestart, nil)}
	w.restartRound(deps)
	fresh(w, r).Status = appsv1.ReplicaSetStatus{ObservedGeneration: r.Generation, Replicas: 1, ReadyReplicas: 1, AvailableReplicas: 1}
	w.status(r)
	w.readyRound(deps, false) // complete by its status, and its pod is from before
	if w.exists(old) {
		t.Fatal("the old pod is still there")
	}
	w.podOf(r, "ReplicaSet", "cache-2", true, owner)
	w.readyRound(deps, true)
}

// A StatefulSet that keeps its pods in order makes no progress while one of them is not ready, which is what
// a rewind does to an application that does not reconnect.
func TestStatefulSetRestartOfBrokenPods(t *testing.T) {
	onDelete := func(s *appsv1.StatefulSet) {
		s.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
	}
	parallel := func(s *appsv1.StatefulSet) { s.Spec.PodManagementPolicy = appsv1.ParallelPodManagement }
	tests := map[string]struct {
		change func(*appsv1.StatefulSet)
		ready  bool
		// want is how many pods go in each round, the next ones being made at once.
		want [][]string
	}{
		"rolling, healthy":           {ready: true, want: [][]string{{}}},
		"rolling, broken":            {want: [][]string{{"db-0"}, {"db-1"}, {"db-2"}}},
		"rolling, broken, parallel":  {change: parallel, want: [][]string{{}}},
		"OnDelete, healthy":          {change: onDelete, ready: true, want: [][]string{{"db-2"}, {"db-1"}, {"db-0"}}},
		"OnDelete, broken":           {change: onDelete, want: [][]string{{"db-0"}, {"db-1"}, {"db-2"}}},
		"OnDelete, broken, parallel": {change: func(s *appsv1.StatefulSet) { onDelete(s); parallel(s) }, want: [][]string{{"db-0", "db-1", "db-2"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.statefulSet("db", 3, test.change)
			pods := map[string]*corev1.Pod{}
			for _, name := range []string{"db-0", "db-1", "db-2"} {
				pods[name] = w.podOf(s, "StatefulSet", name, test.ready, "")
			}
			deps := []v1alpha1.DependentStatus{w.dep("StatefulSet", "db", v1alpha1.StrategyRestart, nil)}
			w.restartRound(deps)
			updated := int32(0)
			status := func() {
				fresh(w, s).Status = appsv1.StatefulSetStatus{ObservedGeneration: s.Generation, Replicas: 3, UpdatedReplicas: updated, ReadyReplicas: 3, AvailableReplicas: 3}
				w.status(s)
			}
			status()
			for _, want := range test.want {
				w.readyRound(deps, false)
				for name, p := range pods {
					gone := !w.exists(p)
					if wanted := strings.Contains(strings.Join(want, " "), name); gone != wanted {
						t.Fatalf("%s gone %v, want %v", name, gone, wanted)
					}
					if gone {
						pods[name] = w.podOf(s, "StatefulSet", name, true, owner)
						updated++
					}
				}
				status()
				for _, name := range want {
					delete(pods, name)
				}
			}
			if len(pods) == 0 {
				w.readyRound(deps, true)
			}
		})
	}
}

func TestRolloutRestart(t *testing.T) {
	w := newWorld(t)
	r := w.custom("argoproj.io/v1alpha1", "Rollout", "web", map[string]any{"replicas": int64(1)}, nil)
	inReplicaSet := func(p *corev1.Pod) {
		p.Labels["rollouts-pod-template-hash"] = "abc"
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-abc", UID: "rs", Controller: ptr.To(true)}}
	}
	broken := w.pod("web-abc-1", "web", false, inReplicaSet)
	deps := []v1alpha1.DependentStatus{w.dep("Rollout", "web", v1alpha1.StrategyRestart, nil)}
	w.restartRound(deps)
	at, _, _ := unstructured.NestedString(fresh(w, r).Object, "spec", "restartAt")
	if at != "2099-01-02T03:04:05Z" || r.GetAnnotations()[v1alpha1.RestartedByAnnotation] != owner {
		t.Fatalf("restartAt %q, annotations %v", at, r.GetAnnotations())
	}
	version := r.GetResourceVersion()
	w.workloads.Clock = clocktesting.NewFakePassiveClock(clockAt.Now().Add(time.Minute))
	w.restartRound([]v1alpha1.DependentStatus{w.dep("Rollout", "web", v1alpha1.StrategyRestart, nil)})
	if fresh(w, r).GetResourceVersion() != version {
		t.Error("the same id restarted it twice")
	}
	status := func(phase, restartedAt string) {
		fresh(w, r).Object["status"] = map[string]any{"observedGeneration": itoa(r.GetGeneration()), "selector": "app=web", "replicas": int64(1), "updatedReplicas": int64(1),
			"availableReplicas": int64(1), "phase": phase, "message": "why", "restartedAt": restartedAt}
		w.status(r)
	}
	status("Degraded", "2098-01-01T00:00:00Z")
	w.readyRound(deps, false)
	w.expect(deps, "web Failed")
	if w.exists(broken) {
		t.Error("the broken pod was not evicted, and Argo does not touch pods while none is available")
	}
	status("Progressing", "2098-01-01T00:00:00Z")
	w.readyRound(deps, false)
	w.expect(deps, "web Restarting")
	status("Healthy", at)
	w.readyRound(deps, true)
}
