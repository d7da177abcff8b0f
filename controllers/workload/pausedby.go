package workload

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// PausedBy finds what carries the owner's pause record among the cluster's dependents, whatever their strategy is
// by now and whether or not they can be handled: what is paused is to be resumed. One that is gone, or whose
// record cannot be read, is not among them. With an error come those that could be read.
func (w *Workloads) PausedBy(ctx context.Context, cluster *v1alpha1.AuroraCluster, owner types.UID) ([]v1alpha1.DependentStatus, error) {
	var all []*candidate
	entries := make([]v1alpha1.DependentStatus, 0, len(cluster.Spec.Dependents))
	for _, entry := range cluster.Spec.Dependents {
		if f := entryCandidate(entry); f.dep.APIVersion != "" {
			entries = append(entries, f.dep)
		}
	}
	var errs []error
	for _, t := range readTargets(ctx, w.Client, pointers(entries, func(*v1alpha1.DependentStatus) bool { return true })) {
		switch {
		case t.presence == present:
			all = append(all, &candidate{dep: *t.dep, kind: t.kind, obj: t.obj, listed: true})
		case t.presence == unknown && !errors.Is(t.err, errNoScale):
			errs = append(errs, t.err)
		}
	}
	allowed, err := w.AllowedNamespaces(ctx, cluster)
	errs = append(errs, err)
	labelled, err := findLabelled(ctx, w.Client, cluster, allowed)
	errs = append(errs, err)
	all = append(all, labelled...)

	namespaces := sets.New(allowed...)
	for i := range entries {
		namespaces.Insert(entries[i].Namespace)
	}
	autoscalers, err := findIn(ctx, w.Client, []*kind{&scaledObject}, sets.List(namespaces), cluster.Spec.AllowedNamespaces.Selector != nil)
	errs = append(errs, err)
	var paused []v1alpha1.DependentStatus
	for _, f := range unique(append(all, autoscalers...)) {
		if record, err := readRecord(f.obj, f.kind.pauseField); err == nil && record != nil && record.Owner == owner {
			f.dep.Strategy, f.dep.State = v1alpha1.StrategyPause, v1alpha1.DependentPending
			paused = append(paused, f.dep)
		}
	}
	return paused, errors.Join(errs...)
}
