package workload

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestOneBrokenWorkloadDoesNotHoldTheOthers(t *testing.T) {
	w := newWorld(t)
	names := []string{"a", "broken", "c"}
	var deps []v1alpha1.DependentStatus
	for _, name := range names {
		w.deployment(name, 2)
		deps = append(deps, w.dep("Deployment", name, v1alpha1.StrategyPause, nil))
	}
	broken := errors.New("admission webhook denied it\u202e\r\n" + strings.Repeat("x", 100_000))
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
	if said := deps[1].Message; !strings.Contains(said, "denied it xxx") || len(said) > maxMessage {
		t.Errorf("what the webhook said became %d bytes: %.300q", len(said), said)
	}
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
