package workload

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

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
	scaleTo := func(w *world, d *appsv1.Deployment, manager string) {
		scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 2}}
		w.must(w.client.SubResource("scale").Update(w.ctx(), d, client.WithSubResourceBody(scale), client.FieldOwner(manager)))
	}
	apply := func(w *world, d *appsv1.Deployment, manager string) {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment",
			"metadata": map[string]any{"name": d.Name, "namespace": d.Namespace}, "spec": map[string]any{"replicas": int64(2)}}}
		w.must(w.client.Apply(w.ctx(), client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(manager), client.ForceOwnership))
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

func TestMarksOfOthers(t *testing.T) {
	const foreignOwner = `{"owner":"somebody-else","restore":9}`
	tests := map[string]struct {
		mark                  string
		wantPause, wantResume string
		wantState             v1alpha1.DependentState
	}{
		"another owner": {foreignOwner, "another AuroraBacktrack", "another AuroraBacktrack", v1alpha1.DependentSkipped},
		"no JSON":       {"yes", "cannot be read", "cannot be read", v1alpha1.DependentFailed},
		"empty":         {"", "cannot be read", "cannot be read", v1alpha1.DependentFailed},
		"no owner":      {`{"restore":9}`, "names no owner", "names no owner", v1alpha1.DependentFailed},
		"a list":        {`["` + owner + `"]`, "cannot be read", "cannot be read", v1alpha1.DependentFailed},
		"negative":      {`{"owner":"` + owner + `","restore":-1}`, "no value of spec.replicas", "no value of spec.replicas", v1alpha1.DependentFailed},
		"too large":     {`{"owner":"` + owner + `","restore":99999999999}`, "no value of spec.replicas", "no value of spec.replicas", v1alpha1.DependentFailed},
		"a fraction":    {`{"owner":"` + owner + `","restore":1.5}`, "no value of spec.replicas", "no value of spec.replicas", v1alpha1.DependentFailed},
		"an object":     {`{"owner":"` + owner + `","restore":{"a":1}}`, "no value of spec.replicas", "no value of spec.replicas", v1alpha1.DependentFailed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.deployment("api", 0)
			edit(w, d, "user", func(d *appsv1.Deployment) { d.Annotations = map[string]string{v1alpha1.PausedAnnotation: test.mark} })
			version := d.ResourceVersion
			deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
			if done, err := w.workloads.Pause(w.ctx(), owner, deps, false); done || err == nil || !strings.Contains(err.Error(), test.wantPause) {
				t.Errorf("Pause: done %v, %v; want %q", done, err, test.wantPause)
			}
			if err := w.workloads.Verify(w.ctx(), owner, deps); err == nil || !strings.Contains(err.Error(), test.wantPause) {
				t.Errorf("Verify: %v; want %q", err, test.wantPause)
			}
			w.resumeRound(deps)
			if deps[0].State != test.wantState || !strings.Contains(deps[0].Message, test.wantResume) {
				t.Errorf("Resume: %s: %s; want %s: %q", deps[0].State, deps[0].Message, test.wantState, test.wantResume)
			}
			if !strings.Contains(deps[0].Message, "remove the annotation") {
				t.Errorf("message %q has no remedy", deps[0].Message)
			}
			if fresh(w, d).ResourceVersion != version {
				t.Error("it was written")
			}
		})
	}
}

