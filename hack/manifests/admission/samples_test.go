package admission_test

import (
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestSamples: what people copy is taken as it is, and every field that there is can be found in one of the samples.
func TestSamples(t *testing.T) {
	own(t, named("v1", "Namespace", "shop"))
	names, err := filepath.Glob(filepath.Join(root, "config", "samples", "aurora*.yaml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	shown := map[string]bool{}
	for _, name := range names {
		sample := &unstructured.Unstructured{}
		read(t, "samples/"+filepath.Base(name), &sample.Object)
		if err := server.admin.Create(t.Context(), sample.DeepCopy(), client.DryRunAll, client.FieldValidation("Strict")); err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
		for field := range sample.Object["spec"].(map[string]any) {
			shown[sample.GetKind()+"."+field] = true
		}
	}
	for _, kind := range []string{"AuroraCluster", "AuroraBacktrack"} {
		for field := range specFields(t, kind) {
			if !shown[kind+"."+field] && field != "undoOf" { // the operator's own
				t.Errorf("no sample shows %s.spec.%s", kind, field)
			}
		}
	}
}

// specFields are the fields of a kind's spec in its CRD.
func specFields(t *testing.T, kind string) map[string]any {
	t.Helper()
	crd := map[string]any{}
	read(t, "crd/bases/aurora-backtrack.io_"+strings.ToLower(kind)+"s.yaml", &crd)
	versions, _, _ := unstructured.NestedSlice(crd, "spec", "versions")
	fields, _, err := unstructured.NestedMap(versions[0].(map[string]any),
		"schema", "openAPIV3Schema", "properties", "spec", "properties")
	if err != nil || len(fields) == 0 {
		t.Fatalf("the CRD of %s has no spec: %v", kind, err)
	}
	return fields
}
