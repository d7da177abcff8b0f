package workload

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// findListed reads the workloads that spec.dependents names.
func findListed(ctx context.Context, c client.Client, cluster *v1alpha1.AuroraCluster) ([]*candidate, error) {
	entries := cluster.Spec.Dependents
	all := make([]*candidate, len(entries))
	err := each(len(entries), func(i int) error {
		all[i] = entryCandidate(entries[i])
		if entries[i].Strategy == v1alpha1.StrategyNone {
			return nil // it need not even exist
		}
		return readListed(ctx, c, all[i])
	})
	if err != nil {
		return nil, fmt.Errorf("spec.dependents: %w", err)
	}
	return all, nil
}

func entryCandidate(entry v1alpha1.Dependent) *candidate {
	f := &candidate{listed: true, entryStrategy: entry.Strategy, dep: v1alpha1.DependentStatus{
		APIVersion: entry.APIVersion, Kind: entry.Kind, Namespace: entry.Namespace, Name: entry.Name,
		Strategy: entry.Strategy, Order: entry.Order, DeleteRunningJobs: entry.DeleteRunningJobs,
	}}
	if k := known(entry.APIVersion, entry.Kind); k != nil {
		f.dep.APIVersion = k.gvk.GroupVersion().String()
	}
	return f
}

// readListed reads one of them. That it does not exist is a problem; that it cannot be read, an error.
func readListed(ctx context.Context, c client.Client, f *candidate) error {
	dep := &f.dep
	if dep.APIVersion == "" {
		f.refuse(notFound("%s: the apiVersion of kind %s is not known: check its spelling, or set apiVersion in the entry in spec.dependents of the AuroraCluster", nameOf(dep), dep.Kind))
		return nil
	}
	if _, err := schema.ParseGroupVersion(dep.APIVersion); err != nil {
		f.refuse(notFound("%s: apiVersion %q is none: write it as group/version in the entry in spec.dependents of the AuroraCluster", nameOf(dep), dep.APIVersion))
		return nil
	}
	t := readTarget(ctx, c, dep)
	f.kind, f.obj = t.kind, t.obj
	switch {
	case t.presence == absent && isTerminating(ctx, c, dep.Namespace):
		f.leave()
	case t.presence == present && f.obj.GetDeletionTimestamp() != nil:
		f.refuse(notFound("%s is being deleted: remove the entry in spec.dependents of the AuroraCluster", nameOf(dep)))
	case t.presence == present:
	case errors.Is(t.err, errNoScale):
		f.refuse(unsupported("%s %v", nameOf(dep), errNoScale))
	case t.presence == absent && meta.IsNoMatchError(t.err):
		f.refuse(notFound("%s: this Kubernetes cluster has no kind %s in %s: correct the entry in spec.dependents of the AuroraCluster, or remove it", nameOf(dep), dep.Kind, dep.APIVersion))
	case t.presence == absent:
		f.refuse(notFound("%s does not exist: correct the entry in spec.dependents of the AuroraCluster, or remove it", nameOf(dep)))
	default:
		return t.err
	}
	return nil
}
