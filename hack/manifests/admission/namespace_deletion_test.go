package admission_test

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestNamespaceDeletion: an operator that is limited to some namespaces can finish the objects of a namespace that is
// being deleted, after the namespace's Role is gone; and it can touch nothing else there any more.
func TestNamespaceDeletion(t *testing.T) {
	const user = "system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager"
	doomed := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "doomed-"}}
	if err := server.admin.Create(t.Context(), doomed); err != nil {
		t.Fatal(err)
	}
	role, binding := limitOperator(t, doomed.Name)
	config := rest.CopyConfig(server.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	limited, err := client.NewWithWatch(config, client.Options{Scheme: server.scheme})
	if err != nil {
		t.Fatal(err)
	}

	object := with(backtrack("undo"), set("metadata.namespace", doomed.Name))
	if err := server.admin.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	held := with(object.DeepCopy(), set("metadata.finalizers", []any{v1alpha1.Finalizer}))
	eventually(t, "for the operator to set its finalizer", func(ctx context.Context) bool {
		return limited.Patch(ctx, held, client.MergeFrom(object)) == nil
	})
	eventually(t, "for the operator to list workloads", func(ctx context.Context) bool {
		return limited.List(ctx, &appsv1.DeploymentList{}, client.InNamespace(doomed.Name)) == nil
	})

	// What the namespace controller does, in the order that is the worst for us.
	for _, o := range []client.Object{doomed, binding, role, object} {
		if err := server.admin.Delete(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "for the role to be gone", func(ctx context.Context) bool {
		return apierrors.IsForbidden(limited.List(ctx, &appsv1.DeploymentList{}, client.InNamespace(doomed.Name)))
	})
	for what, act := range map[string]func() error{
		"get": func() error { return limited.Get(t.Context(), client.ObjectKeyFromObject(object), object.DeepCopy()) },
		"list": func() error {
			return limited.List(t.Context(), &v1alpha1.AuroraBacktrackList{}, client.InNamespace(doomed.Name))
		},
		"see the namespace": func() error {
			now := &corev1.Namespace{}
			err := limited.Get(t.Context(), client.ObjectKeyFromObject(doomed), now)
			if err == nil && now.DeletionTimestamp.IsZero() {
				t.Error("the namespace is not being deleted")
			}
			return err
		},
		"watch": func() error {
			seen, err := limited.Watch(t.Context(), &v1alpha1.AuroraBacktrackList{}, client.InNamespace(doomed.Name))
			if err == nil {
				seen.Stop()
			}
			return err
		},
	} {
		if err := act(); err != nil {
			t.Errorf("it can not %s: %v", what, err)
		}
	}
	if err := limited.List(t.Context(), &corev1.PodList{}, client.InNamespace(doomed.Name)); !apierrors.IsForbidden(err) {
		t.Errorf("it may still list pods: %v", err)
	}

	ended := with(held.DeepCopy(), set("status.completedAt", "2023-12-23T14:10:00Z"))
	if err := limited.Status().Patch(t.Context(), ended, client.MergeFrom(held)); err != nil {
		t.Errorf("it can not write the end: %v", err)
	}
	if err := limited.Patch(t.Context(), with(ended.DeepCopy(), unset("metadata.finalizers")), client.MergeFrom(ended)); err != nil {
		t.Errorf("it can not remove its finalizer: %v", err)
	}
	if err := server.admin.Get(t.Context(), client.ObjectKeyFromObject(object), object); !apierrors.IsNotFound(err) {
		t.Errorf("the object is still there: %v", err)
	}
}

// limitOperator gives the operator's service account what the component watch-namespaces gives it, in place of what
// config/install.yaml does, and gives the Role and RoleBinding of the namespace.
func limitOperator(t *testing.T, namespace string) (*rbacv1.Role, *rbacv1.RoleBinding) {
	t.Helper()
	var patch []struct{ Value []rbacv1.PolicyRule }
	read(t, "components/watch-namespaces/operator/cluster_role.yaml", &patch)
	everywhere := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "aurora-backtrack-manager"}}
	if err := server.admin.Get(t.Context(), client.ObjectKeyFromObject(everywhere), everywhere); err != nil {
		t.Fatal(err)
	}
	installed := everywhere.Rules
	rules := func(ctx context.Context, rules []rbacv1.PolicyRule) {
		everywhere.Rules = rules
		if err := server.admin.Update(ctx, everywhere); err != nil {
			t.Fatal(err)
		}
	}
	rules(t.Context(), patch[0].Value)
	t.Cleanup(func() { rules(context.Background(), installed) })

	role := &rbacv1.Role{}
	read(t, "components/watch-namespaces/namespace/role.yaml", role)
	role.Namespace = namespace
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "aurora-backtrack-system", Name: "aurora-backtrack-manager"}},
	}
	for _, o := range []client.Object{role, binding} {
		if err := server.admin.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	return role, binding
}
