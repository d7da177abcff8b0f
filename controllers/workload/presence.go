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
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// presence is what is known of a workload, or of a kind, after it was looked up.
type presence int

const (
	// unknown: it could not be read, which says nothing about it. Only an error can come of it.
	unknown presence = iota
	// absent: the API server holds no such object. Waiting does not change it.
	absent
	// present: it was read.
	present
)

// presenceOf says what the result of a read means. A 404 is a fact only if it comes from the resource: one
// for the path alone says that the API server does not serve it, perhaps not yet. That discovery knows no
// such kind is confirmed by the kind's definition.
func presenceOf(ctx context.Context, c client.Client, gvk schema.GroupVersionKind, err error) (presence, error) {
	switch {
	case err == nil:
		return present, nil
	case meta.IsNoMatchError(err):
		return kindPresence(ctx, c, gvk, err)
	case objectNotFound(err):
		return absent, err
	}
	return unknown, err
}

// objectNotFound reports whether the API server says that it does not hold the object.
func objectNotFound(err error) bool {
	return apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// kindPresence looks for the definition of a kind that discovery does not know. While an API server starts,
// discovery lacks what custom resources define; the definitions themselves are objects like others.
func kindPresence(ctx context.Context, c client.Client, gvk schema.GroupVersionKind, noMatch error) (presence, error) {
	if !strings.Contains(gvk.Group, ".") { // built into Kubernetes
		if known(gvk.GroupVersion().String(), gvk.Kind) != nil {
			return unknown, fmt.Errorf("discovery lacks kind %s, which every Kubernetes has: %w", gvk.Kind, errNotServed)
		}
		return absent, noMatch
	}
	plural, _ := meta.UnsafeGuessKindToResource(gvk)
	versions, err := definedVersions(ctx, c, plural.GroupResource())
	switch {
	case meta.IsNoMatchError(err): // this API server knows no custom resources at all
		return absent, noMatch
	case objectNotFound(err):
		return absent, noMatch
	case err != nil:
		return unknown, fmt.Errorf("discovery lacks kind %s, and whether it is defined is not known: %w", gvk.Kind, missingRight(err, "get on customresourcedefinitions"))
	}
	for _, v := range versions {
		if served, _ := v["served"].(bool); served && v["name"] == gvk.Version {
			return unknown, fmt.Errorf("kind %s is defined in %s and not served yet: %w", gvk.Kind, gvk.GroupVersion(), errNotServed)
		}
	}
	return absent, noMatch
}

// errNotServed keeps a kind that is about to be served from being taken for one that does not exist.
var errNotServed = errors.New("the API server may still be starting")

// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get

// definedVersions reads the versions from the CustomResourceDefinition of the resource.
func definedVersions(ctx context.Context, c client.Client, resource schema.GroupResource) ([]map[string]any, error) {
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	if err := c.Get(ctx, client.ObjectKey{Name: resource.String()}, crd); err != nil {
		return nil, err
	}
	list, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	var versions []map[string]any
	for _, v := range list {
		if version, ok := v.(map[string]any); ok {
			versions = append(versions, version)
		}
	}
	return versions, nil
}

// served leaves out kinds that the Kubernetes cluster is known not to have.
func served(ctx context.Context, c client.Client, kinds []*kind) ([]*kind, error) {
	var there []*kind
	for _, k := range kinds {
		_, err := c.RESTMapper().RESTMapping(k.gvk.GroupKind(), k.gvk.Version)
		is, err := presenceOf(ctx, c, k.gvk, err)
		switch is {
		case present:
			there = append(there, k)
		case absent:
		default:
			return nil, fmt.Errorf("look for kind %s: %w", k.gvk.Kind, err)
		}
	}
	return there, nil
}
