package workload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// maxDependents is how many the status of an AuroraBacktrack holds.
const maxDependents = 2048

// found is a dependent on its way into the list.
type found struct {
	dep      v1alpha1.DependentStatus
	kind     *kind
	u        *unstructured.Unstructured // nil where it was not read
	problems []Problem
}

// Find lists what depends on the cluster: everything in the allowed namespaces that carries the label, and
// spec.dependents, each once. The strategy is the entry's, else that of the workload's annotation, else the
// cluster's. ScaledObjects (KEDA) that hold a paused workload are dependents too. The list is sorted by
// order, then by namespace, kind and name, and so are the problems. An error means that the list is not
// known; a problem, that a dependent on it cannot be handled as asked.
func (w *Workloads) Find(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]v1alpha1.DependentStatus, []Problem, error) {
	listed, err := w.findListed(ctx, cluster)
	if err != nil {
		return nil, nil, err
	}
	labelled, err := w.findLabelled(ctx, cluster)
	if err != nil {
		return nil, nil, err
	}
	all := unique(append(listed, labelled...))
	for i := range all {
		if err := all[i].resolve(cluster); err != nil {
			return nil, nil, err
		}
	}
	if err := w.checkScales(ctx, all); err != nil {
		return nil, nil, err
	}
	held, err := w.findAutoscalers(ctx, all)
	if err != nil {
		return nil, nil, err
	}
	for i := range held {
		if err := held[i].resolve(cluster); err != nil {
			return nil, nil, err
		}
	}
	all = unique(append(all, held...))
	slices.SortFunc(all, compare)
	deps, problems := make([]v1alpha1.DependentStatus, 0, len(all)), []Problem(nil)
	for _, f := range all {
		deps, problems = append(deps, f.dep), append(problems, f.problems...)
	}
	if len(deps) > maxDependents {
		problems = append(problems, notSound("AuroraCluster %s has %d dependents and %d is the most that can be handled: label fewer workloads", cluster.Name, len(deps), maxDependents))
		deps = deps[:maxDependents]
	}
	return deps, problems, nil
}

// findListed reads the workloads that spec.dependents names.
func (w *Workloads) findListed(ctx context.Context, cluster *v1alpha1.AuroraCluster) ([]found, error) {
	entries := cluster.Spec.Dependents
	all := make([]found, len(entries))
	err := each(len(entries), func(i int) error {
		entry, f := entries[i], &all[i]
		f.dep = v1alpha1.DependentStatus{
			APIVersion: entry.APIVersion, Kind: entry.Kind, Namespace: entry.Namespace, Name: entry.Name,
			Strategy: entry.Strategy, Order: entry.Order, DeleteRunningJobs: entry.DeleteRunningJobs,
		}
		if k := known(entry.APIVersion, entry.Kind); k != nil {
			f.dep.APIVersion = k.gvk.GroupVersion().String()
		}
		if entry.Strategy == v1alpha1.StrategyNone {
			return nil // it need not even exist
		}
		return w.readListed(ctx, f)
	})
	if err != nil {
		return nil, fmt.Errorf("spec.dependents: %w", err)
	}
	return all, nil
}

// readListed reads one of them. That it is not there, or not readable, is a problem and not an error.
func (w *Workloads) readListed(ctx context.Context, f *found) error {
	dep := &f.dep
	if dep.APIVersion == "" {
		f.fail(notFound("%s: the apiVersion of kind %s is not known: check its spelling, or set apiVersion in the entry in spec.dependents of the AuroraCluster", nameOf(dep), dep.Kind))
		return nil
	}
	if _, err := schema.ParseGroupVersion(dep.APIVersion); err != nil {
		f.fail(notFound("%s: apiVersion %q is none: write it as group/version in the entry in spec.dependents of the AuroraCluster", nameOf(dep), dep.APIVersion))
		return nil
	}
	k, err := w.kindOf(ctx, dep)
	if err == nil {
		f.kind = k
		f.u, err = w.get(ctx, k, dep)
	}
	switch {
	case errors.Is(err, errNoScale):
		f.fail(notSound("%s %v", nameOf(dep), errNoScale))
	case apierrors.IsNotFound(err):
		f.fail(notFound("%s does not exist: correct the entry in spec.dependents of the AuroraCluster, or remove it", nameOf(dep)))
	case gone(err):
		f.fail(notFound("%s: this Kubernetes cluster has no kind %s in %s: correct the entry in spec.dependents of the AuroraCluster, or remove it", nameOf(dep), dep.Kind, dep.APIVersion))
	case apierrors.IsForbidden(err):
		f.fail(notSound("%s: the operator may not read it: grant its service account get and patch on it, and get on its scale (%v)", nameOf(dep), err))
	case err != nil:
		return err
	case f.u.GetDeletionTimestamp() != nil:
		f.fail(notFound("%s is being deleted: remove the entry in spec.dependents of the AuroraCluster", nameOf(dep)))
	}
	return nil
}

