package workload

import (
	"cmp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// pausedReplicas is the annotation by which KEDA holds a ScaledObject's target at a number of replicas
// (KEDA's documentation, "Pause autoscaling").
const pausedReplicas = "autoscaling.keda.sh/paused-replicas"

// +kubebuilder:rbac:groups=keda.sh,resources=scaledobjects,verbs=get;list;patch

// scaledObject is KEDA's autoscaler. Without its own pause KEDA would wake a target that stands at zero.
//
// What a pause takes away: KEDA deletes the HorizontalPodAutoscaler that it made, and makes it anew when the
// annotation goes. Nothing that a person wrote is touched.
var scaledObject = kind{
	gvk: schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"},
	pauseField: pauseField{
		path:   []string{"metadata", "annotations", pausedReplicas},
		paused: func(types.UID) any { return "0" },
		valid: func(v any) bool {
			_, ok := v.(string)
			return v == nil || ok
		},
		fallback: func(*v1alpha1.DependentStatus) any { return nil },
	},
	startsAnew:  true,
	scaleTarget: scaledObjectTarget,
	progress:    completeAtOnce,
	unsupported: alwaysSupported,
}

// scaledObjectTarget has KEDA's defaults for what the reference leaves out.
func scaledObjectTarget(u *unstructured.Unstructured) targetRef {
	ref, _, _ := unstructured.NestedStringMap(u.Object, "spec", "scaleTargetRef")
	return targetRef{apiVersion: cmp.Or(ref["apiVersion"], "apps/v1"), kind: cmp.Or(ref["kind"], "Deployment"), name: ref["name"]}
}
