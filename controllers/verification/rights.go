package verification

import (
	"context"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Right is one thing that the operator may be allowed to do in a namespace.
type Right struct {
	Namespace, Verb, Group, Resource, Subresource string
}

func (r Right) String() string {
	resource := r.Resource
	if r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	return r.Verb + " " + resource
}

// rightsFor are what the object's check takes besides the operator's usual rights.
func rightsFor(b *v1alpha1.AuroraBacktrack) []Right {
	return []Right{
		{b.Namespace, "create", "batch", "jobs", ""},
		{b.Namespace, "get", "batch", "jobs", ""},
		{b.Namespace, "get", "", "pods", "log"},
	}
}

// Rights answers what the operator may do.
type Rights interface {
	May(ctx context.Context, right Right) (bool, error)
}

// OwnRights asks the API server what the client may do.
type OwnRights struct {
	Client client.Client
}

// May reports whether the operator has the right.
func (r OwnRights) May(ctx context.Context, right Right) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: right.Namespace, Verb: right.Verb, Group: right.Group, Resource: right.Resource, Subresource: right.Subresource,
		},
	}}
	if err := r.Client.Create(ctx, review); err != nil {
		return false, fmt.Errorf("asking for the right to %s: %w", right, err)
	}
	return review.Status.Allowed, nil
}
