package paused

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Find lists what is paused in a namespace, in all for "". What could not be looked at is in notes; kinds that the operator
// always knows must be looked at, or Find fails.
func Find(ctx context.Context, c client.Client, namespace string) (all []*Workload, notes []string, err error) {
	for _, p := range pausables {
		found, err := find(ctx, c, p, namespace)
		if err != nil {
			return nil, nil, fmt.Errorf("listing %ss: %w", p.kind.Kind, err)
		}
		all = append(all, found...)
	}
	kinds, err := scaled(ctx, c)
	if err != nil {
		return all, []string{fmt.Sprintf("kinds that are known by their scale only were not looked for: listing CustomResourceDefinitions: %v", err)}, nil
	}
	for _, p := range kinds {
		found, err := find(ctx, c, p, namespace)
		if err != nil {
			notes = append(notes, fmt.Sprintf("%ss were not looked at: %v", p.kind.Kind, err))
		}
		all = append(all, found...)
	}
	return all, notes, nil
}

// find lists what is paused of one kind; nothing where the kind is not installed.
func find(ctx context.Context, c client.Client, p pausable, namespace string) ([]*Workload, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(p.kind.GroupVersion().WithKind(p.kind.Kind + "List"))
	err := c.List(ctx, list, client.InNamespace(namespace))
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []*Workload
	for i := range list.Items {
		if found := readPaused(p, &list.Items[i]); found != nil {
			all = append(all, found)
		}
	}
	return all, nil
}

// Resume brings the workload back, and removes the mark.
func (p *Workload) Resume(ctx context.Context, c client.Client) error {
	if p.Unreadable != nil {
		return p.Unreadable
	}
	body, err := p.resumption()
	if err != nil {
		return err
	}
	return c.Patch(ctx, p.Unstructured, client.RawPatch(types.MergePatchType, body))
}