// resolve settles the strategy and the number of replicas, and looks whether the strategy can be carried out.
func (f *found) resolve(cluster *v1alpha1.AuroraCluster) error {
	if f.dep.Strategy == "" {
		f.dep.Strategy = cmp.Or(cluster.Spec.Strategy, v1alpha1.StrategyRestart)
		if f.kind != nil && f.kind.autoscaler {
			f.dep.Strategy = v1alpha1.StrategyPause
		}
		if f.u != nil {
			f.readStrategy()
		}
	}
	switch {
	case len(f.problems) > 0:
		return nil
	case f.dep.Strategy == v1alpha1.StrategyNone:
		set(&f.dep, v1alpha1.DependentSkipped, "strategy None")
		return nil
	case f.dep.Strategy == v1alpha1.StrategyRestart && f.kind.restart == nothingToRestart:
		set(&f.dep, v1alpha1.DependentSkipped, nothingRuns)
		return nil
	}
	f.dep.State = v1alpha1.DependentPending
	f.readReplicas(cluster)
	why, err := f.kind.unsound(f.u, f.dep.Strategy)
	if err != nil {
		return err
	}
	if why != "" {
		f.fail(notSound("%s %s", nameOf(&f.dep), why))
	}
	return nil
}

// readStrategy takes the strategy from the workload's own annotation, if it has one.
func (f *found) readStrategy() {
	text, there := f.u.GetAnnotations()[v1alpha1.StrategyAnnotation]
	if !there {
		return
	}
	switch s := v1alpha1.Strategy(text); s {
	case v1alpha1.StrategyRestart, v1alpha1.StrategyPause, v1alpha1.StrategyNone:
		f.dep.Strategy = s
	default:
		f.fail(notSound("%s: the annotation %s is %q: it must be Restart, Pause or None", nameOf(&f.dep), v1alpha1.StrategyAnnotation, text))
	}
}

// readReplicas reads how many replicas it has, or had before it was paused by the run that holds the
// cluster. A mark of anybody else is a problem.
func (f *found) readReplicas(cluster *v1alpha1.AuroraCluster) {
	value := f.kind.lever.value(f.u)
	m, err := readMark(f.u, f.kind.lever)
	holder := cluster.Status.ActiveBacktrack
	switch {
	case err != nil:
		f.fail(notSound("%s", unreadable(&f.dep, f.kind.lever, err)))
	case m != nil && (holder == nil || holder.UID != m.Owner):
		f.fail(notSound("%s", foreign(&f.dep, f.kind.lever, m.Owner)))
	case m != nil:
		value = m.Restore
	}
	if n, isNumber := value.(int64); isNumber {
		replicas := int32(n) //nolint:gosec // the API server holds replicas to 32 bits
		f.dep.Replicas = &replicas
	}
}

// fail notes a problem on the dependent and in the list of problems.
func (f *found) fail(p Problem) {
	set(&f.dep, v1alpha1.DependentFailed, p.Message)
	f.problems = append(f.problems, p)
}

func notFound(format string, args ...any) Problem {
	return Problem{Reason: v1alpha1.ReasonDependentNotFound, Message: line.Clean(fmt.Sprintf(format, args...), maxMessage)}
}

func notSound(format string, args ...any) Problem {
	return Problem{Reason: v1alpha1.ReasonDependentUnsupported, Message: line.Clean(fmt.Sprintf(format, args...), maxMessage)}
}

// unique keeps the first of each workload, so that an entry outranks a label.
func unique(all []found) []found {
	type id struct{ group, kind, namespace, name string }
	seen := map[id]bool{}
	return slices.DeleteFunc(all, func(f found) bool {
		group := groupOf(f.dep.APIVersion)
		key := id{group, f.dep.Kind, f.dep.Namespace, f.dep.Name}
		defer func() { seen[key] = true }()
		return seen[key]
	})
}

func compare(a, b found) int {
	return cmp.Or(cmp.Compare(a.dep.Order, b.dep.Order), cmp.Compare(a.dep.Namespace, b.dep.Namespace),
		cmp.Compare(a.dep.Kind, b.dep.Kind), cmp.Compare(a.dep.Name, b.dep.Name))
}
