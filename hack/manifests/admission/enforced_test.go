package admission_test

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/approval"
)

// created is an AuroraBacktrack that was created so long after now. Only its time of creation matters here.
func created(after time.Duration) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(time.Now().Add(after))}}
}

// TestApprovalIsEnforced: what config/install.yaml installs passes, as the API server has it with all of its defaults and
// its own notes; a minute is asked for.
func TestApprovalIsEnforced(t *testing.T) {
	trouble, err := approval.Enforced(t.Context(), server.admin, created(2*time.Minute))
	if err != nil || trouble != "" {
		t.Errorf("told %q, %v", trouble, err)
	}
	trouble, err = approval.Enforced(t.Context(), server.admin, created(-time.Hour))
	if err != nil || !strings.Contains(trouble, "not a minute after the ValidatingAdmissionPolicy aurora-backtrack-annotations was installed") {
		t.Errorf("of an object from before the installation: told %q, %v", trouble, err)
	}
}

// TestApprovalIsWeakened changes the installed policies and bindings, and is told so by the field's name. Changed back,
// they are as shipped again, but not since long.
func TestApprovalIsWeakened(t *testing.T) {
	const policy, binding = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
	for name, test := range map[string]struct {
		kind, name string
		change     edit
		want       string
	}{
		"failures are ignored": {policy, "aurora-backtrack-approval", set("spec.failurePolicy", "Ignore"), "spec.failurePolicy"},
		"some requests are left out": {policy, "aurora-backtrack-annotations", set("spec.matchConditions", []any{
			map[string]any{"name": "not-me", "expression": "request.userInfo.username != 'me'"},
		}), "spec.matchConditions"},
		"some namespaces are left out": {
			policy, "aurora-backtrack-approval", set("spec.matchConstraints.namespaceSelector", map[string]any{"matchLabels": map[string]any{"a": "b"}}), "spec.matchConstraints",
		},
		"nothing is asked":  {policy, "aurora-backtrack-annotations", set("spec.validations", []any{map[string]any{"expression": "true"}}), "spec.validations"},
		"only a warning":    {binding, "aurora-backtrack-approval", set("spec.validationActions", []any{"Warn"}), "spec.validationActions"},
		"not everywhere":    {binding, "aurora-backtrack-annotations", set("spec.matchResources", map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]any{"a": "b"}}}), "spec.matchResources"},
		"for some clusters": {binding, "aurora-backtrack-approval", set("spec.paramRef.selector", map[string]any{"matchLabels": map[string]any{"a": "b"}}), "spec.paramRef"},
	} {
		t.Run(name, func(t *testing.T) {
			shipped := named("admissionregistration.k8s.io/v1", test.kind, test.name)
			if err := server.admin.Get(t.Context(), client.ObjectKeyFromObject(shipped), shipped); err != nil {
				t.Fatal(err)
			}
			weaken := with(shipped.DeepCopy(), test.change)
			if err := server.admin.Update(t.Context(), weaken); err != nil {
				t.Fatal(err)
			}
			want := "the " + test.kind + " " + test.name + " is not the one that this version of the operator ships (it differs in " + test.want + ")"
			got, err := approval.Enforced(t.Context(), server.admin, created(time.Hour))
			restored := restore(t, shipped)
			if err != nil || got != want {
				t.Errorf("told %q, %v\nwant %q", got, err, want)
			}
			if restored.GetGeneration() < shipped.GetGeneration()+2 {
				t.Errorf("generation %d after two changes to generation %d", restored.GetGeneration(), shipped.GetGeneration())
			}
			if got, err := approval.Enforced(t.Context(), server.admin, created(2*time.Minute)); err != nil || got != "" {
				t.Errorf("of an object from after it was restored: told %q, %v", got, err)
			}
			got, err = approval.Enforced(t.Context(), server.admin, created(30*time.Second))
			if want := "was installed or last changed"; err != nil || !strings.Contains(got, want) {
				t.Errorf("of an object from when it was weak: told %q, %v", got, err)
			}
		})
	}
}

// restore writes the shipped spec again and waits until approval is heeded as before.
func restore(t *testing.T, shipped *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	now := named(shipped.GetAPIVersion(), shipped.GetKind(), shipped.GetName())
	if err := server.admin.Get(t.Context(), client.ObjectKeyFromObject(now), now); err != nil {
		t.Fatal(err)
	}
	now.Object["spec"] = shipped.DeepCopy().Object["spec"]
	if err := server.admin.Update(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	eventually(t, "for the annotations to be checked again", func(ctx context.Context) bool {
		return server.admin.Create(ctx, backtrack("forged", annotation(v1alpha1.ApprovedByAnnotation, "somebody")), client.DryRunAll) != nil
	})
	return now
}
