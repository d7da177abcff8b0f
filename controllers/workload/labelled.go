package workload

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// findLabelled lists the workloads that carry the cluster's label in the allowed namespaces, kind by kind.
// With an error come those that could be listed.
func findLabelled(ctx context.Context, c client.Client, cluster *v1alpha1.AuroraCluster, allowed []string) ([]*candidate, error) {
	// Autoscalers follow what they scale, labelled or not.
	byLabel := slices.DeleteFunc(slices.Clone(builtIn), (*kind).isAutoscaler)
	label := client.MatchingLabels{v1alpha1.ClusterLabel: cluster.Name}
	all, err := findIn(ctx, c, byLabel, allowed, cluster.Spec.AllowedNamespaces.Selector != nil, label)
	return slices.DeleteFunc(all, func(f *candidate) bool {
		// A ReplicaSet of a Deployment has the label because the Deployment's pod template has it.
		return f.kind == &replicaSet && metav1.GetControllerOf(f.obj) != nil
	}), err
}

// findIn lists workloads of the kinds in the namespaces. With many it asks for all namespaces at once, which
// costs less than one list for each. With an error come those that could be listed.
func findIn(ctx context.Context, c client.Client, kinds []*kind, namespaces []string, many bool, opts ...client.ListOption) ([]*candidate, error) {
	if len(namespaces) == 0 {
		return nil, nil
	}
	kinds, err := served(ctx, c, kinds)
	if err != nil {
		return nil, err
	}
	lists := namespaces
	if many {
		lists = []string{metav1.NamespaceAll}
	}
	parts := make([][]*candidate, len(kinds)*len(lists))
	wanted := sets.New(namespaces...)
	err = each(len(parts), func(i int) error {
		k, namespace := kinds[i/len(lists)], lists[i%len(lists)]
		add := newCandidates(k, false, &parts[i])
		take := func(u *unstructured.Unstructured) {
			if wanted.Has(u.GetNamespace()) {
				add(u)
			}
		}
		in := func(namespace string) error {
			err := listKind(ctx, c, k, take, append([]client.ListOption{client.InNamespace(namespace)}, opts...)...)
			if namespace != metav1.NamespaceAll && refusedByLeaving(ctx, c, namespace, err) {
				return nil // its workloads go with it
			}
			return err
		}
		err := in(namespace)
		if namespace == metav1.NamespaceAll && apierrors.IsForbidden(err) { // an operator that is kept to some namespaces
			for _, namespace := range namespaces {
				if err = in(namespace); err != nil {
					return err
				}
			}
		}
		return err
	})
	return slices.Concat(parts...), err
}
