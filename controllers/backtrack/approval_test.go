package backtrack_test

import (
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

func TestApprovalIsBelievedOnlyWhereItIsEnforced(t *testing.T) {
	const again = ": apply config/admission of this version, wait a minute, then create a new AuroraBacktrack"
	by := func(asked, approved string) map[string]string {
		people := map[string]string{v1alpha1.RequestedByAnnotation: asked, v1alpha1.ApprovedByAnnotation: approved}
		for annotation, person := range people {
			if person == "" {
				delete(people, annotation)
			}
		}
		return people
	}
	tests := map[string]struct {
		approval    v1alpha1.Approval
		policies    func([]client.Object) []client.Object // what becomes of the installed policies; nil: they are there
		late        bool                                  // the object is older than the policies
		soon        bool                                  // it is created in the same second
		people      map[string]string
		wantReason  string // empty: it runs
		wantMessage string
	}{
		"none is asked for, none is installed": {
			approval: v1alpha1.ApprovalNone, policies: func([]client.Object) []client.Object { return nil },
		},
		"approved": {approval: v1alpha1.ApprovalRequired, people: by("", "ann")},
		"nobody approved": {
			approval: v1alpha1.ApprovalRequired, wantReason: v1alpha1.ReasonApprovalRequired,
			wantMessage: "AuroraCluster game requires approval, and nobody has approved this: delete it and create it again with spec.suspend: true; an approver then lifts that",
		},
		"approved by another": {approval: v1alpha1.ApprovalRequiredFromAnother, people: by("bob", "ann")},
		"approved by who asked": {
			approval: v1alpha1.ApprovalRequiredFromAnother, people: by("ann", "ann"), wantReason: v1alpha1.ReasonApprovalRequired,
			wantMessage: "AuroraCluster game requires approval from another person than ann, who asked: create it again, suspended, and let another approver lift that",
		},
		"approved, and nobody knows who asked": {
			approval: v1alpha1.ApprovalRequiredFromAnother, people: by("", "ann"), wantReason: v1alpha1.ReasonApprovalRequired,
			wantMessage: "AuroraCluster game requires approval from another person, and it is not known who asked: create it again with the annotation aurora-backtrack.io/requested-by",
		},
		"no policy is installed": {
			approval: v1alpha1.ApprovalRequired, people: by("", "ann"), policies: func([]client.Object) []client.Object { return nil },
			wantReason:  v1alpha1.ReasonApprovalNotEnforced,
			wantMessage: "AuroraCluster game requires approval, and the ValidatingAdmissionPolicy aurora-backtrack-annotations is not installed" + again,
		},
		"a binding is missing": {
			approval: v1alpha1.ApprovalRequired, people: by("", "ann"), policies: func(all []client.Object) []client.Object { return all[:3] },
			wantReason:  v1alpha1.ReasonApprovalNotEnforced,
			wantMessage: "AuroraCluster game requires approval, and the ValidatingAdmissionPolicyBinding aurora-backtrack-approval is not installed" + again,
		},
		"a binding only warns": {
			approval: v1alpha1.ApprovalRequired, people: by("", "ann"),
			policies: func(all []client.Object) []client.Object {
				all[3].(*admissionv1.ValidatingAdmissionPolicyBinding).Spec.ValidationActions = []admissionv1.ValidationAction{admissionv1.Warn}
				return all
			},
			wantReason:  v1alpha1.ReasonApprovalNotEnforced,
			wantMessage: "AuroraCluster game requires approval, and the ValidatingAdmissionPolicyBinding aurora-backtrack-approval is not the one that this version of the operator ships (it differs in spec.validationActions)" + again,
		},
		"a binding leaves some namespaces out": {
			approval: v1alpha1.ApprovalRequired, people: by("", "ann"),
			policies: func(all []client.Object) []client.Object {
				all[1].(*admissionv1.ValidatingAdmissionPolicyBinding).Spec.MatchResources = &admissionv1.MatchResources{}
				return all
			},
			wantReason:  v1alpha1.ReasonApprovalNotEnforced,
			wantMessage: "AuroraCluster game requires approval, and the ValidatingAdmissionPolicyBinding aurora-backtrack-annotations is not the one that this version of the operator ships (it differs in spec.matchResources)" + again,
		},
		"a policy that lets pass what it can't check": {
			approval: v1alpha1.ApprovalRequired, people: by("", "ann"),
			policies: func(all []client.Object) []client.Object {
				all[2].(*admissionv1.ValidatingAdmissionPolicy).Spec.FailurePolicy = ptr.To(admissionv1.Ignore)
				return all
			},
			wantReason:  v1alpha1.ReasonApprovalNotEnforced,
			wantMessage: "AuroraCluster game requires approval, and the ValidatingAdmissionPolicy aurora-backtrack-approval is not the one that this version of the operator ships (it differs in spec.failurePolicy)" + again,
		},
		"the object was created in the second of the policies": {
			approval: v1alpha1.ApprovalRequired, people: by("", "ann"), soon: true,
			wantReason:  v1alpha1.ReasonApprovalNotEnforced,
			wantMessage: "AuroraCluster game requires approval, and this object was created at 2023-12-23T14:10:00Z, which is not a minute after the ValidatingAdmissionPolicy aurora-backtrack-annotations was installed or last changed, at 2023-12-23T14:10:00Z" + again,
		},
		"the object was there before the policies": {
			approval: v1alpha1.ApprovalRequired, people: by("", "ann"), late: true,
			wantReason:  v1alpha1.ReasonApprovalNotEnforced,
			wantMessage: "AuroraCluster game requires approval, and this object was created at 2023-12-23T14:10:00Z, which is not a minute after the ValidatingAdmissionPolicy aurora-backtrack-annotations was installed or last changed, at 2023-12-23T14:10:01Z" + again,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := harness.New(t)
			env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.Policy.Approval = test.approval })
			b := harness.NewBacktrack("undo")
			b.Annotations = test.people
			if test.late {
				env.Create(b)
				env.Clock.Step(time.Second)
			}
			policies := harness.AdmissionPolicies(t)
			if test.policies != nil {
				policies = test.policies(policies)
			}
			for _, p := range policies {
				env.Create(p)
			}
			if !test.late {
				if !test.soon {
					env.Clock.Step(time.Minute)
				}
				env.Create(b)
			}
			o := env.NewOperator(nil)
			if test.wantReason == "" {
				if end := o.Finish("undo"); env.AcceptedCalls() != 1 {
					t.Errorf("RDS accepted %d backtracks, want 1: %+v", env.AcceptedCalls(), end.Status.Conditions)
				}
				return
			}
			o.WaitFor("undo", v1alpha1.ConditionAdmitted, test.wantReason)
			for range 20 {
				o.Clock.Step(o.ReconcileAll())
			}
			got := o.WaitFor("undo", v1alpha1.ConditionAdmitted, test.wantReason)
			if message := harness.Condition(got, v1alpha1.ConditionAdmitted).Message; message != test.wantMessage {
				t.Errorf("the message is %q,\nwant %q", message, test.wantMessage)
			}
			if env.Calls() != 0 {
				t.Errorf("RDS was asked %d times", env.Calls())
			}
		})
	}
}

