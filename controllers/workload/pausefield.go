package workload

import (
	"math"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// pauseField is the one value, at one path of the workload, by which a kind is paused. Every kind that can
// be paused has exactly one, so that a merge patch of a few lines, with the pause record in it, is all that
// pausing ever writes.
type pauseField struct {
	path []string
	// paused is the value that pauses.
	paused func(owner types.UID) any
	// valid reports whether a value can have been there before; nil stands for an absent field.
	valid func(any) bool
	// fallback is what to restore where the record was lost although our value is still there.
	fallback func(dep *v1alpha1.DependentStatus) any
}

// replicasAt is the pause field of everything that has a number of replicas.
func replicasAt(path ...string) pauseField {
	return pauseField{
		path:   path,
		paused: func(types.UID) any { return int64(0) },
		valid: func(v any) bool {
			n, ok := v.(int64)
			return v == nil || ok && n >= 0 && n <= math.MaxInt32
		},
		fallback: func(dep *v1alpha1.DependentStatus) any {
			if dep.Replicas == nil {
				return int64(1)
			}
			return int64(*dep.Replicas)
		},
	}
}

// name is the field as people write it.
func (f pauseField) name() string { return fieldName(f.path) }

// value is the field's present value; nil where it is absent.
func (f pauseField) value(u *unstructured.Unstructured) any {
	v, _, _ := unstructured.NestedFieldNoCopy(u.Object, f.path...)
	return v
}

// isPaused reports whether the value is the one that pauses.
func (f pauseField) isPaused(u *unstructured.Unstructured, owner types.UID) bool {
	v := f.value(u)
	switch v.(type) {
	case int64, bool, string:
		return v == f.paused(owner)
	default: // absent, or something that is not comparable
		return false
	}
}

// fieldName writes a path as people do: spec.replicas, metadata.annotations[example.com/x].
func fieldName(path []string) string {
	last := len(path) - 1
	if strings.ContainsAny(path[last], "./") {
		return strings.Join(path[:last], ".") + "[" + path[last] + "]"
	}
	return strings.Join(path, ".")
}
