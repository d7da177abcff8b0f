package workload

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// findAutoscalers looks, in every namespace with something to pause, for autoscalers that would wake it.
// A ScaledObject becomes a dependent of its own. An HorizontalPodAutoscaler needs nothing: it goes idle
// while its target stands at zero (ScalingDisabled) and wakes when that is resumed. The exception is one
// that scaled the target to zero itself (beta since Kubernetes 1.37): it may wake the target at any time.
func (w *Workloads) findAutoscalers(ctx context.Context, all []found) ([]found, error) {
	byNamespace := map[string][]*found{}
	for i := range all {
		f := &all[i]
		if f.dep.Strategy == v1alpha1.StrategyPause && len(f.problems) == 0 && !f.kind.autoscaler {
			byNamespace[f.dep.Namespace] = append(byNamespace[f.dep.Namespace], f)
		}
	}
	if len(byNamespace) == 0 {
		return nil, nil
	}
	keda, err := w.served([]*kind{known("", scaledObjectKind.Kind)})
	if err != nil {
		return nil, err
	}
	namespaces := make([]string, 0, len(byNamespace))
	for namespace := range byNamespace {
		namespaces = append(namespaces, namespace)
	}
	slices.Sort(namespaces)
	held := make([][]found, len(namespaces))
	err = each(len(namespaces), func(i int) error {
		targets := byNamespace[namespaces[i]]
		if err := w.checkHPAs(ctx, namespaces[i], targets); err != nil {
			return err
		}
		if len(keda) == 0 {
			return nil
		}
		var err error
		held[i], err = w.scaledObjects(ctx, keda[0], namespaces[i], targets)
		return err
	})
	return slices.Concat(held...), err
}

// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=list

// checkHPAs notes a problem on each target that its HorizontalPodAutoscaler may wake.
func (w *Workloads) checkHPAs(ctx context.Context, namespace string, targets []*found) error {
	err := pages(ctx, w.Client, &autoscalingv2.HorizontalPodAutoscalerList{}, func(page *autoscalingv2.HorizontalPodAutoscalerList) error {
		for _, hpa := range page.Items {
			ref := hpa.Spec.ScaleTargetRef
			f := target(targets, ref.APIVersion, ref.Kind, ref.Name)
			if f != nil && slices.ContainsFunc(hpa.Status.Conditions, scaledToZero) {
				f.fail(notSound("%s: HorizontalPodAutoscaler %s scaled it to zero and may wake it during the rewind: set minReplicas to 1 and let it scale up once, or give it strategy Restart", nameOf(&f.dep), hpa.Name))
			}
		}
		return nil
	}, client.InNamespace(namespace))
	if err != nil {
		return fmt.Errorf("list HorizontalPodAutoscalers in %s: %w", namespace, err)
	}
	return nil
}

func scaledToZero(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
	return c.Type == autoscalingv2.ScaledToZero && c.Status == corev1.ConditionTrue
}

// scaledObjects finds the ScaledObjects whose targets are to be paused.
func (w *Workloads) scaledObjects(ctx context.Context, k *kind, namespace string, targets []*found) ([]found, error) {
	var held []found
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(k.gvk.GroupVersion().WithKind(k.gvk.Kind + "List"))
	err := pages(ctx, w.Client, list, func(page *unstructured.UnstructuredList) error {
		for i := range page.Items {
			u := &page.Items[i]
			// KEDA's defaults for what the reference leaves out.
			ref, _, _ := unstructured.NestedStringMap(u.Object, "spec", "scaleTargetRef")
			of := target(targets, cmp.Or(ref["apiVersion"], "apps/v1"), cmp.Or(ref["kind"], "Deployment"), ref["name"])
			if of == nil || u.GetDeletionTimestamp() != nil {
				continue
			}
			f := found{dep: dependent(k, u), kind: k, u: u}
			f.dep.Strategy, f.dep.Order = v1alpha1.StrategyPause, of.dep.Order
			held = append(held, f)
		}
		return nil
	}, client.InNamespace(namespace))
	if err != nil {
		return nil, fmt.Errorf("list ScaledObjects in %s: %w", namespace, err)
	}
	return held, nil
}

func target(targets []*found, apiVersion, kind, name string) *found {
	group := groupOf(apiVersion)
	for _, f := range targets {
		if own := groupOf(f.dep.APIVersion); own == group && f.dep.Kind == kind && f.dep.Name == name {
			return f
		}
	}
	return nil
}
