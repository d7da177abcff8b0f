package workload

import (
	"errors"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func (w *world) hpa(name string, scaledToZero corev1.ConditionStatus) {
	w.Helper()
	h := create(w, &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
		MaxReplicas: 5, ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name}}})
	h.Status.DesiredReplicas = 1
	h.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: autoscalingv2.ScaledToZero, Status: scaledToZero}}
	w.status(h)
}

func TestKEDA(t *testing.T) {
	makeScaledObject := func(w *world, ref map[string]any, annotation string) {
		u := w.custom("keda.sh/v1alpha1", "ScaledObject", "scaler", map[string]any{"scaleTargetRef": ref}, nil)
		if annotation != "" {
			u.SetAnnotations(map[string]string{pausedReplicas: annotation})
			w.must(w.client.Update(w.ctx(), u))
		}
	}
	for name, earlier := range map[string]string{"running": "", "held at five": "5"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deployment("api", 3)
			w.hpa("api", corev1.ConditionFalse) // goes idle by itself
			makeScaledObject(w, map[string]any{"name": "api"}, earlier)
			cluster := w.cluster()
			cluster.Spec.Strategy = v1alpha1.StrategyPause
			deps, problems := w.find(cluster)
			want := []string{"apps/v1 Deployment/api Pause 0 3 Pending", "keda.sh/v1alpha1 ScaledObject/scaler Pause 0 - Pending"}
			if got := describe(deps); !slices.Equal(got, want) || len(problems) != 0 {
				t.Fatalf("found %q with %v, want %q", got, problems, want)
			}
			w.pauseRound(deps, false)
			w.expect(deps, "api Pausing, scaler Paused")
			so := &metav1.PartialObjectMetadata{}
			so.SetGroupVersionKind(scaledObject.gvk)
			so.Namespace, so.Name = w.namespace, "scaler"
			if got := fresh(w, so).Annotations[pausedReplicas]; got != "0" {
				t.Errorf("while paused the annotation is %q", got)
			}
			// KEDA acted once more before it saw that.
			api := &appsv1.Deployment{ObjectMeta: w.meta("api")}
			edit(w, api, "keda", func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](1) })
			w.pauseRound(deps, false)
			w.expect(deps, "api Pausing, scaler Paused")
			edit(w, api, "keda", func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](0) })
			w.pauseRound(deps, true)
			w.must(w.workloads.Verify(w.ctx(), owner, deps))
			w.resumeRound(deps)
			got, there := fresh(w, so).Annotations[pausedReplicas]
			if got != earlier || there != (earlier != "") || *fresh(w, api).Spec.Replicas != 3 {
				t.Errorf("after the resume the annotation is %q and the Deployment has %d replicas", got, *api.Spec.Replicas)
			}
			if _, marked := so.Annotations[v1alpha1.PausedAnnotation]; marked {
				t.Error("the mark is still there")
			}
		})
	}
}

// Only KEDA takes back what KEDA did. In the same namespace others are told as anywhere.
func TestNotEveryRevertIsKEDAs(t *testing.T) {
	for name, test := range map[string]struct {
		target, manager string
		wantReverted    bool
	}{
		"KEDA on its target":      {target: "api", manager: "keda"},
		"a person on its target":  {target: "api", manager: "kubectl-scale", wantReverted: true},
		"KEDA on another one":     {target: "other", manager: "keda", wantReverted: true},
		"a person on another one": {target: "other", manager: "kubectl-scale", wantReverted: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.deployment("api", 3)
			w.custom("keda.sh/v1alpha1", "ScaledObject", "scaler", map[string]any{"scaleTargetRef": map[string]any{"name": test.target}}, nil)
			deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil), w.dep("ScaledObject", "scaler", v1alpha1.StrategyPause, nil)}
			w.pauseRound(deps, false)
			edit(w, d, test.manager, func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](1) })
			_, err := w.workloads.Pause(w.ctx(), owner, deps, false)
			var reverted *RevertedError
			if errors.As(err, &reverted) != test.wantReverted {
				t.Errorf("Pause says %v", err)
			}
		})
	}
}

// A labelled workload whose ScaledObject can't be held down is left alone with it.
func TestAutoscalerThatCannotBePaused(t *testing.T) {
	w := newWorld(t)
	w.deployment("api", 3)
	u := w.custom("keda.sh/v1alpha1", "ScaledObject", "scaler", map[string]any{"scaleTargetRef": map[string]any{"name": "api"}}, nil)
	u.SetAnnotations(map[string]string{v1alpha1.PausedAnnotation: "nonsense"})
	w.must(w.client.Update(w.ctx(), u))
	cluster := w.cluster()
	cluster.Spec.Strategy = v1alpha1.StrategyPause
	deps, problems := w.find(cluster)
	w.expect(deps, "api Skipped, scaler Skipped")
	if len(problems) != 0 || len(Warnings(deps)) != 2 {
		t.Errorf("problems %v, warnings %q", problems, Warnings(deps))
	}
}
