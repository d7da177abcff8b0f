package backtrack

import (
	"context"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/policy"
)

// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=get,resourceNames=aurora-backtrack-annotations;aurora-backtrack-approval

// approvalPolicies are the admission policies that make the approval's annotations true. config/admission has them.
var approvalPolicies = []string{"aurora-backtrack-annotations", "aurora-backtrack-approval"}

const (
	policyVersionAnnotation = "aurora-backtrack.io/policy-version"
	policyVersion           = "1"
)

// approved checks that whoever must agree has agreed. The admission policies see to it that the annotations
// tell the truth; without them nobody can be believed, so nothing starts.
func (x *run) approved(ctx context.Context) outcome {
	approval := x.cluster.Spec.Policy.Approval
	if approval == "" || approval == v1alpha1.ApprovalNone {
		return done("", "")
	}
	trouble, err := x.approvalEnforced(ctx)
	if err != nil {
		return failed(err)
	}
	if trouble != "" {
		return waiting(slow, v1alpha1.ReasonApprovalNotEnforced, fmt.Sprintf("AuroraCluster %s asks for approval, and %s: install config/admission, then create a new AuroraBacktrack", x.cluster.Name, trouble))
	}
	by, asked := x.object.Annotations[v1alpha1.ApprovedByAnnotation], x.object.Annotations[v1alpha1.RequestedByAnnotation]
	switch {
	case by == "":
		return waiting(slow, v1alpha1.ReasonApprovalRequired, fmt.Sprintf("AuroraCluster %s asks for approval, and nobody has approved this: delete it and create it again with spec.suspend: true; an approver then lifts that", x.cluster.Name))
	case approval == v1alpha1.ApprovalRequiredFromAnother && asked == "":
		return waiting(slow, v1alpha1.ReasonApprovalRequired, fmt.Sprintf("AuroraCluster %s asks for approval from another person, and it is not known who asked: create it again with the annotation %s", x.cluster.Name, v1alpha1.RequestedByAnnotation))
	case approval == v1alpha1.ApprovalRequiredFromAnother && by == asked:
		return waiting(slow, v1alpha1.ReasonApprovalRequired, fmt.Sprintf("AuroraCluster %s asks for approval from another person than %s, who asked: create it again, suspended, and let another approver lift that", x.cluster.Name, asked))
	}
	return done("", "")
}

// approvalEnforced finds out whether the admission policies are there, in force, and older than the object.
// What was written before they were is only somebody's word.
func (x *run) approvalEnforced(ctx context.Context) (trouble string, err error) {
	for _, name := range approvalPolicies {
		var rules admissionv1.ValidatingAdmissionPolicy
		var binding admissionv1.ValidatingAdmissionPolicyBinding
		key := types.NamespacedName{Name: name}
		if err := x.Live.Get(ctx, key, &rules); apierrors.IsNotFound(err) {
			return fmt.Sprintf("the ValidatingAdmissionPolicy %s is not installed", name), nil
		} else if err != nil {
			return "", fmt.Errorf("reading ValidatingAdmissionPolicy %s: %w", name, err)
		}
		if err := x.Live.Get(ctx, key, &binding); apierrors.IsNotFound(err) {
			return fmt.Sprintf("the ValidatingAdmissionPolicyBinding %s is not installed", name), nil
		} else if err != nil {
			return "", fmt.Errorf("reading ValidatingAdmissionPolicyBinding %s: %w", name, err)
		}
		switch {
		case rules.Annotations[policyVersionAnnotation] != policyVersion:
			return fmt.Sprintf("the ValidatingAdmissionPolicy %s is of version %q, not %s", name, rules.Annotations[policyVersionAnnotation], policyVersion), nil
		case binding.Spec.PolicyName != name || binding.Spec.MatchResources != nil || !slices.Contains(binding.Spec.ValidationActions, admissionv1.Deny):
			return fmt.Sprintf("the ValidatingAdmissionPolicyBinding %s does not deny everywhere", name), nil
		case x.object.CreationTimestamp.Before(&rules.CreationTimestamp) || x.object.CreationTimestamp.Before(&binding.CreationTimestamp):
			return fmt.Sprintf("this object is older than the ValidatingAdmissionPolicy %s or its binding", name), nil
		}
	}
	return "", nil
}

// insideWindow checks that a rewind may start at this time.
func (x *run) insideWindow() outcome {
	open, next, err := policy.Open(x.cluster.Spec.Policy.Windows, x.now())
	switch {
	case err != nil:
		return waiting(slow, v1alpha1.ReasonOutsideWindow, fmt.Sprintf("AuroraCluster %s: %v; nothing starts until that is mended", x.cluster.Name, err))
	case !open && next.IsZero():
		return waiting(slow, v1alpha1.ReasonOutsideWindow, fmt.Sprintf("AuroraCluster %s has windows that never open (policy.windows)", x.cluster.Name))
	case !open:
		return waiting(min(next.Sub(x.now()), slow), v1alpha1.ReasonOutsideWindow, fmt.Sprintf("AuroraCluster %s allows no start now; the next window opens at %s (policy.windows)", x.cluster.Name, v1alpha1.NewTimestamp(next)))
	}
	return done("", "")
}
