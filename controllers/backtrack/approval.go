package backtrack

import (
	"context"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=get,resourceNames=aurora-backtrack-annotations;aurora-backtrack-approval

// approvalPolicies are the admission policies that make the approval's annotations true. config/admission has them.
var approvalPolicies = []string{"aurora-backtrack-annotations", "aurora-backtrack-approval"}

const (
	policyVersionAnnotation = "aurora-backtrack.io/policy-version"
	policyVersion           = "1"
)

// approvalTrouble says whether the admission policies are there, in force, and older than the object.
// What was written before they were is only somebody's word.
func approvalTrouble(ctx context.Context, live client.Reader, object *v1alpha1.AuroraBacktrack) (trouble string, err error) {
	for _, name := range approvalPolicies {
		var rules admissionv1.ValidatingAdmissionPolicy
		var binding admissionv1.ValidatingAdmissionPolicyBinding
		key := types.NamespacedName{Name: name}
		if err := live.Get(ctx, key, &rules); apierrors.IsNotFound(err) {
			return fmt.Sprintf("the ValidatingAdmissionPolicy %s is not installed", name), nil
		} else if err != nil {
			return "", fmt.Errorf("reading ValidatingAdmissionPolicy %s: %w", name, err)
		}
		if err := live.Get(ctx, key, &binding); apierrors.IsNotFound(err) {
			return fmt.Sprintf("the ValidatingAdmissionPolicyBinding %s is not installed", name), nil
		} else if err != nil {
			return "", fmt.Errorf("reading ValidatingAdmissionPolicyBinding %s: %w", name, err)
		}
		switch {
		case rules.Annotations[policyVersionAnnotation] != policyVersion:
			return fmt.Sprintf("the ValidatingAdmissionPolicy %s is of version %q, not %s", name, rules.Annotations[policyVersionAnnotation], policyVersion), nil
		case binding.Spec.PolicyName != name || binding.Spec.MatchResources != nil || !slices.Contains(binding.Spec.ValidationActions, admissionv1.Deny):
			return fmt.Sprintf("the ValidatingAdmissionPolicyBinding %s does not deny everywhere", name), nil
		case object.CreationTimestamp.Before(&rules.CreationTimestamp) || object.CreationTimestamp.Before(&binding.CreationTimestamp):
			return fmt.Sprintf("this object is older than the ValidatingAdmissionPolicy %s or its binding", name), nil
		}
	}
	return "", nil
}
