package workload

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	// concurrency is how many calls to the API server are under way at a time.
	concurrency = 10
	// pageSize is how many objects one list call returns at most.
	pageSize = 500
)

// each calls f for every index, some at a time. All are tried; all errors come back, in order.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	var group errgroup.Group
	group.SetLimit(concurrency)
	for i := range n {
		group.Go(func() error {
			errs[i] = f(i)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	return errors.Join(errs...)
}

// pages lists in pages and calls f with each of them, every one a list of its own. f ends the listing by
// an error, which comes back.
func pages[L client.ObjectList](ctx context.Context, c client.Reader, empty L, f func(L) error, opts ...client.ListOption) error {
	token := ""
	for {
		page := empty.DeepCopyObject().(L) //nolint:forcetypeassert // a copy is of the same type
		if err := c.List(ctx, page, append([]client.ListOption{client.Limit(pageSize), client.Continue(token)}, opts...)...); err != nil {
			return err
		}
		if err := f(page); err != nil {
			return err
		}
		if token = page.GetContinue(); token == "" {
			return nil
		}
	}
}

// patch merges the body into the object, under the operator's own field manager. The object becomes what
// the API server stored.
func patch(ctx context.Context, c client.Client, u *unstructured.Unstructured, body map[string]any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the patch: %w", err)
	}
	return c.Patch(ctx, u, client.RawPatch(types.MergePatchType, data), client.FieldOwner(v1alpha1.WorkloadFieldManager))
}

// missingRight names the right that the operator lacks, where the API server refused for want of one. While
// an API server starts it can refuse what it will allow a moment later, so this is never a final verdict.
func missingRight(err error, right string) error {
	if !apierrors.IsForbidden(err) {
		return err
	}
	return fmt.Errorf("the operator may not do it yet: if this does not pass, grant its service account %s: %w", right, err)
}
