package admission_test

import (
	"context"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Ada asks for rewinds; Grace and Edsger approve them, on every cluster; Barbara approves only on another cluster.
const (
	ada     = "ada@example.com"
	grace   = "grace@example.com"
	edsger  = "edsger@example.com"
	barbara = "barbara@example.com"
)

// people are clients of everybody above, each with the roles that config/rbac ships.
type people map[string]client.Client

func newPeople(t *testing.T) people {
	t.Helper()
	everybody := people{}
	for _, user := range []string{ada, grace, edsger, barbara} {
		everybody[user] = as(t, user)
		bind(t, user, "aurora-backtrack-requester", namespace)
	}
	bind(t, grace, "aurora-backtrack-approver", "")
	bind(t, edsger, "aurora-backtrack-approver", "")
	other := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "approver-of-another-"},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"auroraclusters"},
			ResourceNames: []string{"another"}, Verbs: []string{"approve"},
		}},
	}
	own(t, other)
	bind(t, barbara, other.Name, "")
	return everybody
}

// bind gives a ClusterRole to a user, in one namespace or, where it is empty, everywhere.
func bind(t *testing.T, user, role, namespace string) {
	t.Helper()
	meta := metav1.ObjectMeta{GenerateName: "test-", Namespace: namespace}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
	if namespace == "" {
		own(t, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects})
		return
	}
	own(t, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects})
}

// own stores an object of the test itself and removes it after the test.
func own(t *testing.T, object client.Object) {
	t.Helper()
	if err := server.admin.Create(t.Context(), object); err != nil {
		t.Fatalf("creating %T: %v", object, err)
	}
	t.Cleanup(func() {
		if err := server.admin.Delete(context.Background(), object); err != nil {
			t.Errorf("removing %T: %v", object, err)
		}
	})
}
