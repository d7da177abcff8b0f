package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// errHidden is why a dependent cannot be read whose name is not known.
var errHidden = errors.New("its name is not known yet: the operator was started anew, and has not found it")

var errAllFound = errors.New("all are found")

// Reveal finds the workloads whose names Redact took out of the owner's dependents, by their aliases. It asks no label and no
// mark, which somebody may have removed: what still exists is found. Without an error, what is not among the result does not
// exist. The AuroraCluster, whose spec.dependents need not be searched for, can be nil.
func (w *Workloads) Reveal(
	ctx context.Context, cluster *v1alpha1.AuroraCluster, owner types.UID, hidden []v1alpha1.DependentStatus,
) (map[string]types.NamespacedName, error) {
	s := search{c: w.Client, owner: owner, open: map[string]bool{}, found: map[string]types.NamespacedName{}}
	for i := range hidden {
		s.open[hidden[i].Name] = true
	}
	if cluster != nil {
		for _, entry := range cluster.Spec.Dependents {
			s.see(entry.Kind, entry.Namespace, entry.Name)
		}
	}
	var allowed []string
	if cluster != nil {
		var err error
		if allowed, err = w.AllowedNamespaces(ctx, cluster); err != nil {
			return s.found, err
		}
	}
	var errs []error
	searched := map[schema.GroupVersionKind]bool{}
	for i := range hidden {
		dep := &hidden[i]
		gvk := schema.FromAPIVersionAndKind(dep.APIVersion, dep.Kind)
		if !s.open[dep.Name] || searched[gvk] {
			continue
		}
		searched[gvk] = true
		if err := s.kind(ctx, gvk, allowed); err != nil {
			errs = append(errs, fmt.Errorf("look for every %s: %w", gvk.Kind, err))
		}
	}
	return s.found, errors.Join(errs...)
}

// search looks for workloads by their aliases.
type search struct {
	c     client.Client
	owner types.UID
	open  map[string]bool // aliases that are not found yet
	found map[string]types.NamespacedName
}

func (s *search) see(kind, namespace, name string) {
	if alias := Alias(s.owner, kind, namespace, name); s.open[alias] {
		delete(s.open, alias)
		s.found[alias] = types.NamespacedName{Namespace: namespace, Name: name}
	}
}

// kind looks at every workload of the kind. An operator that is kept to some namespaces looks there; that it may not look into
// one that the AuroraCluster does not allow is no error.
func (s *search) kind(ctx context.Context, gvk schema.GroupVersionKind, allowed []string) error {
	err := s.in(ctx, gvk, metav1.NamespaceAll)
	if !apierrors.IsForbidden(err) {
		return err
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "NamespaceList"})
	var namespaces []string
	if err := pages(ctx, s.c, list, func(page *metav1.PartialObjectMetadataList) error {
		for i := range page.Items {
			namespaces = append(namespaces, page.Items[i].Name)
		}
		return nil
	}); err != nil {
		return fmt.Errorf("list namespaces: %w", missingRight(err, "list on namespaces"))
	}
	for _, namespace := range namespaces {
		err := s.in(ctx, gvk, namespace)
		ignored := apierrors.IsForbidden(err) && allowed != nil && !slices.Contains(allowed, namespace)
		if err != nil && !ignored && !refusedByLeaving(ctx, s.c, namespace, err) {
			return missingRight(err, "list on its kind")
		}
	}
	return nil
}

func (s *search) in(ctx context.Context, gvk schema.GroupVersionKind, namespace string) error {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	err := pages(ctx, s.c, list, func(page *metav1.PartialObjectMetadataList) error {
		for i := range page.Items {
			s.see(gvk.Kind, page.Items[i].Namespace, page.Items[i].Name)
		}
		if len(s.open) == 0 {
			return errAllFound
		}
		return nil
	}, client.InNamespace(namespace))
	if errors.Is(err, errAllFound) {
		return nil
	}
	if is, _ := presenceOf(ctx, s.c, gvk, err); is == absent {
		return nil // there is no such kind any more, and nothing of it
	}
	return err
}
