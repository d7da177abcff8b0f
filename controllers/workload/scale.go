package workload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get

// scaled makes a kind out of anything with a scale subresource. It is paused through the object itself and
// not through its scale, because only there the number and the mark fit into one write: with two writes, a
// crash between them would leave either a workload at zero that nobody resumes, or a mark that looks like
// a pause that somebody reverted. Where the number stands on the object, the CRD says (specReplicasPath).
// Kinds without a CRD (built in, or aggregated) have it at spec.replicas, which is checked against the
// scale before anything is written.
//
// The operator's own role names no such kinds; whoever lists one grants get and patch on it, and get on
// its scale.
func (w *Workloads) scaled(ctx context.Context, apiVersion, name string) (*kind, error) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return nil, fmt.Errorf("apiVersion %q: %w", apiVersion, err)
	}
	mapping, err := w.Client.RESTMapper().RESTMapping(schema.GroupKind{Group: gv.Group, Kind: name}, gv.Version)
	if err != nil {
		return nil, err
	}
	path, err := w.specReplicasPath(ctx, mapping)
	if err != nil {
		return nil, err
	}
	return &kind{
		gvk:     gv.WithKind(name),
		lever:   replicasAt(path...),
		restart: cannotRestart,
		pods:    podsByScale,
		unsound: scaledUnsound,
	}, nil
}

// specReplicasPath asks the kind's CRD where the number of replicas stands.
func (w *Workloads) specReplicasPath(ctx context.Context, mapping *meta.RESTMapping) ([]string, error) {
	usual := []string{"spec", "replicas"}
	if !strings.Contains(mapping.Resource.Group, ".") {
		return usual, nil // built in: no CRD has such a group
	}
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	err := w.Client.Get(ctx, client.ObjectKey{Name: mapping.Resource.Resource + "." + mapping.Resource.Group}, crd)
	if apierrors.IsNotFound(err) {
		return usual, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the definition of %s: %w", mapping.GroupVersionKind.Kind, err)
	}
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, v := range versions {
		version, _ := v.(map[string]any)
		if version["name"] != mapping.GroupVersionKind.Version {
			continue
		}
		if path, there, _ := unstructured.NestedString(version, "subresources", "scale", "specReplicasPath"); there {
			return strings.Split(strings.TrimPrefix(path, "."), "."), nil
		}
	}
	return nil, errNoScale
}

// errNoScale: the kind can be neither paused nor restarted.
var errNoScale = errors.New("has no scale subresource, so it can be neither paused nor restarted: give it strategy None, or leave it out")

// scale reads the scale subresource.
func (w *Workloads) scale(ctx context.Context, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	scale := &unstructured.Unstructured{}
	scale.SetGroupVersionKind(schema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"})
	if err := w.Client.SubResource("scale").Get(ctx, u, scale); err != nil {
		return nil, fmt.Errorf("read the scale of %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return scale, nil
}

// podsByScale finds pods by the selector that the scale reports. Whose they are is not known, so all that
// it selects count.
func podsByScale(ctx context.Context, w *Workloads, u *unstructured.Unstructured) (podSet, error) {
	scale, err := w.scale(ctx, u)
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

// checkScales looks whether everything to pause that is known only by its scale can be paused.
func (w *Workloads) checkScales(ctx context.Context, all []found) error {
	return each(len(all), func(i int) error {
		f := &all[i]
		if f.dep.Strategy != v1alpha1.StrategyPause || len(f.problems) > 0 || f.kind.restart != cannotRestart {
			return nil
		}
		why, err := w.checkScale(ctx, f.kind, f.u)
		if why != "" {
			f.fail(notSound("%s %s", nameOf(&f.dep), why))
		}
		return err
	})
}

// checkScale says why a workload of a kind that is known only by its scale cannot be paused.
func (w *Workloads) checkScale(ctx context.Context, k *kind, u *unstructured.Unstructured) (string, error) {
	scale, err := w.scale(ctx, u)
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
	have, _ := k.lever.value(u).(int64)
	if want != have {
		return fmt.Sprintf("has %d replicas by its scale and %d at %s, so it is not known how to pause it: give it strategy None", want, have, k.lever.field()), nil
	}
	return "", nil
}

func scaledUnsound(_ *unstructured.Unstructured, strategy v1alpha1.Strategy) (string, error) {
	if strategy == v1alpha1.StrategyRestart {
		return "can be paused but not restarted, because how to restart its kind is not known: give it strategy Pause or None", nil
	}
	return "", nil
}