func TestApprovalThatIsWithdrawnWhileItQueues(t *testing.T) {
	env := harness.New(t)
	env.Create(harness.NewBacktrack("first"))
	env.Clock.Step(time.Second)
	env.Create(harness.NewBacktrack("second"))
	o := env.NewOperator(nil)
	o.WaitFor("second", v1alpha1.ConditionAdmitted, v1alpha1.ReasonQueued)
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{} })
	if b := o.Finish("second"); harness.Condition(b, v1alpha1.ConditionSucceeded).Reason != v1alpha1.ReasonNamespaceNotAllowed {
		t.Errorf("second ended with %+v, want NamespaceNotAllowed", harness.Condition(b, v1alpha1.ConditionSucceeded))
	}
	o.Finish("first")
	if env.AcceptedCalls() != 1 {
		t.Errorf("RDS accepted %d backtracks, want the first one only", env.AcceptedCalls())
	}
}

func TestStartsOnlyInsideAWindow(t *testing.T) {
	env := harness.New(t) // it is 14:10 on a Saturday
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) {
		c.Spec.Policy.Windows = []v1alpha1.StartWindow{{Schedule: "30 14 * * *", Duration: "1h", TimeZone: "Etc/UTC"}}
	})
	env.Create(harness.NewBacktrack("undo"))
	o := env.NewOperator(nil)
	b := o.WaitFor("undo", v1alpha1.ConditionAdmitted, v1alpha1.ReasonOutsideWindow)
	const want = "AuroraCluster game allows no start now; the next window opens at 2023-12-23T14:30:00Z (policy.windows)"
	if got := harness.Condition(b, v1alpha1.ConditionAdmitted).Message; got != want {
		t.Errorf("the message is %q, want %q", got, want)
	}
	b = o.Finish("undo")
	opens := time.Date(2023, 12, 23, 14, 30, 0, 0, time.UTC)
	if began := b.Status.StartedAt.Time(); began.Before(opens) || began.After(opens.Add(30*time.Second)) || env.AcceptedCalls() != 1 {
		t.Errorf("it started at %s with %d backtracks, want it right after %s, once", began, env.AcceptedCalls(), opens)
	}
}
