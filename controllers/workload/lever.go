package workload

import (
	"math"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// pausedReplicas is the annotation by which KEDA holds a ScaledObject's target at a number of replicas
// (KEDA's documentation, "Pause autoscaling").
const pausedReplicas = "autoscaling.keda.sh/paused-replicas"

// lever is what pausing pulls: one value at one path of the workload. Pausing sets it to off; resuming
// sets it back. Every kind that can be paused has exactly one, so that a merge patch of a few lines, with
// the mark in it, is all that pausing ever writes.
type lever struct {
	path []string
	// off is the value that pauses.
	off func(owner types.UID) any
	// restorable answers whether a value can have been there before; nil stands for an absent field.
	restorable func(any) bool
	// unmarked is what to restore where the mark was lost although our value is still there.
	unmarked func(dep *v1alpha1.DependentStatus) any
}

// replicasAt is the lever of everything that has a number of replicas.
func replicasAt(path ...string) lever {
	return lever{
		path: path,
		off:  func(types.UID) any { return int64(0) },
		restorable: func(v any) bool {
			n, ok := v.(int64)
			return v == nil || ok && n >= 0 && n <= math.MaxInt32
		},
		unmarked: func(dep *v1alpha1.DependentStatus) any {
			if dep.Replicas == nil {
				return int64(1)
			}
			return int64(*dep.Replicas)
		},
	}
}

// suspend is a CronJob's lever.
var suspend = lever{
	path: []string{"spec", "suspend"},
	off:  func(types.UID) any { return true },
	restorable: func(v any) bool {
		_, ok := v.(bool)
		return v == nil || ok
	},
	unmarked: func(*v1alpha1.DependentStatus) any { return false },
}

// noNode is a DaemonSet's lever: it cannot be scaled, so its pods get a node selector that no node
// matches, beside the one they have. The UID as its value makes sure that no node does.
var noNode = lever{
	path:       []string{"spec", "template", "spec", "nodeSelector", v1alpha1.PausedAnnotation},
	off:        func(owner types.UID) any { return string(owner) },
	restorable: func(v any) bool { return v == nil },
	unmarked:   func(*v1alpha1.DependentStatus) any { return nil },
}

// heldByKEDA is a ScaledObject's lever. Without it KEDA would wake a target that stands at zero.
var heldByKEDA = lever{
	path: []string{"metadata", "annotations", pausedReplicas},
	off:  func(types.UID) any { return "0" },
	restorable: func(v any) bool {
		_, ok := v.(string)
		return v == nil || ok
	},
	unmarked: func(*v1alpha1.DependentStatus) any { return nil },
}

// field names the lever as people write it.
func (l lever) field() string {
	last := len(l.path) - 1
	if strings.ContainsAny(l.path[last], "./") {
		return strings.Join(l.path[:last], ".") + "[" + l.path[last] + "]"
	}
	return strings.Join(l.path, ".")
}

// value is the lever's present value; nil where the field is absent.
func (l lever) value(u *unstructured.Unstructured) any {
	v, _, _ := unstructured.NestedFieldNoCopy(u.Object, l.path...)
	return v
}

// isOff answers whether the value is the one that pauses.
func (l lever) isOff(u *unstructured.Unstructured, owner types.UID) bool {
	v := l.value(u)
	switch v.(type) {
	case int64, bool, string:
		return v == l.off(owner)
	default: // absent, or something that is not comparable
		return false
	}
}

// write is the patch that sets the lever and the mark in one, and only if the object is still the one that
// was read. A nil value removes the field, an empty mark the annotation.
func (l lever) write(u *unstructured.Unstructured, value any, markText string) (map[string]any, error) {
	body := map[string]any{}
	if err := unstructured.SetNestedField(body, value, l.path...); err != nil {
		return nil, err
	}
	return markOnly(body, u, markText)
}

// markOnly is the patch that sets or removes the mark and leaves the lever alone.
func markOnly(body map[string]any, u *unstructured.Unstructured, markText string) (map[string]any, error) {
	var annotation any
	if markText != "" {
		annotation = markText
	}
	if err := unstructured.SetNestedField(body, annotation, "metadata", "annotations", v1alpha1.PausedAnnotation); err != nil {
		return nil, err
	}
	return body, unstructured.SetNestedField(body, u.GetResourceVersion(), "metadata", "resourceVersion")
}
