// Package approval reports whether the approval of AuroraBacktracks is enforced. The annotations that name who asked and
// who approved are true only if the ValidatingAdmissionPolicies of config/admission have checked every write to the object.
package approval

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// shippedYAML are the policies and bindings of config/admission that approval rests on. `make manifests` copies them here,
// since the image is built without config; `make verify` fails when they differ.
//
//go:embed policies.yaml
var shippedYAML []byte

// margin is how much later than the policies an object must have been created. An API server takes a moment before it
// enforces a new policy, times of creation have whole seconds, and API servers that share an etcd have clocks of their own.
const margin = time.Minute

// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=get,resourceNames=aurora-backtrack-annotations;aurora-backtrack-approval

// Enforced reports whether the admission policies have checked every write to the object since it was created: they and
// their bindings exist, say exactly what this version ships, and have done so since a minute before the object was
// created. Where they have not, trouble says why, as a clause without a capital letter and without a full stop. An error
// says that one of them could not be read, so that nothing is known.
//
// The reader must read from the API server, or from a cache that keeps metadata.managedFields: they hold the time of the
// last change.
func Enforced(ctx context.Context, reader client.Reader, object *v1alpha1.AuroraBacktrack) (trouble string, err error) {
	shipped, err := Shipped()
	if err != nil {
		return "", err
	}
	for _, want := range shipped {
		name := want.GetKind() + " " + want.GetName()
		got := &unstructured.Unstructured{}
		got.SetGroupVersionKind(want.GroupVersionKind())
		if err := reader.Get(ctx, client.ObjectKeyFromObject(want), got); apierrors.IsNotFound(err) {
			return fmt.Sprintf("the %s is not installed", name), nil
		} else if err != nil {
			return "", fmt.Errorf("reading %s: %w", name, err)
		}
		if trouble, err := examine(want, got, object.CreationTimestamp.Time); trouble != "" || err != nil {
			return trouble, err
		}
	}
	return "", nil
}

// examine compares one installed policy or binding with the shipped one, and its last change with the object's creation.
func examine(want, got *unstructured.Unstructured, created time.Time) (trouble string, err error) {
	name := want.GetKind() + " " + want.GetName()
	if !got.GetDeletionTimestamp().IsZero() {
		return fmt.Sprintf("the %s is being deleted", name), nil
	}
	fields, err := differences(want, got)
	if err != nil {
		return "", fmt.Errorf("comparing %s with the shipped one: %w", name, err)
	}
	if len(fields) > 0 {
		return fmt.Sprintf("the %s is not the one that this version of the operator ships (it differs in %s)", name, strings.Join(fields, ", ")), nil
	}
	since, known := unchangedSince(got)
	switch {
	case !known:
		return fmt.Sprintf("the %s was changed after it was installed, and its metadata.managedFields do not say when", name), nil
	case created.Before(since.Add(margin)):
		return fmt.Sprintf("this object was created at %s, which is not a minute after the %s was installed or last changed, at %s",
			v1alpha1.NewTimestamp(created), name, v1alpha1.NewTimestamp(since)), nil
	}
	return "", nil
}

// unchangedSince is when the spec got its present value, or a later time; false where that cannot be known. A spec that was
// never changed has generation 1. The time of a later change is not kept, but the API server notes the time of every
// change to an object with the fields that it changed, and the latest of those is not earlier.
func unchangedSince(object *unstructured.Unstructured) (time.Time, bool) {
	since := object.GetCreationTimestamp().Time
	if object.GetGeneration() <= 1 {
		return since, true
	}
	known := false
	for _, entry := range object.GetManagedFields() {
		if entry.Subresource != "" {
			continue
		}
		if entry.Time == nil {
			return time.Time{}, false
		}
		known = true
		if entry.Time.After(since) {
			since = entry.Time.Time
		}
	}
	return since, known
}
