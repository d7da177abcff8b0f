package workload

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// findLabelled lists the workloads that carry the cluster's label in the allowed namespaces, kind by kind.
func (w *Workloads) findLabelled(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]found, error) {
	allowed, err := w.AllowedNamespaces(ctx, cluster)
	if err != nil || len(allowed) == 0 {
		return nil, err
	}
	// Autoscalers follow what they scale, labelled or not.
	kinds, err := w.served(slices.DeleteFunc(slices.Clone(builtIn), func(k *kind) bool { return k.autoscaler }))
	if err != nil {
		return nil, err
	}
	// Where a selector chooses the namespaces there can be very many: one list over all of them then costs
	// less than one for each.
	lists := allowed
	if cluster.Spec.AllowedNamespaces.Selector != nil {
		lists = []string{metav1.NamespaceAll}
	}
	parts := make([][]found, len(kinds)*len(lists))
	inAllowed := sets.New(allowed...)
	err = each(len(parts), func(i int) error {
		k, namespace := kinds[i/len(lists)], lists[i%len(lists)]
		take := func(u *unstructured.Unstructured) {
			if inAllowed.Has(u.GetNamespace()) && independent(k, u) {
				parts[i] = append(parts[i], found{dep: dependent(k, u), kind: k, u: u})
			}
		}
		err := w.listLabelled(ctx, k, namespace, cluster.Name, take)
		if namespace == metav1.NamespaceAll && apierrors.IsForbidden(err) { // an operator that is kept to some namespaces
			for _, namespace := range allowed {
				if err = w.listLabelled(ctx, k, namespace, cluster.Name, take); err != nil {
					return err
				}
			}
		}
		return err
	})
	var all []found
	for _, part := range parts {
		all = append(all, part...)
	}
	return all, err
}

// listLabelled gives every workload of the kind that carries the cluster's label, in one namespace or in all.
func (w *Workloads) listLabelled(ctx context.Context, k *kind, namespace, cluster string, take func(*unstructured.Unstructured)) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(k.gvk.GroupVersion().WithKind(k.gvk.Kind + "List"))
	err := pages(ctx, w.Client, list, func(page *unstructured.UnstructuredList) error {
		for i := range page.Items {
			take(&page.Items[i])
		}
		return nil
	}, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.ClusterLabel: cluster})
	if err != nil {
		return fmt.Errorf("list every %s with the label %s=%s: %w", k.gvk.Kind, v1alpha1.ClusterLabel, cluster, err)
	}
	return nil
}

// served leaves out kinds that the Kubernetes cluster does not have.
func (w *Workloads) served(kinds []*kind) ([]*kind, error) {
	var there []*kind
	for _, k := range kinds {
		_, err := w.Client.RESTMapper().RESTMapping(k.gvk.GroupKind(), k.gvk.Version)
		switch {
		case meta.IsNoMatchError(err):
		case err != nil:
			return nil, fmt.Errorf("look for kind %s: %w", k.gvk.Kind, err)
		default:
			there = append(there, k)
		}
	}
	return there, nil
}

// independent leaves out what is about to go, and ReplicaSets that have the label only because the pod
// template of their Deployment has it.
func independent(k *kind, u *unstructured.Unstructured) bool {
	return u.GetDeletionTimestamp() == nil && (k.gvk.Kind != "ReplicaSet" || metav1.GetControllerOf(u) == nil)
}

func dependent(k *kind, u *unstructured.Unstructured) v1alpha1.DependentStatus {
	return v1alpha1.DependentStatus{
		APIVersion: k.gvk.GroupVersion().String(), Kind: k.gvk.Kind, Namespace: u.GetNamespace(), Name: u.GetName(),
	}
}
