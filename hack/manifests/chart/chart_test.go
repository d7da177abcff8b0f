// Package chart_test checks the Helm chart: it installs what kustomize installs, and its values do what they say.
package chart_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

const (
	root      = "../../.."
	namespace = "aurora-backtrack-system"
)

// run runs a program of bin/.
func run(t *testing.T, program string, arguments ...string) (string, error) {
	t.Helper()
	path := filepath.Join(root, "bin", program)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("run make bin/%s: %v", program, err)
	}
	command := exec.CommandContext(t.Context(), path, arguments...)
	// Nothing of the person who runs the tests.
	home := t.TempDir()
	command.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home, "KUBECONFIG="+os.DevNull)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	if err != nil {
		return errs.String() + out.String(), err
	}
	return out.String(), nil
}

// TestMain reads what the programs will read, so that `go test` does not take an earlier result for this one.
func TestMain(m *testing.M) {
	err := filepath.WalkDir(filepath.Join(root, "config"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			_, err = os.ReadFile(path) //nolint:gosec // a folder of the repository
		}
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// objects are what a text of YAML documents holds, by kind, namespace and name.
func objects(t *testing.T, text string) map[string]*unstructured.Unstructured {
	t.Helper()
	found := map[string]*unstructured.Unstructured{}
	for decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096); ; {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		if len(object.Object) == 0 {
			continue
		}
		key := strings.Join([]string{object.GetKind(), object.GetNamespace(), object.GetName()}, "/")
		if found[key] != nil {
			t.Fatalf("%s is there twice", key)
		}
		found[key] = object
	}
}

// template renders the chart, into a namespace and with values.
func template(t *testing.T, into string, set ...string) map[string]*unstructured.Unstructured {
	t.Helper()
	arguments := []string{"template", "aurora-backtrack", filepath.Join(root, "config", "chart"), "--namespace", into}
	for _, value := range set {
		arguments = append(arguments, "--set-json", value)
	}
	said, err := run(t, "helm", arguments...)
	if err != nil {
		t.Fatalf("helm template: %v\n%s", err, said)
	}
	return objects(t, said)
}

func kustomize(t *testing.T, dir string) map[string]*unstructured.Unstructured {
	t.Helper()
	said, err := run(t, "kustomize", "build", filepath.Join(root, dir))
	if err != nil {
		t.Fatalf("kustomize build %s: %v\n%s", dir, err, said)
	}
	return objects(t, said)
}

// same fails where the chart's objects are not kustomize's. Helm makes the namespace, and the chart alone has its hook, and
// the annotation that keeps the CRDs.
func same(t *testing.T, chart, manifests map[string]*unstructured.Unstructured) {
	t.Helper()
	for key, object := range chart {
		if object.GetKind() == "CustomResourceDefinition" {
			annotations := object.GetAnnotations()
			if annotations["helm.sh/resource-policy"] != "keep" {
				t.Errorf("%s would be deleted with the release, and with it all objects", key)
			}
			delete(annotations, "helm.sh/resource-policy")
			object.SetAnnotations(annotations)
		}
		if object.GetAnnotations()["helm.sh/hook"] != "" {
			delete(chart, key)
		}
	}
	manifests = maps.Clone(manifests)
	delete(manifests, "Namespace//"+namespace)
	for key, want := range manifests {
		got := chart[key]
		if got == nil {
			t.Errorf("the chart lacks %s", key)
			continue
		}
		for _, difference := range differences("", got.Object, want.Object) {
			t.Errorf("%s: %s", key, difference)
		}
	}
	for key := range chart {
		if manifests[key] == nil {
			t.Errorf("the manifests lack %s", key)
		}
	}
}

// differences are the paths at which two trees differ. A whole number is one number, however it was decoded.
func differences(path string, got, want any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		var all []string
		for _, key := range slices.Sorted(maps.Keys(merged(g, w))) {
			all = append(all, differences(path+"."+key, g[key], w[key])...)
		}
		return all
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		var all []string
		for i := range w {
			all = append(all, differences(path+"[]", g[i], w[i])...)
		}
		return all
	case int64:
		if g, ok := got.(float64); ok && g == float64(w) {
			return nil
		}
	}
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return []string{strings.TrimSpace(path + ": the chart has " + show(got) + ", kustomize " + show(want))}
}

func merged(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func show(value any) string {
	text, err := yaml.ToJSON([]byte(strings.TrimSpace(toText(value))))
	if err != nil {
		return toText(value)
	}
	return string(text)
}

func toText(value any) string {
	text, err := (&unstructured.Unstructured{Object: map[string]any{"is": value}}).MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestSame: without values the chart installs what config/default has, object by object.
func TestSame(t *testing.T) {
	chart := template(t, namespace)
	if len(chart) < 25 {
		t.Fatalf("the chart has %d objects", len(chart))
	}
	same(t, chart, kustomize(t, "config/default"))
}

// TestSameWatching: watchNamespaces does what the component does. Only the place of the names differs.
func TestSameWatching(t *testing.T) {
	manifests := kustomize(t, "config/components/watch-namespaces/example")
	names := manifests["ConfigMap/"+namespace+"/aurora-backtrack-watch"]
	delete(manifests, "ConfigMap/"+namespace+"/aurora-backtrack-watch")
	deployment := "Deployment/" + namespace + "/aurora-backtrack-manager"
	of := container(t, manifests[deployment])
	watched, _, _ := unstructured.NestedString(names.Object, "data", "namespaces")
	args := of["args"].([]any)
	args[len(args)-1] = strings.ReplaceAll(args[len(args)-1].(string), "$(WATCH_NAMESPACES)", watched)
	env := of["env"].([]any)
	of["env"] = env[:len(env)-1]
	setContainer(t, manifests[deployment], of)
	same(t, template(t, namespace, `watchNamespaces=["game"]`), manifests)
}

func container(t *testing.T, deployment *unstructured.Unstructured) map[string]any {
	t.Helper()
	if deployment == nil {
		t.Fatal("there is no Deployment")
	}
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) != 1 {
		t.Fatalf("%d containers: %v", len(containers), err)
	}
	return containers[0].(map[string]any)
}

func setContainer(t *testing.T, deployment *unstructured.Unstructured, to map[string]any) {
	t.Helper()
	if err := unstructured.SetNestedSlice(deployment.Object, []any{to}, "spec", "template", "spec", "containers"); err != nil {
		t.Fatal(err)
	}
}

// TestLint: Helm finds nothing to say about the chart.
func TestLint(t *testing.T) {
	said, err := run(t, "helm", "lint", "--strict", filepath.Join(root, "config", "chart"))
	if err != nil || strings.Contains(said, "[WARNING]") || strings.Contains(said, "[ERROR]") {
		t.Errorf("helm lint: %v\n%s", err, said)
	}
}
