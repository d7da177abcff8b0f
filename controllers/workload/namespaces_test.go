package workload

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestNamespaces(t *testing.T) {
	w := newWorld(t)
	team := w.newNamespace(map[string]string{"team": w.namespace})
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"team": w.namespace}}
	tests := map[string]struct {
		allowed   v1alpha1.AllowedNamespaces
		namespace string
		want      bool
		wantErr   string
	}{
		"nothing allows nobody":        {namespace: team},
		"named":                        {allowed: v1alpha1.AllowedNamespaces{Names: []string{team}}, namespace: team, want: true},
		"not named":                    {allowed: v1alpha1.AllowedNamespaces{Names: []string{"x"}}, namespace: team},
		"selected":                     {allowed: v1alpha1.AllowedNamespaces{Selector: selector}, namespace: team, want: true},
		"not selected":                 {allowed: v1alpha1.AllowedNamespaces{Selector: selector}, namespace: w.namespace},
		"named or selected":            {allowed: v1alpha1.AllowedNamespaces{Names: []string{w.namespace}, Selector: selector}, namespace: w.namespace, want: true},
		"an empty selector allows all": {allowed: v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{}}, namespace: w.namespace, want: true},
		"a namespace that is gone":     {allowed: v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{}}, namespace: "gone"},
		"an impossible selector": {allowed: v1alpha1.AllowedNamespaces{Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}}},
			namespace: team, wantErr: "AuroraCluster game: spec.allowedNamespaces.selector: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := w.cluster()
			cluster.Spec.AllowedNamespaces = test.allowed
			got, err := w.workloads.NamespaceAllowed(w.ctx(), cluster, test.namespace)
			if got != test.want || (err != nil) != (test.wantErr != "") || err != nil && !strings.HasPrefix(err.Error(), test.wantErr) {
				t.Errorf("allowed %v, %v; want %v, %q", got, err, test.want, test.wantErr)
			}
			listed, err := w.workloads.AllowedNamespaces(w.ctx(), cluster)
			if (err != nil) != (test.wantErr != "") || slices.Contains(listed, test.namespace) != test.want {
				t.Errorf("listed %v, %v", listed, err)
			}
		})
	}
	t.Run("labelled workloads of selected namespaces", func(t *testing.T) {
		w := &world{T: t, client: w.client, workloads: w.workloads, calls: w.calls, namespace: team}
		w.deployment("inside", 1)
		cluster := w.cluster()
		cluster.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{Selector: selector}
		deps, _ := w.find(cluster)
		if len(deps) != 1 || deps[0].Name != "inside" {
			t.Errorf("found %v", describe(deps))
		}
	})
}
