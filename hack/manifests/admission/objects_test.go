package admission_test

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// edit changes an object that is being written.
type edit func(*unstructured.Unstructured)

// named is an object with nothing but a name.
func named(apiVersion, kind, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion(apiVersion)
	object.SetKind(kind)
	object.SetName(name)
	return object
}

// backtrack is the AuroraBacktrack of two fields, with edits.
func backtrack(name string, edits ...edit) *unstructured.Unstructured {
	object := named(v1alpha1.GroupVersion.String(), "AuroraBacktrack", name)
	object.SetNamespace(namespace)
	return with(object, append([]edit{
		set("spec.clusterRef.name", "game"), set("spec.backtrackTo", "2023-12-23T13:55:00Z"),
	}, edits...)...)
}

// cluster is the smallest AuroraCluster, with edits.
func cluster(name string, edits ...edit) *unstructured.Unstructured {
	object := named(v1alpha1.GroupVersion.String(), "AuroraCluster", name)
	return with(object, append([]edit{set("spec.dbClusterIdentifier", "testcluster")}, edits...)...)
}

func with(object *unstructured.Unstructured, edits ...edit) *unstructured.Unstructured {
	for _, edit := range edits {
		edit(object)
	}
	return object
}

// set sets a field by its path, such as spec.clusterRef.name.
func set(path string, value any) edit {
	return func(object *unstructured.Unstructured) {
		if err := unstructured.SetNestedField(object.Object, value, strings.Split(path, ".")...); err != nil {
			panic(fmt.Sprintf("setting %s: %v", path, err))
		}
	}
}

// unset removes a field by its path.
func unset(path string) edit {
	return func(object *unstructured.Unstructured) {
		unstructured.RemoveNestedField(object.Object, strings.Split(path, ".")...)
	}
}

// annotation sets an annotation; the empty value removes it.
func annotation(key, value string) edit {
	return func(object *unstructured.Unstructured) {
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[key] = value
		if value == "" {
			delete(annotations, key)
		}
		object.SetAnnotations(annotations)
	}
}

// create stores the object, and removes it after the test.
func create(t *testing.T, c client.Client, object *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	if err := c.Create(t.Context(), object); err != nil {
		t.Fatalf("creating %s %s: %v", object.GetKind(), object.GetName(), err)
	}
	remove(t, object)
	return object
}

// remove removes the object after the test.
func remove(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	t.Cleanup(func() {
		if err := server.admin.Delete(context.Background(), object); client.IgnoreNotFound(err) != nil {
			t.Errorf("removing %s %s: %v", object.GetKind(), object.GetName(), err)
		}
	})
}

// told is what a person reads, without the opening that names the object: one line for each complaint, sorted.
func told(err error) string {
	if err == nil {
		return ""
	}
	var status *apierrors.StatusError
	if !errors.As(err, &status) {
		return err.Error()
	}
	if status.ErrStatus.Details == nil || len(status.ErrStatus.Details.Causes) == 0 || apierrors.IsForbidden(err) {
		_, message, denied := strings.Cut(status.ErrStatus.Message, "denied request: ")
		if denied {
			return message
		}
		return status.ErrStatus.Message
	}
	var lines []string
	for _, cause := range status.ErrStatus.Details.Causes {
		switch {
		case strings.Contains(cause.Message, "some validation rules were not checked"), strings.Contains(cause.Message, "Checked value must be"):
			// It also says that it looked no further, and what a number's format is.
		case cause.Field == "<nil>": // a rule about the whole object
			lines = append(lines, cause.Message)
		default:
			lines = append(lines, cause.Field+": "+cause.Message)
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}
