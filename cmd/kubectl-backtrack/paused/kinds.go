package paused

import (
	"context"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// pausable is a kind that the operator pauses, and the field by which it does.
type pausable struct {
	kind schema.GroupVersionKind
	path []string
}

// pausables are the kinds that the operator knows, autoscalers first: those would hold down what is resumed under them.
var pausables = []pausable{
	{
		schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"},
		[]string{"metadata", "annotations", "autoscaling.keda.sh/paused-replicas"},
	},
	{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}, []string{"spec", "replicas"}},
	{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, []string{"spec", "replicas"}},
	{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ReplicaSet"}, []string{"spec", "replicas"}},
	{schema.GroupVersionKind{Version: "v1", Kind: "ReplicationController"}, []string{"spec", "replicas"}},
	{schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"}, []string{"spec", "replicas"}},
	{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "DaemonSet"}, []string{"spec", "template", "spec", "nodeSelector", v1alpha1.PausedAnnotation}},
	{schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "CronJob"}, []string{"spec", "suspend"}},
}

// definitions are the CustomResourceDefinitions.
var definitions = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinitionList"}

// scaled are the kinds that the operator knows by their scale subresource only: those of the CustomResourceDefinitions that
// have one, with the field where their number of replicas stands.
func scaled(ctx context.Context, c client.Reader) ([]pausable, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(definitions)
	if err := c.List(ctx, list); err != nil {
		return nil, err
	}
	var all []pausable
	for i := range list.Items {
		p, ok := scaledKind(list.Items[i].Object)
		known := slices.ContainsFunc(pausables, func(known pausable) bool { return known.kind.GroupKind() == p.kind.GroupKind() })
		if ok && !known {
			all = append(all, p)
		}
	}
	return all, nil
}

// scaledKind reads from a CustomResourceDefinition the first served version that has a scale subresource, and where the
// number of replicas stands in it.
func scaledKind(definition map[string]any) (pausable, bool) {
	group, _, _ := unstructured.NestedString(definition, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition, "spec", "names", "kind")
	versions, _, _ := unstructured.NestedSlice(definition, "spec", "versions")
	for _, v := range versions {
		version, ok := v.(map[string]any)
		if !ok || version["served"] != true {
			continue
		}
		path, there, _ := unstructured.NestedString(version, "subresources", "scale", "specReplicasPath")
		name, _, _ := unstructured.NestedString(version, "name")
		if there {
			field := strings.Split(strings.TrimPrefix(path, "."), ".")
			return pausable{schema.GroupVersionKind{Group: group, Version: name, Kind: kind}, field}, true
		}
	}
	return pausable{}, false
}
