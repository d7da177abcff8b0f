package harness

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// AdmissionPolicies are the policies and bindings of config/admission on which an approval rests, as shipped:
// each policy is followed by its binding.
func AdmissionPolicies(t testing.TB) []client.Object {
	t.Helper()
	var objects []client.Object
	for _, name := range []string{"annotations.yaml", "approval.yaml"} {
		data, err := os.ReadFile(filepath.Join(repository(t), "config", "admission", name)) //nolint:gosec // a file of this repository
		if err != nil {
			t.Fatal(err)
		}
		policy, binding := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
		documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
		for _, into := range []client.Object{policy, binding} {
			if err := documents.Decode(into); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			objects = append(objects, into)
		}
		if err := documents.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
			t.Fatalf("%s has more than a policy and its binding", name)
		}
	}
	return objects
}

// repository is the directory above the test's own that has the manifests.
func repository(t testing.TB) string {
	t.Helper()
	directory, err := os.Getwd()
	for ; err == nil && directory != filepath.Dir(directory); directory = filepath.Dir(directory) {
		if _, err := os.Stat(filepath.Join(directory, "config", "admission")); err == nil {
			return directory
		}
	}
	t.Fatalf("no directory above has config/admission: %v", err)
	return ""
}
