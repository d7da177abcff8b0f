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

// Find lists what is paused in a namespace, in all for "": autoscalers first, which would hold down what is resumed under
// them.
func Find(ctx context.Context, c client.Client, namespace string) ([]*Workload, error) {
	var all []*Workload
	for _, p := range pausables {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(p.kind.GroupVersion().WithKind(p.kind.Kind + "List"))
		err := c.List(ctx, list, client.InNamespace(namespace))
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue // not installed here
		}
		if err != nil {
			return nil, fmt.Errorf("listing %ss: %w", p.kind.Kind, err)
		}
		for i := range list.Items {
			if found := readPaused(p, &list.Items[i]); found != nil {
				all = append(all, found)
			}
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
