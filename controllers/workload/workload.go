// Package workload knows the applications that depend on a database: it finds them, pauses and resumes
// them, restarts them and watches until they are up. It is the only room that knows workload kinds.
//
// It keeps nothing in memory between calls and reads everything live, so it wants an uncached client: a
// rewind is rare, and an informer on every workload of a Kubernetes cluster would cost all day long.
package workload

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

const (
	// concurrency is how many dependents are worked on at a time.
	concurrency = 10
	// pageSize is how many objects one list call brings at most.
	pageSize = 500
	// maxConflicts is how often a write that met a newer object is tried again in the same round.
	maxConflicts = 5
	// maxMessage is how many bytes a dependent's message can have; the CRD admits as many characters.
	maxMessage = 1024
)

// Workloads finds, pauses, resumes, restarts and watches dependents. All its methods are safe to repeat,
// and none keeps anything between calls.
type Workloads struct {
	// Client must read live, not from a cache. Its scheme needs the built-in kinds.
	Client client.Client
	// Clock gives the time of a restart to kinds that are restarted by a time (Argo Rollouts).
	Clock clock.PassiveClock
}

// Problem is why a dependent cannot be handled soundly, found before anything is touched.
type Problem struct {
	// Reason is v1alpha1.ReasonDependentNotFound or v1alpha1.ReasonDependentUnsupported.
	Reason string
	// Message is one line: the workload, what is wrong with it and what to do.
	Message string
}

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

// get reads the dependent. Its error says which one it was.
func (w *Workloads) get(ctx context.Context, k *kind, dep *v1alpha1.DependentStatus) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(k.gvk)
	if err := w.Client.Get(ctx, client.ObjectKey{Namespace: dep.Namespace, Name: dep.Name}, u); err != nil {
		return nil, fmt.Errorf("read %s: %w", nameOf(dep), err)
	}
	return u, nil
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

// patch merges the body into the object, under the operator's own field manager.
func (w *Workloads) patch(ctx context.Context, u *unstructured.Unstructured, body map[string]any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the patch: %w", err)
	}
	return w.Client.Patch(ctx, u, client.RawPatch(types.MergePatchType, data), client.FieldOwner(v1alpha1.WorkloadFieldManager))
}

// retryConflicts tries again when the object changed between read and write, a bounded number of times.
// f must read the object anew.
func retryConflicts(f func() error) error {
	var err error
	for range maxConflicts {
		if err = f(); !apierrors.IsConflict(err) {
			return err
		}
	}
	return err
}

// gone says that the workload, or its kind, does not exist.
func gone(err error) bool { return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) }

// nameOf writes a dependent as people name it.
func nameOf(dep *v1alpha1.DependentStatus) string {
	return fmt.Sprintf("%s %s/%s", dep.Kind, dep.Namespace, dep.Name)
}

// set gives the dependent a state and says why. What others wrote may be in the message, so it is cleaned and cut.
func set(dep *v1alpha1.DependentStatus, state v1alpha1.DependentState, message string) {
	dep.State, dep.Message = state, line.Clean(message, maxMessage)
}
