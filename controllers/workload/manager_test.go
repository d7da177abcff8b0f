package workload

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func managed(entries ...metav1.ManagedFieldsEntry) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetManagedFields(entries)
	return u
}

func entryOf(manager, fields string) metav1.ManagedFieldsEntry {
	e := metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, FieldsType: "FieldsV1", FieldsV1: &metav1.FieldsV1{}}
	e.FieldsV1.SetRawBytes([]byte(fields))
	return e
}

func TestDisown(t *testing.T) {
	ours := v1alpha1.WorkloadFieldManager
	replicas := []string{"spec", "replicas"}
	nodeSelector := daemonSet.pauseField.path
	annotation := scaledObject.pauseField.path
	for name, test := range map[string]struct {
		path    []string
		entries []metav1.ManagedFieldsEntry
		want    []string // manager and fields; nil where nothing is to be changed
	}{
		"nothing recorded":  {path: replicas},
		"another's":         {path: replicas, entries: []metav1.ManagedFieldsEntry{entryOf("user", `{"f:spec":{"f:replicas":{}}}`)}},
		"ours, another one": {path: replicas, entries: []metav1.ManagedFieldsEntry{entryOf(ours, `{"f:spec":{"f:paused":{}}}`)}},
		"nonsense":          {path: replicas, entries: []metav1.ManagedFieldsEntry{entryOf(ours, `[`)}},
		"ours alone": {path: replicas, entries: []metav1.ManagedFieldsEntry{entryOf(ours, `{"f:spec":{"f:replicas":{}}}`)},
			want: []string{" "}},
		"ours among others": {path: replicas, entries: []metav1.ManagedFieldsEntry{entryOf("user", `{"f:spec":{"f:template":{}}}`),
			entryOf(ours, `{"f:spec":{"f:replicas":{},"f:template":{"f:x":{}}}}`)},
			want: []string{`user {"f:spec":{"f:template":{}}}`, ours + ` {"f:spec":{"f:template":{"f:x":{}}}}`}},
		"a map that is written as a whole": {path: nodeSelector, entries: []metav1.ManagedFieldsEntry{entryOf(ours, `{"f:spec":{"f:template":{"f:spec":{"f:nodeSelector":{}}}}}`)},
			want: []string{" "}},
		"one annotation of several": {path: annotation, entries: []metav1.ManagedFieldsEntry{entryOf(ours, `{"f:metadata":{"f:annotations":{"f:x":{},"f:`+pausedReplicas+`":{}}}}`)},
			want: []string{ours + ` {"f:metadata":{"f:annotations":{"f:x":{}}}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := disown(managed(test.entries...), test.path)
			if len(got) != len(test.want) {
				t.Fatalf("%d entries, want %d", len(got), len(test.want))
			}
			for i, entry := range got {
				fields := ""
				if entry.FieldsV1 != nil {
					fields = string(entry.FieldsV1.GetRawBytes())
				}
				if text := entry.Manager + " " + fields; text != test.want[i] {
					t.Errorf("entry %s, want %s", text, test.want[i])
				}
			}
		})
	}
}
