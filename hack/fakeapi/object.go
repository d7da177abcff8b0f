package fakeapi

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// hasStatus reports whether the kind has a generation and its status as a subresource. All have that matter here,
// but for those that are only data.
func hasStatus(kind schema.GroupKind) bool {
	switch kind.Kind {
	case "Event", "ConfigMap", "Secret", "ServiceAccount", "Lease":
		return false
	}
	return true
}

func metaOf(object Object) map[string]any {
	m, _ := object["metadata"].(map[string]any)
	return m
}

func setMeta(object Object, field string, value any) {
	m := metaOf(object)
	if m == nil {
		m = map[string]any{}
		object["metadata"] = m
	}
	m[field] = value
}

func dropMeta(object Object, field string) { delete(metaOf(object), field) }

func generation(object Object) int64 {
	n, _ := metaOf(object)["generation"].(int64)
	return n
}

func deleting(object Object) bool { return metaOf(object)["deletionTimestamp"] != nil }

func finalizers(object Object) []any {
	list, _ := metaOf(object)["finalizers"].([]any)
	return list
}

// lateFinalizer names a finalizer that a write adds to an object that is being deleted; "" when there is none.
func lateFinalizer(old, object Object) string {
	if !deleting(old) {
		return ""
	}
	for _, f := range finalizers(object) {
		if !slices.Contains(finalizers(old), f) {
			return fmt.Sprint(f)
		}
	}
	return ""
}

func labelsOf(object Object) map[string]string {
	raw, _ := metaOf(object)["labels"].(map[string]any)
	labels := make(map[string]string, len(raw))
	for name, value := range raw {
		labels[name], _ = value.(string)
	}
	return labels
}

func same(a, b Object) bool { return reflect.DeepEqual(map[string]any(a), map[string]any(b)) }

// sameButMeta reports whether two objects differ at most in their metadata and status.
func sameButMeta(a, b Object) bool {
	for _, pair := range [][2]Object{{a, b}, {b, a}} {
		for field, value := range pair[0] {
			if field != "metadata" && field != "status" && !reflect.DeepEqual(value, pair[1][field]) {
				return false
			}
		}
	}
	return true
}

func formatVersion(n int64) string { return strconv.FormatInt(n, 10) }

func formatUID(n int64) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// mergeInto applies a JSON merge patch (RFC 7386).
func mergeInto(object, patch map[string]any) {
	for field, value := range patch {
		part, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(object, field)
		case isObject:
			into, there := object[field].(map[string]any)
			if !there {
				into = map[string]any{}
				object[field] = into
			}
			mergeInto(into, part)
		default:
			object[field] = value
		}
	}
}

// withoutNulls takes out what an encoder writes for absent fields.
func withoutNulls(object map[string]any) {
	for field, value := range object {
		switch value := value.(type) {
		case nil:
			delete(object, field)
		case map[string]any:
			withoutNulls(value)
		case []any:
			for _, item := range value {
				if m, isObject := item.(map[string]any); isObject {
					withoutNulls(m)
				}
			}
		}
	}
}

// precondition refuses a write that names another UID or another resource version than the stored object's.
func precondition(key Key, stored Object, wanted map[string]any) error {
	for _, field := range []string{"uid", "resourceVersion"} {
		want, _ := wanted[field].(string)
		have, _ := metaOf(stored)[field].(string)
		if want != "" && want != have {
			return apierrors.NewConflict(resource(key), key.Name, fmt.Errorf("%s is %s, not %s", field, have, want))
		}
	}
	return nil
}

// resource guesses the plural, which only messages show.
func resource(key Key) schema.GroupResource {
	return schema.GroupResource{Group: key.Group, Resource: strings.ToLower(key.Kind) + "s"}
}

func notFound(key Key) error      { return apierrors.NewNotFound(resource(key), key.Name) }
func alreadyExists(key Key) error { return apierrors.NewAlreadyExists(resource(key), key.Name) }

var errUnsupported = errors.New("the in-memory API server does not do this")
