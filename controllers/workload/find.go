package workload

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// maxDependents is how many the status of an AuroraBacktrack holds.
const maxDependents = 2048

// Find lists what depends on the cluster: everything in the allowed namespaces that carries the label, and
// spec.dependents, each once. The strategy is the entry's, else that of the workload's annotation, else the
// cluster's. ScaledObjects (KEDA) that hold a paused workload are dependents too. The list is sorted by
// order, then by namespace, kind and name, and so are the problems.
//
// A problem says that a listed dependent cannot be handled as asked, by facts that waiting does not change.
// A workload that only carries the label, and cannot be handled, is no problem: whoever may write in an
// allowed namespace could hold up everybody's rewinds with one. It is left alone, with strategy None, state
// Skipped and the reason as message; see Warnings.
//
// An error means that the list is not known yet: something could not be read (a right that the operator
// lacks is named), or a listed dependent is still paused by another AuroraBacktrack. It is for the caller to
// bound the wait.
func (w *Workloads) Find(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]v1alpha1.DependentStatus, []Problem, error) {
	listed, err := findListed(ctx, w.Client, cluster)
	if err != nil {
		return nil, nil, err
	}
	allowed, err := w.AllowedNamespaces(ctx, cluster)
	if err != nil {
		return nil, nil, err
	}
	labelled, err := findLabelled(ctx, w.Client, cluster, allowed)
	if err != nil {
		return nil, nil, err
	}
	all := unique(append(listed, labelled...))
	err = each(len(all), func(i int) error {
		f := all[i]
		err := f.resolve(ctx, w.Client, cluster)
		if refusedByLeaving(ctx, w.Client, f.dep.Namespace, err) {
			f.leave()
			return nil
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	autoscalers, err := findAutoscalers(ctx, w.Client, cluster, all)
	if err != nil {
		return nil, nil, err
	}
	all = unique(append(all, autoscalers...))
	slices.SortFunc(all, compare)
	return settled(cluster, all)
}

// settled gives what was found as Find returns it.
func settled(cluster *v1alpha1.AuroraCluster, all []*candidate) ([]v1alpha1.DependentStatus, []Problem, error) {
	deps, problems := make([]v1alpha1.DependentStatus, 0, len(all)), []Problem(nil)
	for _, c := range all {
		deps = append(deps, c.dep)
		if c.problem != nil {
			problems = append(problems, *c.problem)
		}
	}
	if len(deps) > maxDependents {
		problems = append(problems, *unsupported("AuroraCluster %s has %d dependents and %d is the most that can be handled: label fewer workloads", cluster.Name, len(deps), maxDependents))
		deps = deps[:maxDependents]
	}
	return deps, problems, nil
}

// findAutoscalers looks, in every namespace with something to pause, for autoscalers that would wake it. A
// ScaledObject becomes a dependent of its own.
func findAutoscalers(ctx context.Context, c client.Client, cluster *v1alpha1.AuroraCluster, all []*candidate) ([]*candidate, error) {
	byNamespace := map[string][]*candidate{}
	for _, f := range all {
		if f.isToPause() {
			byNamespace[f.dep.Namespace] = append(byNamespace[f.dep.Namespace], f)
		}
	}
	if len(byNamespace) == 0 {
		return nil, nil
	}
	kinds, err := served(ctx, c, []*kind{&scaledObject})
	if err != nil {
		return nil, err
	}
	namespaces := make([]string, 0, len(byNamespace))
	for namespace := range byNamespace {
		namespaces = append(namespaces, namespace)
	}
	slices.Sort(namespaces)
	found := make([][]*candidate, len(namespaces))
	err = each(len(namespaces), func(i int) error {
		targets := byNamespace[namespaces[i]]
		err := refuseWakened(ctx, c, namespaces[i], targets)
		if err == nil && len(kinds) > 0 {
			found[i], err = autoscalersOf(ctx, c, cluster, kinds[0], namespaces[i], targets)
		}
		if refusedByLeaving(ctx, c, namespaces[i], err) {
			for _, f := range targets {
				f.leave()
			}
			found[i], err = nil, nil
		}
		return err
	})
	return slices.Concat(found...), err
}

// refuseWakened refuses what a HorizontalPodAutoscaler of the namespace would wake.
func refuseWakened(ctx context.Context, c client.Client, namespace string, targets []*candidate) error {
	wakers, err := listWakers(ctx, c, namespace)
	for hpa, ref := range wakers {
		if f := targetOf(targets, ref); f != nil {
			f.refuse(unsupported("%s: HorizontalPodAutoscaler %s scaled it to zero and may wake it during the rewind: set minReplicas to 1 and let it scale up once, or give it strategy Restart", nameOf(&f.dep), hpa))
		}
	}
	return err
}

// autoscalersOf finds the autoscalers of the kind that hold what is to be paused. What cannot be held down
// is not paused either.
func autoscalersOf(ctx context.Context, c client.Client, cluster *v1alpha1.AuroraCluster, k *kind, namespace string,
	targets []*candidate) ([]*candidate, error) {
	var found []*candidate
	take := newCandidates(k, false, &found)
	if err := listKind(ctx, c, k, take, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("in namespace %s: %w", namespace, err)
	}
	var kept []*candidate
	for _, f := range found {
		of := targetOf(targets, k.scaleTarget(f.obj))
		if of == nil || !of.isToPause() {
			continue
		}
		f.listed, f.dep.Order, f.dep.Strategy = of.listed, of.dep.Order, v1alpha1.StrategyPause
		if err := f.resolve(ctx, c, cluster); err != nil {
			return nil, err
		}
		if f.dep.State == v1alpha1.DependentSkipped && !of.listed {
			of.refuse(unsupported("%s: its ScaledObject %s would wake it: %s", nameOf(&of.dep), f.dep.Name, strings.TrimPrefix(f.dep.Message, leftAlone)))
		}
		kept = append(kept, f)
	}
	return kept, nil
}

func targetOf(targets []*candidate, ref targetRef) *candidate {
	for _, f := range targets {
		if ref.names(&f.dep) {
			return f
		}
	}
	return nil
}

// unique keeps the first of each workload, so that an entry outranks a label.
func unique(all []*candidate) []*candidate {
	type id struct{ group, kind, namespace, name string }
	seen := map[id]bool{}
	return slices.DeleteFunc(all, func(f *candidate) bool {
		key := id{groupOf(f.dep.APIVersion), f.dep.Kind, f.dep.Namespace, f.dep.Name}
		defer func() { seen[key] = true }()
		return seen[key]
	})
}

func compare(a, b *candidate) int {
	return cmp.Or(cmp.Compare(a.dep.Order, b.dep.Order), cmp.Compare(a.dep.Namespace, b.dep.Namespace),
		cmp.Compare(a.dep.Kind, b.dep.Kind), cmp.Compare(a.dep.Name, b.dep.Name))
}
