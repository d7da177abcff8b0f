package kube

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Me is the user as whom the client acts.
func (c *Client) Me(ctx context.Context) (string, error) {
	review := &authenticationv1.SelfSubjectReview{}
	if err := c.Create(ctx, review); err != nil {
		return "", Explain(err, "asking the API server who you are")
	}
	return review.Status.UserInfo.Username, nil
}

// MayApprove is an error unless the API server says that the user has the verb approve on the cluster.
func (c *Client) MayApprove(ctx context.Context, cluster, me string) error {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Group: v1alpha1.GroupVersion.Group, Resource: "auroraclusters", Name: cluster, Verb: "approve"},
	}}
	if err := c.Create(ctx, review); err != nil {
		return Explain(err, "asking the API server whether you may approve")
	}
	if !review.Status.Allowed {
		return fmt.Errorf("approving takes the verb approve on AuroraCluster %q, which %q has not got: ask somebody who has it (ClusterRole aurora-backtrack-approver)", cluster, me)
	}
	return nil
}

// ApprovalRequired reports whether the cluster's policy requires approval.
func ApprovalRequired(cluster *v1alpha1.AuroraCluster) bool {
	approval := cluster.Spec.Policy.Approval
	return approval != "" && approval != v1alpha1.ApprovalNone
}

// NeedsApproval reports whether the cluster of the object requires approval, as far as that can be read.
func (c *Client) NeedsApproval(ctx context.Context, b *v1alpha1.AuroraBacktrack) bool {
	cluster, err := c.Cluster(ctx, b.Spec.ClusterRef.Name)
	return err == nil && ApprovalRequired(cluster)
}
