package admission_test

import (
	"context"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestRoles: what each role for people gives, and what it does not.
func TestRoles(t *testing.T) {
	for role, test := range map[string]struct {
		namespace string
		// each is a verb and a resource, and a subresource if there is a slash.
		may, mayNot [][2]string
		aggregated  string
	}{
		"aurora-backtrack-requester": {
			namespace: namespace, aggregated: "edit",
			may: [][2]string{
				{"create", "aurorabacktracks"}, {"patch", "aurorabacktracks"}, {"delete", "aurorabacktracks"}, {"list", "aurorabacktracks"},
			},
			mayNot: [][2]string{
				{"patch", "aurorabacktracks/status"}, {"deletecollection", "aurorabacktracks"}, {"approve", "auroraclusters"},
				{"get", "auroraclusters"}, {"patch", "auroraclusters"},
			},
		},
		"aurora-backtrack-viewer": {
			namespace: namespace, aggregated: "view",
			may: [][2]string{{"get", "aurorabacktracks"}, {"list", "aurorabacktracks"}, {"watch", "aurorabacktracks"}},
			mayNot: [][2]string{
				{"create", "aurorabacktracks"}, {"patch", "aurorabacktracks"}, {"delete", "aurorabacktracks"}, {"get", "auroraclusters"},
			},
		},
		"aurora-backtrack-cluster-viewer": {
			may:    [][2]string{{"get", "auroraclusters"}, {"watch", "auroraclusters"}},
			mayNot: [][2]string{{"patch", "auroraclusters"}, {"approve", "auroraclusters"}, {"get", "aurorabacktracks"}},
		},
		"aurora-backtrack-approver": {
			may:    [][2]string{{"approve", "auroraclusters"}, {"get", "auroraclusters"}},
			mayNot: [][2]string{{"patch", "auroraclusters"}, {"create", "aurorabacktracks"}, {"patch", "aurorabacktracks"}},
		},
		"aurora-backtrack-admin": {
			may: [][2]string{{"create", "auroraclusters"}, {"patch", "auroraclusters"}, {"delete", "auroraclusters"}},
			mayNot: [][2]string{
				{"approve", "auroraclusters"}, {"patch", "auroraclusters/status"}, {"create", "aurorabacktracks"},
			},
		},
	} {
		t.Run(role, func(t *testing.T) {
			user := "holder-of-" + role
			bind(t, user, role, test.namespace)
			for _, request := range test.may {
				eventually(t, "for "+request[0]+" "+request[1], func(ctx context.Context) bool {
					return may(ctx, t, user, test.namespace, v1alpha1.GroupVersion.Group, request)
				})
			}
			for _, request := range test.mayNot {
				if may(t.Context(), t, user, test.namespace, v1alpha1.GroupVersion.Group, request) {
					t.Errorf("may %s %s", request[0], request[1])
				}
			}
			stored := &rbacv1.ClusterRole{}
			if err := server.admin.Get(t.Context(), client.ObjectKey{Name: role}, stored); err != nil {
				t.Fatal(err)
			}
			for _, into := range []string{"view", "edit"} {
				aggregated := stored.Labels["rbac.authorization.k8s.io/aggregate-to-"+into] == "true"
				if aggregated != (into == test.aggregated) {
					t.Errorf("aggregated to %s: %t", into, aggregated)
				}
			}
		})
	}
}

// TestNamespaceLabels: an AuroraCluster can allow namespaces by their labels. Who runs a namespace, and no more, can
// not give it one.
func TestNamespaceLabels(t *testing.T) {
	const user = "admin-of-one-namespace"
	for _, role := range []string{"admin", "edit", "view"} {
		bind(t, user, "system:aggregate-to-"+role, namespace)
	}
	eventually(t, "for the roles of "+user, func(ctx context.Context) bool {
		return may(ctx, t, user, namespace, "apps", [2]string{"patch", "deployments"})
	})
	for _, verb := range []string{"patch", "update"} {
		if may(t.Context(), t, user, namespace, "", [2]string{verb, "namespaces"}) {
			t.Errorf("may %s the namespace", verb)
		}
	}
}

// may asks the API server whether RBAC lets the user do it.
func may(ctx context.Context, t *testing.T, user, namespace, group string, request [2]string) bool {
	t.Helper()
	resource, subresource, _ := strings.Cut(request[1], "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: request[0], Group: group, Resource: resource, Subresource: subresource, Name: "game",
		},
	}}
	if err := server.admin.Create(ctx, review); err != nil {
		t.Errorf("asking what %s may do: %v", user, err)
	}
	return review.Status.Allowed
}
