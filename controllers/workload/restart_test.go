package workload

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func (w *world) restartRound(deps []v1alpha1.DependentStatus) {
	w.Helper()
	w.must(w.workloads.Restart(w.ctx(), owner, deps))
}

func (w *world) deploymentStatus(d *appsv1.Deployment, updated, total, available int32, conditions ...appsv1.DeploymentCondition) {
	w.Helper()
	fresh(w, d).Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, UpdatedReplicas: updated, Replicas: total, ReadyReplicas: available, AvailableReplicas: available, Conditions: conditions}
	w.status(d)
}

func TestRestartDeployment(t *testing.T) {
	w := newWorld(t)
	d := w.deployment("api", 2)
	w.deploymentStatus(d, 2, 2, 2)
	old := w.podOfDeployment(d, "api-abc-old", "")
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyRestart, nil)}
	w.readyRound(deps, false)
	w.expect(deps, "api Pending") // not restarted, and so not ready, however healthy it looks

	w.restartRound(deps)
	w.expect(deps, "api Restarting")
	generation := fresh(w, d).Generation
	if d.Spec.Template.Annotations[v1alpha1.RestartedByAnnotation] != owner {
		t.Fatalf("template annotations %v", d.Spec.Template.Annotations)
	}
	for _, entry := range d.ManagedFields {
		if strings.HasPrefix(entry.Manager, "kubectl") {
			t.Errorf("written as %s", entry.Manager)
		}
	}
	w.readyRound(deps, false) // the status is complete, but of the generation before
	lost := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyRestart, nil)}
	w.restartRound(lost)
	if got := fresh(w, d).Generation; got != generation {
		t.Errorf("a second restart with the same id went from generation %d to %d", generation, got)
	}

	for _, step := range []struct{ updated, total, available int32 }{{1, 3, 2}, {2, 3, 2}, {2, 2, 1}} {
		w.deploymentStatus(d, step.updated, step.total, step.available)
		w.readyRound(deps, false)
		w.expect(deps, "api Restarting")
	}
	w.deploymentStatus(d, 2, 2, 2)
	w.podOfDeployment(d, "api-def-new", owner)
	w.readyRound(deps, false)
	if !strings.Contains(deps[0].Message, old.Name) {
		t.Errorf("message %q does not name the old pod", deps[0].Message)
	}
	w.delete(old)
	w.readyRound(deps, true)
	w.expect(deps, "api Ready")
}

func TestRestartThatSomebodyTookBack(t *testing.T) {
	w := newWorld(t)
	d := w.deployment("api", 1)
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyRestart, nil)}
	w.restartRound(deps)
	edit(w, d, "argocd-controller", func(d *appsv1.Deployment) { d.Spec.Template.Annotations = nil })
	w.deploymentStatus(d, 1, 1, 1)
	w.readyRound(deps, false)
	w.expect(deps, "api Pending")
	w.restartRound(deps)
	if fresh(w, d).Spec.Template.Annotations[v1alpha1.RestartedByAnnotation] != owner {
		t.Error("it was not restarted again")
	}
}

func TestFailuresAreNamed(t *testing.T) {
	tests := map[string]struct {
		conditions []appsv1.DeploymentCondition
		pod        func(*corev1.Pod)
		wantState  v1alpha1.DependentState
		want       string
	}{
		"deadline": {
			conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded"}},
			wantState:  v1alpha1.DependentFailed, want: "ProgressDeadlineExceeded: 0 of 1 pods are available"},
		"quota": {
			conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "exceeded quota"}},
			wantState:  v1alpha1.DependentFailed, want: "FailedCreate: exceeded quota"},
		"crash loop": {
			pod: func(p *corev1.Pod) {
				p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", RestartCount: 4,
					State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off\x00 5m"}},
					LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3}}}}
			},
			wantState: v1alpha1.DependentFailed, want: "pod new, container main: CrashLoopBackOff (exit code 3, 4 restarts): back-off  5m"},
		"image": {
			pod: func(p *corev1.Pod) {
				p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "init", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
			},
			wantState: v1alpha1.DependentFailed, want: "pod new, container init: ImagePullBackOff"},
		"no node": {
			pod: func(p *corev1.Pod) {
				p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes are available"}}
			},
			wantState: v1alpha1.DependentRestarting, want: "pod new: Unschedulable: 0/3 nodes are available"},
		"just starting": {
			pod: func(p *corev1.Pod) {
				p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}}
			},
			wantState: v1alpha1.DependentRestarting, want: "0 of 1 pods are available"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.deployment("api", 1)
			deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyRestart, nil)}
			w.restartRound(deps)
			// The old pod crashes too: that is why it is replaced, and no failure.
			crashed := w.podOfDeployment(d, "old", "")
			crashed.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}
			w.status(crashed)
			p := w.podOfDeployment(d, "new", owner)
			if test.pod != nil {
				test.pod(p)
				w.status(p)
			}
			w.deploymentStatus(d, 1, 1, 0, test.conditions...)
			w.readyRound(deps, false)
			if deps[0].State != test.wantState || !strings.Contains(deps[0].Message, test.want) {
				t.Errorf("%s: %q; want %s: %q", deps[0].State, deps[0].Message, test.wantState, test.want)
			}
			w.delete(crashed)
			w.deploymentStatus(d, 1, 1, 1) // it recovers
			w.readyRound(deps, true)
		})
	}
}

func TestDeploymentPausedAfterThePreflight(t *testing.T) {
	w := newWorld(t)
	d := w.deployment("api", 1)
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyRestart, nil)}
	edit(w, d, "user", func(d *appsv1.Deployment) { d.Spec.Paused = true })
	w.restartRound(deps)
	w.deploymentStatus(d, 0, 1, 1)
	w.readyRound(deps, false)
	if deps[0].State != v1alpha1.DependentFailed || !strings.Contains(deps[0].Message, "kubectl rollout resume") {
		t.Errorf("%s: %q", deps[0].State, deps[0].Message)
	}
}

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

func TestReadyDoesNotBelieveAStateOverAMark(t *testing.T) {
	for name, test := range map[string]struct {
		owner string
		want  v1alpha1.DependentState
	}{
		"our own":   {owner, v1alpha1.DependentPaused},
		"another's": {"other", v1alpha1.DependentFailed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.deployment("api", 0)
			edit(w, d, "user", func(d *appsv1.Deployment) {
				d.Annotations = map[string]string{v1alpha1.PausedAnnotation: `{"owner":"` + test.owner + `","restore":3}`}
			})
			w.deploymentStatus(d, 0, 0, 0)
			deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, func(d *v1alpha1.DependentStatus) { d.State = v1alpha1.DependentResuming })}
			w.readyRound(deps, false)
			if deps[0].State != test.want {
				t.Errorf("state %s, want %s", deps[0].State, test.want)
			}
		})
	}
}

func TestNothingToRestart(t *testing.T) {
	w := newWorld(t)
	w.cronJob()
	w.custom("example.com/v1", "Widget", "gear", map[string]any{"size": int64(1)}, nil)
	deps := []v1alpha1.DependentStatus{w.dep("CronJob", "report", v1alpha1.StrategyRestart, nil),
		w.dep("Widget", "gear", v1alpha1.StrategyRestart, func(d *v1alpha1.DependentStatus) { d.APIVersion = "example.com/v1" })}
	w.restartRound(deps)
	w.expect(deps, "report Skipped, gear Failed")
}
