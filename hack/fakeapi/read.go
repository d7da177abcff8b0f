package fakeapi

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// reading is what a read looks at: all objects, under a lock where they may change.
type reading struct {
	objects Snapshot
	release func()
}

func (s *Server) current() reading {
	s.mu.Lock()
	return reading{s.objects, s.mu.Unlock}
}

// ReaderOf reads what the server held at the time of the snapshot, as a lagging cache does.
func (s *Server) ReaderOf(snapshot Snapshot) client.Reader { return past{apiClient{s}, snapshot} }

type past struct {
	apiClient
	snapshot Snapshot
}

func (p past) Get(_ context.Context, name client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	return p.get(reading{p.snapshot, func() {}}, name, o)
}

func (p past) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	return p.list(reading{p.snapshot, func() {}}, list, options...)
}

func (c apiClient) get(from reading, name client.ObjectKey, o client.Object) error {
	defer from.release()
	gvk, err := c.GroupVersionKindFor(o)
	if err != nil {
		return err
	}
	key := Key{gvk.GroupKind(), name.Namespace, name.Name}
	object, there := from.objects[key]
	if !there {
		return notFound(key)
	}
	return decode(object, o)
}

func (c apiClient) list(from reading, list client.ObjectList, options ...client.ListOption) error {
	defer from.release()
	gvk, err := c.GroupVersionKindFor(list)
	if err != nil {
		return err
	}
	kind := gvk.GroupKind()
	kind.Kind = strings.TrimSuffix(kind.Kind, "List")
	wanted := (&client.ListOptions{}).ApplyOptions(options)
	var found []Object
	for key, object := range from.objects {
		if key.GroupKind == kind && (wanted.Namespace == "" || wanted.Namespace == key.Namespace) && selects(wanted, object) {
			found = append(found, object)
		}
	}
	slices.SortFunc(found, func(a, b Object) int {
		return cmp.Or(cmp.Compare(fmt.Sprint(metaOf(a)["namespace"]), fmt.Sprint(metaOf(b)["namespace"])),
			cmp.Compare(fmt.Sprint(metaOf(a)["name"]), fmt.Sprint(metaOf(b)["name"])))
	})
	return fill(list, found)
}

// selects evaluates label and field selectors; a field is any string at a path, absent ones being "".
func selects(wanted *client.ListOptions, object Object) bool {
	if wanted.LabelSelector != nil && !wanted.LabelSelector.Matches(labels.Set(labelsOf(object))) {
		return false
	}
	if wanted.FieldSelector == nil {
		return true
	}
	for _, r := range wanted.FieldSelector.Requirements() {
		if (fieldOf(object, r) == r.Value) == (r.Operator == selection.NotEquals) {
			return false
		}
	}
	return true
}

func fieldOf(object Object, r fields.Requirement) string {
	text, _, _ := unstructured.NestedString(object, strings.Split(r.Field, ".")...)
	return text
}

// decode fills o with the stored object, of which nothing is shared.
func decode(object Object, o client.Object) error {
	if u, untyped := o.(*unstructured.Unstructured); untyped {
		u.Object = runtime.DeepCopyJSON(object)
		return nil
	}
	gvk := o.GetObjectKind().GroupVersionKind()
	if partial(o) {
		object = Object{"metadata": object["metadata"]}
	}
	zero := reflect.New(reflect.TypeOf(o).Elem())
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, zero.Interface()); err != nil {
		return err
	}
	reflect.ValueOf(o).Elem().Set(zero.Elem())
	o.GetObjectKind().SetGroupVersionKind(gvk) // as the real client leaves it
	return nil
}

func fill(list client.ObjectList, found []Object) error {
	if u, untyped := list.(*unstructured.UnstructuredList); untyped {
		u.Items = nil
		for _, object := range found {
			u.Items = append(u.Items, unstructured.Unstructured{Object: runtime.DeepCopyJSON(object)})
		}
		return nil
	}
	items, err := meta.GetItemsPtr(list)
	if err != nil {
		return err
	}
	slice := reflect.ValueOf(items).Elem()
	slice.Set(reflect.MakeSlice(slice.Type(), len(found), len(found)))
	for i, object := range found {
		if err := decode(object, slice.Index(i).Addr().Interface().(client.Object)); err != nil {
			return err
		}
	}
	return nil
}
