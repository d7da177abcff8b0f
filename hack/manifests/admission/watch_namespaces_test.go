package admission_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// TestWatchNamespacesRoles: an operator that is kept to some namespaces has the same permissions as one that is not,
// only that some of them hold in those namespaces alone.
func TestWatchNamespacesRoles(t *testing.T) {
	var everywhere, role struct{ Rules []rbacv1.PolicyRule }
	var patch []struct{ Value []rbacv1.PolicyRule }
	read(t, "rbac/role.yaml", &everywhere)
	read(t, "components/watch-namespaces/operator/cluster_role.yaml", &patch)
	read(t, "components/watch-namespaces/namespace/role.yaml", &role)

	got, want := permissions(append(patch[0].Value, role.Rules...)), permissions(everywhere.Rules)
	for _, permission := range want {
		if !slices.Contains(got, permission) {
			t.Errorf("missing: %s", permission)
		}
	}
	for _, permission := range got {
		if !slices.Contains(want, permission) {
			t.Errorf("not in config/rbac/role.yaml: %s", permission)
		}
	}
}

// TestVerifyRoles: the component verify gives the same in all namespaces as its role gives in one, and nothing that the operator
// has anyway.
func TestVerifyRoles(t *testing.T) {
	var everywhere, one, usual struct{ Rules []rbacv1.PolicyRule }
	read(t, "components/verify/cluster_role.yaml", &everywhere)
	read(t, "components/verify/namespace/role.yaml", &one)
	read(t, "rbac/role.yaml", &usual)
	if got, want := permissions(one.Rules), permissions(everywhere.Rules); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("in one namespace %v, in all %v", got, want)
	}
	for _, permission := range permissions(everywhere.Rules) {
		if slices.Contains(permissions(usual.Rules), permission) {
			t.Errorf("the operator has it without the component: %s", permission)
		}
	}
}

// permissions spells rules out: one line for every verb on every resource.
func permissions(rules []rbacv1.PolicyRule) []string {
	var lines []string
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					lines = append(lines, fmt.Sprintf("%s %s.%s %v", verb, resource, group, rule.ResourceNames))
				}
			}
		}
	}
	return lines
}

// read decodes the first document of a file below config.
func read(t *testing.T, name string, into any) {
	t.Helper()
	file, err := os.Open(filepath.Join(root, "config", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := yaml.NewYAMLOrJSONDecoder(file, 4096).Decode(into); err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
}
