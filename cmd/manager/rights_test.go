package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestWatchNamespacesWithItsRoles has a manager that may do in one namespace what config/components/watch-namespaces
// lets it do there, and nothing in any other. It does its work, however the AuroraCluster chooses the namespace. Where
// the AuroraCluster lets another namespace in, the dependents there can't be seen, so nothing is rewound.
func TestWatchNamespacesWithItsRoles(t *testing.T) {
	for name, test := range map[string]struct {
		allowed     func(namespace string) v1alpha1.AllowedNamespaces
		wantTrouble string
	}{
		"named": {allowed: func(namespace string) v1alpha1.AllowedNamespaces {
			return v1alpha1.AllowedNamespaces{Names: []string{namespace}}
		}},
		"selected": {allowed: func(namespace string) v1alpha1.AllowedNamespaces {
			return v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}}}
		}},
		"with another": {
			allowed: func(namespace string) v1alpha1.AllowedNamespaces {
				return v1alpha1.AllowedNamespaces{Names: []string{namespace, metav1.NamespaceDefault}}
			},
			wantTrouble: `in the namespace "default"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.narrow()
			w.manager(func(o *options) { o.watchNamespaces = w.name })
			c := w.cluster()
			c.Spec.AllowedNamespaces = test.allowed(w.name)
			w.create(c)
			w.create(w.deployment("worker", 1, v1alpha1.StrategyPause))
			w.create(w.deployment("game-api", 1, v1alpha1.StrategyRestart))
			w.create(w.backtrack("undo", time.Minute))
			if test.wantTrouble == "" {
				if b := w.succeeds("undo"); w.asked() != 1 || len(b.Status.Dependents) != 2 {
					t.Errorf("RDS was asked %d times, with the dependents %+v", w.asked(), b.Status.Dependents)
				}
				return
			}
			b := w.reads("undo", v1alpha1.ConditionSucceeded, metav1.ConditionUnknown, v1alpha1.ReasonRetrying)
			why := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded).Message
			if !strings.Contains(why, test.wantTrouble) || w.asked() > 0 {
				t.Errorf("RDS was asked %d times; it says %q", w.asked(), why)
			}
			t.Log(why)
		})
	}
}

// narrow has the test's managers run as a user with the roles of the component, in the test's namespace.
func (w *world) narrow() {
	w.Helper()
	user := "manager-of-" + w.name
	var patch []struct{ Value []rbacv1.PolicyRule }
	w.component("operator/cluster_role.yaml", &patch)
	everywhere := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: patch[0].Value}
	w.create(everywhere)
	w.create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user}, Subjects: subjects(user),
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: everywhere.Name},
	})
	w.narrowTo(w.name)
	w.manages = rest.CopyConfig(apiServer)
	w.manages.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
}

// narrowTo gives the test's managers the component's Role in a namespace.
func (w *world) narrowTo(namespace string) {
	w.Helper()
	user := "manager-of-" + w.name
	var inNamespace rbacv1.Role
	w.component("namespace/role.yaml", &inNamespace)
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: user}, Rules: inNamespace.Rules}
	w.create(role)
	w.create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: user}, Subjects: subjects(user),
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
	})
}

func subjects(user string) []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
}

// component reads the first document of a file of the component watch-namespaces.
func (w *world) component(name string, into any) {
	w.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "components", "watch-namespaces", filepath.FromSlash(name)))
	w.must(err)
	w.must(yaml.Unmarshal(text, into))
}
