package approval

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestWeakened changes the spec in every way that could let a forged annotation through, and in the ways in which the API
// server itself changes it.
func TestWeakened(t *testing.T) {
	spec := func(field string) []string { return []string{"spec", field} }
	rule := map[string]any{"apiGroups": []any{"aurora-backtrack.io"}, "apiVersions": []any{"*"}, "operations": []any{"CREATE", "UPDATE"}, "resources": []any{"aurorabacktracks"}}
	with := func(key string, value any) map[string]any {
		all := map[string]any{}
		for k, v := range rule {
			all[k] = v
		}
		all[key] = value
		return all
	}
	rules := func(all ...any) map[string]any { return map[string]any{"resourceRules": all} }
	for name, test := range map[string]struct {
		kind, name string
		path       []string
		value      any
		// want names the field; empty where approval is still enforced.
		want string
	}{
		"failures are ignored": {policyKind, approval, spec("failurePolicy"), "Ignore", "spec.failurePolicy"},
		"some requests are left out": {
			policyKind, annotations, spec("matchConditions"), []any{map[string]any{"name": "not-bots", "expression": "request.userInfo.username != 'bot'"}}, "spec.matchConditions",
		},
		"some namespaces are left out": {
			policyKind, annotations, []string{"spec", "matchConstraints", "namespaceSelector"}, map[string]any{"matchLabels": map[string]any{"a": "b"}}, "spec.matchConstraints",
		},
		"some objects are left out": {
			policyKind, approval, []string{"spec", "matchConstraints", "objectSelector"}, map[string]any{"matchLabels": map[string]any{"a": "b"}}, "spec.matchConstraints",
		},
		"other versions are left out": {policyKind, approval, []string{"spec", "matchConstraints", "matchPolicy"}, "Exact", "spec.matchConstraints"},
		"creation only":               {policyKind, approval, spec("matchConstraints"), rules(with("operations", []any{"CREATE"})), "spec.matchConstraints"},
		"one object is left out": {
			policyKind, approval, []string{"spec", "matchConstraints", "excludeResourceRules"}, []any{with("resourceNames", []any{"undo"})}, "spec.matchConstraints",
		},
		"only one object":        {policyKind, approval, spec("matchConstraints"), rules(with("resourceNames", []any{"other"})), "spec.matchConstraints"},
		"cluster-scoped objects": {policyKind, approval, spec("matchConstraints"), rules(with("scope", "Cluster")), "spec.matchConstraints"},
		"no rules":               {policyKind, approval, spec("matchConstraints"), rules(), "spec.matchConstraints"},
		"other validations":      {policyKind, annotations, spec("validations"), []any{map[string]any{"expression": "true"}}, "spec.validations"},
		"other variables": {
			policyKind, approval, spec("variables"), []any{map[string]any{"name": "approval", "expression": "'None'"}}, "spec.variables",
		},
		"other parameters":   {policyKind, approval, spec("paramKind"), map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}, "spec.paramKind"},
		"another policy":     {bindingKind, approval, spec("policyName"), annotations, "spec.policyName"},
		"only a warning":     {bindingKind, approval, spec("validationActions"), []any{"Warn"}, "spec.validationActions"},
		"only an audit":      {bindingKind, annotations, spec("validationActions"), []any{"Audit"}, "spec.validationActions"},
		"not everywhere":     {bindingKind, annotations, spec("matchResources"), map[string]any{"namespaceSelector": map[string]any{}}, "spec.matchResources"},
		"for some clusters":  {bindingKind, approval, []string{"spec", "paramRef", "selector"}, map[string]any{"matchLabels": map[string]any{"a": "b"}}, "spec.paramRef"},
		"for one cluster":    {bindingKind, approval, spec("paramRef"), map[string]any{"name": "game", "parameterNotFoundAction": "Allow"}, "spec.paramRef"},
		"a field to come":    {policyKind, approval, spec("enforcement"), "Lax", "spec.enforcement"},
		"a field of a field": {bindingKind, approval, []string{"spec", "paramRef", "sampling"}, "half", "spec.paramRef.sampling"},

		"the default failure policy": {policyKind, annotations, spec("failurePolicy"), nil, ""},
		"the default scope":          {policyKind, annotations, spec("matchConstraints"), rules(with("scope", "*")), ""},
		"the default matching": {policyKind, annotations, spec("matchConstraints"), map[string]any{
			"resourceRules": []any{rule}, "matchPolicy": "Equivalent", "namespaceSelector": map[string]any{}, "objectSelector": map[string]any{},
		}, ""},
		"a status": {policyKind, annotations, []string{"status", "observedGeneration"}, int64(1), ""},
		"a label":  {bindingKind, approval, []string{"metadata", "labels", "team"}, "games", ""},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstallation(t)
			i.set(test.kind, test.name, test.value, test.path...)
			if test.value == nil {
				unstructured.RemoveNestedField(i.get(test.kind, test.name).Object, test.path...)
			}
			want := ""
			if test.want != "" {
				want = "the " + test.kind + " " + test.name + " is not the one that this version of the operator ships (it differs in " + test.want + ")"
			}
			got, err := Enforced(t.Context(), i.reader(), object(installedAt.Add(time.Hour)))
			if err != nil || got != want {
				t.Errorf("told %q, %v\nwant %q", got, err, want)
			}
		})
	}
}
