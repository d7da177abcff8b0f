package workload

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list

// NamespaceAllowed reports whether the cluster may be rewound from the namespace: it is named, or its
// labels, read now, are selected. Nothing named and no selector allows nobody; an empty selector allows all.
func (w *Workloads) NamespaceAllowed(ctx context.Context, cluster *v1alpha1.AuroraCluster, namespace string) (bool, error) {
	allowed := cluster.Spec.AllowedNamespaces
	if slices.Contains(allowed.Names, namespace) {
		return true, nil
	}
	if allowed.Selector == nil {
		return false, nil
	}
	selector, err := namespaceSelector(cluster)
	if err != nil {
		return false, err
	}
	ns, err := readNamespace(ctx, w.Client, namespace)
	if err != nil {
		if objectNotFound(err) {
			return false, nil
		}
		return false, fmt.Errorf("read namespace %s: %w", namespace, missingRight(err, "get on namespaces"))
	}
	return selector.Matches(labels.Set(ns.Labels)), nil
}

// AllowedNamespaces lists the namespaces from which the cluster may be rewound, sorted and without
// repetition. A namespace that is named is listed whether or not it exists.
func (w *Workloads) AllowedNamespaces(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]string, error) {
	names := slices.Clone(cluster.Spec.AllowedNamespaces.Names)
	if cluster.Spec.AllowedNamespaces.Selector != nil {
		selector, err := namespaceSelector(cluster)
		if err != nil {
			return nil, err
		}
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
		err = pages(ctx, w.Client, list, func(page *metav1.PartialObjectMetadataList) error {
			for _, ns := range page.Items {
				names = append(names, ns.Name)
			}
			return nil
		}, client.MatchingLabelsSelector{Selector: selector})
		if err != nil {
			return nil, fmt.Errorf("list namespaces: %w", missingRight(err, "list on namespaces"))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func namespaceSelector(cluster *v1alpha1.AuroraCluster) (labels.Selector, error) {
	selector, err := metav1.LabelSelectorAsSelector(cluster.Spec.AllowedNamespaces.Selector)
	if err != nil {
		return nil, fmt.Errorf("AuroraCluster %s: spec.allowedNamespaces.selector: %w", cluster.Name, err)
	}
	return selector, nil
}
