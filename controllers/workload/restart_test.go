package workload

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// A controller that owns the Deployment and takes every restart back is not fought.
func TestRestartIsNotRepeatedForEver(t *testing.T) {
	justTemplate := func(d *appsv1.Deployment) { d.Spec.Template.Annotations = nil }
	everything := func(d *appsv1.Deployment) { d.Annotations, d.Spec.Template.Annotations = nil, nil }
	for name, test := range map[string]struct {
		revert      func(*appsv1.Deployment)
		anew        bool // the caller keeps no status: after a backtrack made elsewhere
		wantReverts int
	}{
		"the template":            {revert: justTemplate, wantReverts: 2},
		"the template, no status": {revert: justTemplate, anew: true, wantReverts: 2},
		"every annotation":        {revert: everything, wantReverts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := &appsv1.Deployment{ObjectMeta: w.meta("api"), Spec: appsv1.DeploymentSpec{Selector: selectorOf("api"), Template: template("api")}}
			d.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Game", Name: "mine", UID: "u", Controller: ptr.To(true)}}
			w.must(w.client.Create(w.ctx(), d, client.FieldOwner("game-operator")))
			deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyRestart, nil)}
			reverts := 0
			var undone *RestartRevertedError
			for range 10 {
				if test.anew {
					deps = []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyRestart, nil)}
				}
				err := w.workloads.Restart(w.ctx(), owner, deps)
				if fresh(w, d).Spec.Template.Annotations[v1alpha1.RestartedByAnnotation] != "" {
					reverts++
					edit(w, d, "game-operator", test.revert)
				}
				if err == nil {
					_, err = w.workloads.Ready(w.ctx(), owner, deps)
				}
				if err != nil && !errors.As(err, &undone) {
					t.Fatal(err)
				}
			}
			if reverts != test.wantReverts {
				t.Errorf("restarted %d times, want %d", reverts, test.wantReverts)
			}
			if undone == nil || undone.Manager != "game-operator" || undone.Controller != "Game mine" || !strings.Contains(undone.Error(), `"game-operator"`) {
				t.Errorf("error %+v", undone)
			}
			w.expect(deps, "api Failed")
		})
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
					State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off\x00\u202e 5m"}},
					LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3}}}}
			},
			wantState: v1alpha1.DependentFailed, want: "pod new, container main: CrashLoopBackOff (exit code 3, 4 restarts): back-off 5m"},
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