func TestOneBrokenWorkloadDoesNotHoldTheOthers(t *testing.T) {
	w := newWorld(t)
	names := []string{"a", "broken", "c"}
	var deps []v1alpha1.DependentStatus
	for _, name := range names {
		w.deployment(name, 2)
		deps = append(deps, w.dep("Deployment", name, v1alpha1.StrategyPause, nil))
	}
	broken := errors.New("admission webhook denied it")
	w.intercept(interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, p client.Patch, o ...client.PatchOption) error {
		if obj.GetName() == "broken" {
			return broken
		}
		return c.Patch(ctx, obj, p, o...)
	}})
	done, err := w.workloads.Pause(w.ctx(), owner, deps, false)
	if done || !errors.Is(err, broken) {
		t.Errorf("Pause: done %v, %v", done, err)
	}
	w.expect(deps, "a Pausing, broken Pending, c Pausing")
	done, err = w.workloads.Resume(w.ctx(), owner, deps)
	w.must(err)
	if !done {
		t.Error("Resume is not done, although the broken one was never paused")
	}
	w.expect(deps, "a Resuming, broken Resuming, c Resuming")

	deps[1].State, deps[1].Strategy = v1alpha1.DependentPending, v1alpha1.StrategyRestart
	deps[0].State, deps[0].Strategy = v1alpha1.DependentPending, v1alpha1.StrategyRestart
	if err := w.workloads.Restart(w.ctx(), owner, deps); !errors.Is(err, broken) {
		t.Errorf("Restart: %v", err)
	}
	w.expect(deps, "a Restarting, broken Pending, c Resuming")
}

// intercept puts the functions between the Workloads and the API server.
func (w *world) intercept(funcs interceptor.Funcs) {
	w.workloads.Client = interceptor.NewClient(w.client, funcs)
}

func TestConflictsAreRetriedABoundedNumberOfTimes(t *testing.T) {
	for name, test := range map[string]struct {
		conflicts   int
		wantErr     bool
		wantPatches int
	}{
		"passing":  {conflicts: maxConflicts - 1, wantPatches: maxConflicts},
		"for ever": {conflicts: 1000, wantErr: true, wantPatches: maxConflicts},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.deployment("api", 3)
			patches := 0
			w.intercept(interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, p client.Patch, o ...client.PatchOption) error {
				if patches++; patches <= test.conflicts {
					return apierrors.NewConflict(schema.GroupResource{Resource: "deployments"}, obj.GetName(), errors.New("modified"))
				}
				return c.Patch(ctx, obj, p, o...)
			}})
			deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
			_, err := w.workloads.Pause(w.ctx(), owner, deps, false)
			if apierrors.IsConflict(err) != test.wantErr || patches != test.wantPatches {
				t.Errorf("after %d patches: %v", patches, err)
			}
			if paused := *fresh(w, d).Spec.Replicas == 0; paused == test.wantErr {
				t.Errorf("paused %v", paused)
			}
		})
	}
}

func TestAWriteBetweenReadAndPatchIsNotOverwritten(t *testing.T) {
	w := newWorld(t)
	d := w.deployment("api", 3)
	raced := false
	w.intercept(interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, p client.Patch, o ...client.PatchOption) error {
		if !raced {
			raced = true
			edit(w, d, "autoscaler", func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](8) })
		}
		return c.Patch(ctx, obj, p, o...)
	}})
	deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
	w.pauseRound(deps, false)
	w.resumeRound(deps)
	if *fresh(w, d).Spec.Replicas != 8 {
		t.Errorf("%d replicas after the resume, want the 8 from just before the pause", *d.Spec.Replicas)
	}
}

func TestDeletedMeanwhile(t *testing.T) {
	w := newWorld(t)
	d, deps := w.paused()
	w.delete(d)
	w.must(w.workloads.Verify(w.ctx(), owner, deps))
	w.resumeRound(deps)
	w.expect(deps, "api Skipped")
	w.readyRound(deps, true)

	never := []v1alpha1.DependentStatus{w.dep("Deployment", "never", v1alpha1.StrategyPause, nil), w.dep("Deployment", "neither", v1alpha1.StrategyRestart, nil),
		w.dep("Gadget", "unknown", v1alpha1.StrategyPause, func(d *v1alpha1.DependentStatus) { d.APIVersion = "example.com/v9" })}
	w.pauseRound(never, true)
	w.must(w.workloads.Restart(w.ctx(), owner, never))
	w.expect(never, "never Skipped, neither Skipped, unknown Skipped")
}
