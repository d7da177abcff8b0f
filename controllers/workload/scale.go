package workload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// scaledKind makes a kind out of anything with a scale subresource. It is paused through the object itself
// and not through its scale, because only there the number and the pause record fit into one write: with two
// writes, a crash between them would leave either a workload at zero that nobody resumes, or a record that
// looks like a pause that somebody reverted. Where the number stands on the object, the CRD says
// (specReplicasPath). Kinds without a CRD (built in, or aggregated) have it at spec.replicas, which is
// checked against the scale before anything is written.
//
// The operator's own role names no such kinds; whoever lists one grants get and patch on it, and get on
// its scale.
//
// What a pause takes away is not known: the controller of such a kind may well delete volumes when it is
// scaled to zero. So it is paused only where the entry in spec.dependents itself says strategy Pause, which
// is the consent of somebody who knows the kind; a default of the AuroraCluster is not enough.
func scaledKind(ctx context.Context, c client.Client, gvk schema.GroupVersionKind) (*kind, error) {
	mapping, err := c.RESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	path, err := specReplicasPath(ctx, c, mapping)
	if err != nil {
		return nil, err
	}
	field := replicasAt(path...)
	return &kind{
		gvk:        gvk,
		pauseField: field,
		pods:       podsByScale,
		progress:   scaledProgress,
		podProgress: func(u *unstructured.Unstructured, pods []corev1.Pod) progress {
			want, _ := field.value(u).(int64)
			if ready := int64(len(keep(pods, isReady))); ready < want {
				return waitingFor("%d of %d pods are ready", ready, want)
			}
			return progress{complete: true}
		},
		unsupported: func(ctx context.Context, c client.Client, u *unstructured.Unstructured, strategy v1alpha1.Strategy) (string, error) {
			if strategy == v1alpha1.StrategyRestart {
				return "can be paused but not restarted, because how to restart its kind is not known: give it strategy Pause or None", nil
			}
			return cannotScale(ctx, c, u, field)
		},
	}, nil
}

// needsConsent is why a kind that is known only by its scale is not paused by a default.
const needsConsent = "is of a kind that is known only by its scale, and what its controller deletes at zero replicas is not known: give its entry in spec.dependents strategy Pause if pausing it is safe, or strategy None"

// specReplicasPath asks the kind's CRD where the number of replicas stands.
func specReplicasPath(ctx context.Context, c client.Client, mapping *meta.RESTMapping) ([]string, error) {
	usual := []string{"spec", "replicas"}
	if !strings.Contains(mapping.Resource.Group, ".") {
		return usual, nil // built in: no CRD has such a group
	}
	versions, err := definedVersions(ctx, c, mapping.Resource.GroupResource())
	if objectNotFound(err) {
		return usual, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the definition of %s: %w", mapping.GroupVersionKind.Kind, missingRight(err, "get on customresourcedefinitions"))
	}
	for _, version := range versions {
		if version["name"] != mapping.GroupVersionKind.Version {
			continue
		}
		if path, there, _ := unstructured.NestedString(version, "subresources", "scale", "specReplicasPath"); there {
			return strings.Split(strings.TrimPrefix(path, "."), "."), nil
		}
	}
	return nil, errNoScale
}

// errNoScale: the kind can be neither paused nor restarted. It is a fact about the kind.
var errNoScale = errors.New("has no scale subresource, so it can be neither paused nor restarted: give it strategy None, or leave it out")

// readScale reads the scale subresource.
func readScale(ctx context.Context, c client.Client, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	scale := &unstructured.Unstructured{}
	scale.SetGroupVersionKind(schema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"})
	if err := c.SubResource("scale").Get(ctx, u, scale); err != nil {
		return nil, fmt.Errorf("read the scale of %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), missingRight(err, "get on its scale"))
	}
	return scale, nil
}

// podsByScale finds pods by the selector that the scale reports. Whose they are is not known, so all that
// it selects count.
func podsByScale(ctx context.Context, c client.Client, u *unstructured.Unstructured) (podSet, error) {
	scale, err := readScale(ctx, c, u)
	if err != nil {
		return podSet{}, err
	}
	text, _, _ := unstructured.NestedString(scale.Object, "status", "selector")
	selector, err := labels.Parse(text)
	if err != nil || selector.Empty() {
		return podSet{}, fmt.Errorf("the scale of %s %s/%s reports no selector to find its pods by", u.GetKind(), u.GetNamespace(), u.GetName())
	}
	return podSet{namespace: u.GetNamespace(), selector: selector, owns: func(metav1.Object) bool { return true }}, nil
}

// cannotScale says why a workload of a kind that is known only by its scale cannot be paused. That its scale
// is not found is a fact where the workload itself was: the API server serves the kind.
func cannotScale(ctx context.Context, c client.Client, u *unstructured.Unstructured, field pauseField) (string, error) {
	scale, err := readScale(ctx, c, u)
	if apierrors.IsNotFound(err) {
		return errNoScale.Error(), nil
	}
	if err != nil {
		return "", err
	}
	if text, _, _ := unstructured.NestedString(scale.Object, "status", "selector"); text == "" {
		return "has a scale that reports no selector, so nobody can see when its pods are gone: give it strategy None", nil
	}
	want, _, _ := unstructured.NestedInt64(scale.Object, "spec", "replicas")
	have, _ := field.value(u).(int64)
	if want != have {
		return fmt.Sprintf("has %d replicas by its scale and %d at %s, so it is not known how to pause it: give it strategy None", want, have, field.name()), nil
	}
	return "", nil
}

// scaledProgress reads what most controllers report; the pods say the rest.
func scaledProgress(u *unstructured.Unstructured, _ bool) (progress, error) {
	observed, reported, _ := unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	if reported && observed < u.GetGeneration() {
		return notObserved, nil
	}
	return progress{}, nil
}
