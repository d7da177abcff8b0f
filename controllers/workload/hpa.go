package workload

import (
	"context"
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// An HorizontalPodAutoscaler is never written: it goes idle while its target stands at zero
// (ScalingDisabled) and wakes when that is resumed. The exception is one that scaled the target to zero
// itself (beta since Kubernetes 1.37): it may wake the target at any time.

// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=list

// listWakers gives the name and the target of each HorizontalPodAutoscaler in the namespace that may wake
// its target while that is paused.
func listWakers(ctx context.Context, c client.Client, namespace string) (map[string]targetRef, error) {
	wakers := map[string]targetRef{}
	err := pages(ctx, c, &autoscalingv2.HorizontalPodAutoscalerList{}, func(page *autoscalingv2.HorizontalPodAutoscalerList) error {
		for _, hpa := range page.Items {
			if slices.ContainsFunc(hpa.Status.Conditions, scaledToZero) {
				ref := hpa.Spec.ScaleTargetRef
				wakers[hpa.Name] = targetRef{apiVersion: ref.APIVersion, kind: ref.Kind, name: ref.Name}
			}
		}
		return nil
	}, client.InNamespace(namespace))
	if err != nil {
		return nil, fmt.Errorf("list HorizontalPodAutoscalers in %s: %w", namespace, missingRight(err, "list on horizontalpodautoscalers"))
	}
	return wakers, nil
}

func scaledToZero(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
	return c.Type == autoscalingv2.ScaledToZero && c.Status == corev1.ConditionTrue
}
