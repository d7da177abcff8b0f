package approval

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/utils/ptr"
)

const (
	policyKind  = "ValidatingAdmissionPolicy"
	bindingKind = "ValidatingAdmissionPolicyBinding"
)

// Shipped gives the ValidatingAdmissionPolicies that approval rests on and their bindings, as config/admission has them:
// each policy before its binding.
func Shipped() ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(shippedYAML), 4096)
	for {
		object := &unstructured.Unstructured{}
		switch err := decoder.Decode(&object.Object); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("reading the shipped admission policies: %w", err)
		case object.GetKind() != policyKind && object.GetKind() != bindingKind:
			return nil, fmt.Errorf("reading the shipped admission policies: a %q is among them", object.GetKind())
		}
		all = append(all, object)
	}
}

// differences names the fields of the spec in which two objects of one kind differ, such as spec.failurePolicy. Both are
// compared with the API server's defaults filled in; nothing else is ignored. A field that is not known here, because a
// later version of Kubernetes has it, is a difference: it may weaken the policy.
func differences(want, got *unstructured.Unstructured) ([]string, error) {
	var wanted, found any
	var unknown []string
	var err error
	switch want.GetKind() {
	case policyKind:
		w, g := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicy{}
		unknown, err = decodeBoth(want, got, w, g)
		defaultPolicy(&w.Spec)
		defaultPolicy(&g.Spec)
		wanted, found = w.Spec, g.Spec
	case bindingKind:
		w, g := &admissionv1.ValidatingAdmissionPolicyBinding{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
		unknown, err = decodeBoth(want, got, w, g)
		defaultMatch(w.Spec.MatchResources)
		defaultMatch(g.Spec.MatchResources)
		wanted, found = w.Spec, g.Spec
	}
	if err != nil {
		return nil, err
	}
	fields := unknown
	a, b := reflect.ValueOf(wanted), reflect.ValueOf(found)
	for i := range a.NumField() {
		if !equality.Semantic.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
			fields = append(fields, "spec."+name)
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields), nil
}

// decodeBoth reads the two objects and names what of the spec of the second one has no place in the type.
func decodeBoth(want, got *unstructured.Unstructured, wanted, found any) (unknown []string, err error) {
	if err := decode(want.Object, wanted); err != nil {
		return nil, err
	}
	spec := map[string]any{"spec": got.Object["spec"]}
	err = runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(spec, found, true)
	strict, isStrict := runtime.AsStrictDecodingError(err)
	if err != nil && !isStrict {
		return nil, fmt.Errorf("decoding it: %w", err)
	}
	if !isStrict {
		return nil, nil
	}
	for _, e := range strict.Errors() {
		unknown = append(unknown, strings.Trim(strings.TrimPrefix(e.Error(), "unknown field "), `"`))
	}
	return unknown, nil
}

func decode(from map[string]any, into any) error {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from, into); err != nil {
		return fmt.Errorf("decoding a shipped admission policy: %w", err)
	}
	return nil
}

// defaultPolicy fills in what the API server fills in (k8s.io/kubernetes, pkg/apis/admissionregistration/v1/defaults.go).
func defaultPolicy(spec *admissionv1.ValidatingAdmissionPolicySpec) {
	if spec.FailurePolicy == nil {
		spec.FailurePolicy = ptr.To(admissionv1.Fail)
	}
	defaultMatch(spec.MatchConstraints)
}

func defaultMatch(match *admissionv1.MatchResources) {
	if match == nil {
		return
	}
	if match.MatchPolicy == nil {
		match.MatchPolicy = ptr.To(admissionv1.Equivalent)
	}
	if match.NamespaceSelector == nil {
		match.NamespaceSelector = &metav1.LabelSelector{}
	}
	if match.ObjectSelector == nil {
		match.ObjectSelector = &metav1.LabelSelector{}
	}
	for _, rules := range [][]admissionv1.NamedRuleWithOperations{match.ResourceRules, match.ExcludeResourceRules} {
		for i := range rules {
			if rules[i].Scope == nil {
				rules[i].Scope = ptr.To(admissionv1.AllScopes)
			}
		}
	}
}
