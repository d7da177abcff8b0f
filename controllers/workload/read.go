package workload

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// listFrom is how many workloads of one kind and namespace are read by a list instead of one by one.
const listFrom = 3

// target is a dependent and what a round read of it.
type target struct {
	dep      *v1alpha1.DependentStatus
	kind     *kind                      // nil unless known
	obj      *unstructured.Unstructured // nil unless present
	presence presence
	err      error // why it is not present
	leaving  bool  // it is taken for absent since its namespace is being deleted
}

// readTargets reads the dependents, each once. Where several of one kind and namespace carry the label they
// are read by one list; the others, one by one.
func readTargets(ctx context.Context, c client.Client, deps []*v1alpha1.DependentStatus) []*target {
	targets := make([]*target, len(deps))
	for i, dep := range deps {
		targets[i] = &target{dep: dep}
	}
	named := slices.DeleteFunc(slices.Clone(targets), (*target).isHidden)
	resolveKinds(ctx, c, named)
	listTargets(ctx, c, named)
	_ = each(len(named), func(i int) error { // each target has its own error
		if t := named[i]; t.kind != nil && t.obj == nil {
			t.readAgain(ctx, c)
		}
		return nil
	})
	return targets
}

// isHidden settles a target whose name is not known, and reports whether it is one. It can't be read; only one that was seen
// not to exist is absent.
func (t *target) isHidden() bool {
	if !IsHidden(t.dep) {
		return false
	}
	t.presence, t.err = unknown, fmt.Errorf("read %s: %w", nameOf(t.dep), errHidden)
	if t.dep.State == v1alpha1.DependentSkipped {
		t.presence = absent
	}
	return true
}

// readTarget reads one dependent.
func readTarget(ctx context.Context, c client.Client, dep *v1alpha1.DependentStatus) *target {
	t := &target{dep: dep}
	resolveKinds(ctx, c, []*target{t})
	if t.kind != nil {
		t.readAgain(ctx, c)
	}
	return t
}

// resolveKinds finds out the kinds, each once. One without an object is left unknown or absent.
func resolveKinds(ctx context.Context, c client.Client, targets []*target) {
	type kindName struct{ apiVersion, kind string }
	looked := map[kindName]*target{}
	for _, t := range targets {
		name := kindName{t.dep.APIVersion, t.dep.Kind}
		if first := looked[name]; first != nil {
			t.kind, t.presence, t.err = first.kind, first.presence, first.err
			continue
		}
		looked[name] = t
		if t.kind = known(name.apiVersion, name.kind); t.kind != nil {
			continue
		}
		gv, err := schema.ParseGroupVersion(name.apiVersion)
		if err != nil {
			t.presence, t.err = absent, fmt.Errorf("apiVersion %q: %w", name.apiVersion, err) // nothing has it
			continue
		}
		if t.kind, err = scaledKind(ctx, c, gv.WithKind(name.kind)); err != nil {
			t.presence, t.err = presenceOf(ctx, c, gv.WithKind(name.kind), err)
			t.kind = nil
			if t.presence == unknown {
				t.err = fmt.Errorf("read %s: %w", nameOf(t.dep), t.err)
			}
		}
	}
}

// listTargets fills in what labelled lists have. What they lack, or a list that fails, is left to single reads.
func listTargets(ctx context.Context, c client.Client, targets []*target) {
	type place struct {
		kind      *kind
		namespace string
	}
	places := map[place]map[string]*target{}
	for _, t := range targets {
		if t.kind == nil || t.kind.isAutoscaler() || known(t.dep.APIVersion, t.dep.Kind) == nil {
			continue // not found by label, and perhaps not listable
		}
		p := place{t.kind, t.dep.Namespace}
		if places[p] == nil {
			places[p] = map[string]*target{}
		}
		places[p][t.dep.Name] = t
	}
	var lists []place
	for p, named := range places {
		if len(named) >= listFrom {
			lists = append(lists, p)
		}
	}
	_ = each(len(lists), func(i int) error { // what is not listed is read singly, with its own error
		p := lists[i]
		return listKind(ctx, c, p.kind, func(u *unstructured.Unstructured) {
			if t := places[p][u.GetName()]; t != nil {
				t.obj, t.presence = u, present
			}
		}, client.InNamespace(p.namespace), client.HasLabels{v1alpha1.ClusterLabel})
	})
}

// readAgain reads the object live.
func (t *target) readAgain(ctx context.Context, c client.Client) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(t.kind.gvk)
	err := c.Get(ctx, client.ObjectKey{Namespace: t.dep.Namespace, Name: t.dep.Name}, u)
	t.obj = nil
	if t.presence, t.err = presenceOf(ctx, c, t.kind.gvk, err); t.presence == present {
		t.obj = u
		return
	}
	if t.leaves(ctx, c, err) {
		return
	}
	t.err = fmt.Errorf("read %s: %w", nameOf(t.dep), missingRight(t.err, "get and patch on it, and get on its scale"))
}

// listKind gives every workload of the kind that the options select. Each is safe to keep.
func listKind(ctx context.Context, c client.Client, k *kind, take func(*unstructured.Unstructured), opts ...client.ListOption) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(k.gvk.GroupVersion().WithKind(k.gvk.Kind + "List"))
	err := pages(ctx, c, list, func(page *unstructured.UnstructuredList) error {
		for i := range page.Items {
			take(&page.Items[i])
		}
		return nil
	}, opts...)
	if err != nil {
		return fmt.Errorf("list every %s: %w", k.gvk.Kind, missingRight(err, "list on its kind"))
	}
	return nil
}

// pointers gives those of the dependents that are wanted.
func pointers(deps []v1alpha1.DependentStatus, wanted func(*v1alpha1.DependentStatus) bool) []*v1alpha1.DependentStatus {
	var some []*v1alpha1.DependentStatus
	for i := range deps {
		if wanted(&deps[i]) {
			some = append(some, &deps[i])
		}
	}
	return some
}
