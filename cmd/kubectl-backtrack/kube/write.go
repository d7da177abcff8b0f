package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	// MostNames bounds how many names are tried for one object.
	MostNames = 20
	// createTimeout bounds how long it may take to create one, and removeTimeout how long to remove it.
	createTimeout = 30 * time.Second
	removeTimeout = 10 * time.Second
)

// Ask creates the AuroraBacktrack. A name that nobody chose gets a number while it is taken. Where an approval is required
// that could not be known of before, the object is created suspended.
func (c *Client) Ask(ctx context.Context, b *v1alpha1.AuroraBacktrack, chosen bool, options ...client.CreateOption) error {
	// A request that was sent is answered, also after an interrupt: otherwise nobody would know whether the object is there.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	defer cancel()
	name := b.Name
	for i := 2; ; i++ {
		attempt := b.DeepCopy()
		err := c.Create(ctx, attempt, options...)
		switch {
		case err == nil:
			*b = *attempt
			b.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("AuroraBacktrack"))
			return nil
		case apierrors.IsAlreadyExists(err) && chosen:
			return fmt.Errorf("there is an AuroraBacktrack %q in the namespace %s already, and it runs once: choose another --name", b.Name, b.Namespace)
		case apierrors.IsAlreadyExists(err) && i <= MostNames:
			b.Name = fmt.Sprintf("%s-%d", name, i)
			continue
		case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "aurora-backtrack-approval") && !b.Spec.Suspend:
			// The policy of a cluster that this user may not read.
			b.Spec.Suspend = true
			continue
		}
		return Explain(err, "creating the AuroraBacktrack")
	}
}

// Start takes the suspension away, in one write, and for an approval in the approver's own name. It fails if the object is
// another one than was shown; its spec can't have changed, for it is immutable.
func (c *Client) Start(ctx context.Context, b *v1alpha1.AuroraBacktrack, approver string) error {
	metadata := map[string]any{"uid": b.UID}
	if approver != "" {
		metadata["annotations"] = map[string]string{v1alpha1.ApprovedByAnnotation: approver}
	}
	return c.change(ctx, b, metadata, map[string]any{"suspend": false})
}

// Cancel sets spec.cancel. It fails if the object is another one than was read.
func (c *Client) Cancel(ctx context.Context, b *v1alpha1.AuroraBacktrack) error {
	return c.change(ctx, b, map[string]any{"uid": b.UID}, map[string]any{"cancel": true})
}

// change writes fields of the object, and takes over what it is then.
func (c *Client) change(ctx context.Context, b *v1alpha1.AuroraBacktrack, metadata, spec map[string]any) error {
	body, err := json.Marshal(map[string]any{"metadata": metadata, "spec": spec})
	if err != nil {
		return fmt.Errorf("writing the patch: %w", err)
	}
	return Explain(c.Patch(ctx, b, client.RawPatch(types.MergePatchType, body)), fmt.Sprintf("changing AuroraBacktrack %s/%s", b.Namespace, b.Name))
}

// Remove takes away a suspended object that is not wanted after all. It works also after an interrupt.
func (c *Client) Remove(ctx context.Context, b *v1alpha1.AuroraBacktrack) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	err := c.Delete(ctx, b, client.Preconditions{UID: &b.UID})
	if client.IgnoreNotFound(err) == nil {
		return nil
	}
	return fmt.Errorf("it could not be removed either, and waits suspended: %w: kubectl delete abt %s -n %s", err, b.Name, b.Namespace)
}
