package workload

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// paused makes a Deployment with three replicas and pauses it.
func (w *world) paused() (*appsv1.Deployment, []v1alpha1.DependentStatus) {
	w.Helper()
	d := w.deployment("api", 3)
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, func(dep *v1alpha1.DependentStatus) { dep.Replicas = ptr.To[int32](3) })}
	w.pauseRound(deps, false)
	w.pauseRound(deps, true)
	return d, deps
}

func TestVerifyNamesWhoRevertedThePause(t *testing.T) {
	apply := func(w *world, d *appsv1.Deployment, manager string) {
		w.must(apply(w, d, manager, client.ForceOwnership))
	}
	tests := map[string]struct {
		manager  string
		revert   func(*world, *appsv1.Deployment, string)
		wantText []string
	}{
		"Argo CD":  {"argocd-controller", apply, []string{`field manager "argocd-controller"`, "ignoreDifferences", "/spec/replicas", "RespectIgnoreDifferences=true"}},
		"Flux":     {"kustomize-controller", apply, []string{`"kustomize-controller"`, "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"}},
		"Helm":     {"helm-controller", apply, []string{"spec.driftDetection.ignore"}},
		"HPA":      {"kube-controller-manager", scaleTo, []string{"through the scale subresource", "HorizontalPodAutoscaler", "minReplicas"}},
		"KEDA":     {"keda", scaleTo, []string{"ScaledObject"}},
		"a person": {"kubectl-scale", scaleTo, []string{`"kubectl-scale"`, "spec.replicas"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d, deps := w.paused()
			test.revert(w, d, test.manager)
			err := w.workloads.Verify(w.ctx(), owner, deps)
			var reverted *RevertedError
			if !errors.As(err, &reverted) {
				t.Fatalf("Verify says %v, want a RevertedError", err)
			}
			if reverted.Manager != test.manager || reverted.Field != "spec.replicas" || reverted.Workload != "Deployment "+w.namespace+"/api" {
				t.Errorf("got %+v", reverted)
			}
			for _, want := range append(test.wantText, "spec.replicas is 2") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			w.expect(deps, "api Failed")

			// No fighting, and what somebody chose stays; only the mark goes.
			if _, err := w.workloads.Pause(w.ctx(), owner, deps, false); !errors.As(err, &reverted) {
				t.Errorf("Pause after a revert says %v", err)
			}
			w.resumeRound(deps)
			if _, marked := fresh(w, d).Annotations[v1alpha1.PausedAnnotation]; marked || *d.Spec.Replicas != 2 {
				t.Errorf("after the resume: %d replicas, marked %v", *d.Spec.Replicas, marked)
			}
			if !strings.Contains(deps[0].Message, test.manager) {
				t.Errorf("message %q does not name %s", deps[0].Message, test.manager)
			}
		})
	}
}

func TestRevertsThatTakeTheMarkAway(t *testing.T) {
	t.Run("mark and value", func(t *testing.T) {
		w := newWorld(t)
		d, deps := w.paused()
		edit(w, d, "kubectl-replace", func(d *appsv1.Deployment) { d.Annotations, d.Spec.Replicas = nil, ptr.To[int32](3) })
		deps[0].State = v1alpha1.DependentPausing
		var reverted *RevertedError
		if _, err := w.workloads.Pause(w.ctx(), owner, deps, false); !errors.As(err, &reverted) {
			t.Errorf("Pause says %v, want a RevertedError", err)
		}
		if *fresh(w, d).Spec.Replicas != 3 {
			t.Error("it was paused again")
		}
		w.resumeRound(deps)
		if *fresh(w, d).Spec.Replicas != 3 {
			t.Errorf("%d replicas after the resume", *d.Spec.Replicas)
		}
	})
	t.Run("mark only", func(t *testing.T) {
		w := newWorld(t)
		d, deps := w.paused()
		edit(w, d, "kubectl-annotate", func(d *appsv1.Deployment) { d.Annotations = nil })
		w.resumeRound(deps)
		if *fresh(w, d).Spec.Replicas != 3 {
			t.Errorf("%d replicas after the resume, want the 3 of the plan: the zero was still ours", *d.Spec.Replicas)
		}
	})
	t.Run("mark, and zero on purpose", func(t *testing.T) {
		w := newWorld(t)
		d, deps := w.paused()
		for _, n := range []int32{1, 0} {
			edit(w, d, "kubectl-edit", func(d *appsv1.Deployment) { d.Annotations, d.Spec.Replicas = nil, &n })
		}
		w.resumeRound(deps)
		if *fresh(w, d).Spec.Replicas != 0 {
			t.Errorf("%d replicas after the resume, want the 0 that somebody chose", *d.Spec.Replicas)
		}
	})
}

func TestDaemonSetReverted(t *testing.T) {
	w := newWorld(t)
	d := w.daemonSet("agent", nil)
	deps := []v1alpha1.DependentStatus{w.dep("DaemonSet", "agent", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, false)
	w.pauseRound(deps, true)
	edit(w, d, "kustomize-controller", func(d *appsv1.DaemonSet) { d.Spec.Template.Spec.NodeSelector = map[string]string{"disk": "ssd"} })
	var reverted *RevertedError
	if err := w.workloads.Verify(w.ctx(), owner, deps); !errors.As(err, &reverted) || reverted.Manager != "kustomize-controller" {
		t.Errorf("Verify says %v", err)
	}
	w.resumeRound(deps)
	if got := fresh(w, d).Spec.Template.Spec.NodeSelector; len(got) != 1 || got["disk"] != "ssd" {
		t.Errorf("node selector %v after the resume", got)
	}
}

func TestVerifySeesWhatRunsAgain(t *testing.T) {
	w := newWorld(t)
	c := w.cronJob()
	deps := []v1alpha1.DependentStatus{w.dep("CronJob", "report", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, false)
	w.pauseRound(deps, true)
	job := w.job(c, "late") // its controller was just starting it
	var notQuiet *NotQuietError
	if err := w.workloads.Verify(w.ctx(), owner, deps); !errors.As(err, &notQuiet) || notQuiet.Running != "Job late" {
		t.Fatalf("Verify says %v, want a NotQuietError", err)
	}
	w.pauseRound(deps, false)
	w.delete(job)
	w.pauseRound(deps, true)
	w.must(w.workloads.Verify(w.ctx(), owner, deps))
}

// One that was gone when the others were paused, and is back before RDS is asked, is paused like them.
func TestBackBeforeTheCall(t *testing.T) {
	w := newWorld(t)
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, true)
	w.expect(deps, "api Skipped")
	d := w.deployment("api", 3)
	if err := w.workloads.Verify(w.ctx(), owner, deps); err == nil {
		t.Fatal("Verify found everything paused")
	}
	w.pauseRound(deps, false)
	w.pauseRound(deps, true)
	w.must(w.workloads.Verify(w.ctx(), owner, deps))
	w.resumeRound(deps)
	if *fresh(w, d).Spec.Replicas != 3 {
		t.Errorf("%d replicas after the resume", *d.Spec.Replicas)
	}
}
