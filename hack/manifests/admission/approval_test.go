package admission_test

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// askFor stores the AuroraCluster "game" with that approval, and waits until the policies heed it and the people's
// roles are known.
func askFor(t *testing.T, approval v1alpha1.Approval, everybody people) {
	t.Helper()
	create(t, server.admin, cluster("game", set("spec.policy.approval", string(approval))))
	eventually(t, "for the policy to heed AuroraCluster game", func(ctx context.Context) bool {
		refused := server.admin.Create(ctx, backtrack("probe"), client.DryRunAll) != nil
		return refused == (approval != v1alpha1.ApprovalNone)
	})
	for user, c := range everybody {
		eventually(t, "for the roles of "+user, func(ctx context.Context) bool {
			return c.List(ctx, &v1alpha1.AuroraBacktrackList{}, client.InNamespace(namespace)) == nil
		})
	}
	for _, user := range []string{grace, edsger} {
		eventually(t, "for the approver's role of "+user, func(ctx context.Context) bool {
			return everybody[user].List(ctx, &v1alpha1.AuroraClusterList{}) == nil
		})
	}
}

var suspended = set("spec.suspend", true)

// lift is how an approver approves: both in one write.
func lift(approver string) []edit {
	return []edit{set("spec.suspend", false), annotation(v1alpha1.ApprovedByAnnotation, approver)}
}

func askedBy(user string) edit { return annotation(v1alpha1.RequestedByAnnotation, user) }

func TestApprovalAtCreation(t *testing.T) {
	everybody := newPeople(t)
	for name, test := range map[string]struct {
		approval v1alpha1.Approval
		edits    []edit
		want     string
	}{
		"None, running":   {approval: v1alpha1.ApprovalNone},
		"None, suspended": {approval: v1alpha1.ApprovalNone, edits: []edit{suspended}},
		"Required, running": {
			approval: v1alpha1.ApprovalRequired,
			want:     `AuroraCluster "game" requires approval: create the AuroraBacktrack with spec.suspend: true; it then shows its plan and waits for an approver`,
		},
		"Required, suspended": {approval: v1alpha1.ApprovalRequired, edits: []edit{suspended}},
		"RequiredFromAnother, running": {
			approval: v1alpha1.ApprovalRequiredFromAnother, edits: []edit{askedBy(ada)},
			want: `AuroraCluster "game" requires approval: create the AuroraBacktrack with spec.suspend: true; it then shows its plan and waits for an approver`,
		},
		"RequiredFromAnother, nameless": {
			approval: v1alpha1.ApprovalRequiredFromAnother, edits: []edit{suspended},
			want: `AuroraCluster "game" requires approval from another person: set the annotation aurora-backtrack.io/requested-by: "ada@example.com", so that it is known who asked`,
		},
		"RequiredFromAnother, named": {approval: v1alpha1.ApprovalRequiredFromAnother, edits: []edit{suspended, askedBy(ada)}},
		"RequiredFromAnother, other name": {
			approval: v1alpha1.ApprovalRequiredFromAnother, edits: []edit{suspended, askedBy(grace)},
			want: `the annotation aurora-backtrack.io/requested-by says "grace@example.com", but you are "ada@example.com": write your own user name, or leave it out`,
		},
		"other cluster, running": {
			approval: v1alpha1.ApprovalRequired, edits: []edit{set("spec.clusterRef.name", "another")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			askFor(t, test.approval, everybody)
			err := everybody[ada].Create(t.Context(), backtrack("asked", test.edits...), client.DryRunAll)
			if got := told(err); got != test.want {
				t.Errorf("told:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

func TestApproval(t *testing.T) {
	everybody := newPeople(t)
	for name, test := range map[string]struct {
		approval v1alpha1.Approval
		by       string
		edits    []edit
		approver string
		change   []edit
		want     string
	}{
		"None, by the one who asked": {
			approval: v1alpha1.ApprovalNone, by: ada, approver: ada, change: []edit{set("spec.suspend", false)},
		},
		"Required, by the one who asked": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: ada, change: []edit{set("spec.suspend", false)},
			want: `approving takes the verb approve on AuroraCluster "game", which "ada@example.com" does not have: ask somebody who has it (ClusterRole aurora-backtrack-approver)`,
		},
		"Required, by the one who asked, in their name": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: ada, change: lift(ada),
			want: `approving takes the verb approve on AuroraCluster "game", which "ada@example.com" does not have: ask somebody who has it (ClusterRole aurora-backtrack-approver)`,
		},
		"Required, by the one who asked, in another's name": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: ada, change: lift(grace),
			want: `approving takes the verb approve on AuroraCluster "game", which "ada@example.com" does not have: ask somebody who has it (ClusterRole aurora-backtrack-approver)`,
		},
		"Required, by an approver of another cluster": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: barbara, change: lift(barbara),
			want: `approving takes the verb approve on AuroraCluster "game", which "barbara@example.com" does not have: ask somebody who has it (ClusterRole aurora-backtrack-approver)`,
		},
		"Required, by an approver": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: grace, change: lift(grace),
		},
		"Required, by an approver without a name": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: grace, change: []edit{set("spec.suspend", false)},
			want: `to approve, set the annotation aurora-backtrack.io/approved-by to your own user name, "grace@example.com", together with spec.suspend: false`,
		},
		"Required, by an approver in another's name": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: grace, change: lift(edsger),
			want: `to approve, set the annotation aurora-backtrack.io/approved-by to your own user name, "grace@example.com", together with spec.suspend: false`,
		},
		"Required, by an approver who asked": {
			approval: v1alpha1.ApprovalRequired, by: grace, approver: grace, change: lift(grace),
		},
		"RequiredFromAnother, by an approver": {
			approval: v1alpha1.ApprovalRequiredFromAnother, by: ada, edits: []edit{askedBy(ada)}, approver: grace, change: lift(grace),
		},
		"RequiredFromAnother, by an approver who asked": {
			approval: v1alpha1.ApprovalRequiredFromAnother, by: grace, edits: []edit{askedBy(grace)}, approver: grace, change: lift(grace),
			want: `AuroraCluster "game" requires approval from another person, and "grace@example.com" asked for this AuroraBacktrack: another approver must set spec.suspend: false`,
		},
		"RequiredFromAnother, by another approver than the one who asked": {
			approval: v1alpha1.ApprovalRequiredFromAnother, by: grace, edits: []edit{askedBy(grace)}, approver: edsger, change: lift(edsger),
		},
		"RequiredFromAnother, by the one who asked": {
			approval: v1alpha1.ApprovalRequiredFromAnother, by: ada, edits: []edit{askedBy(ada)}, approver: ada, change: lift(ada),
			want: `approving takes the verb approve on AuroraCluster "game", which "ada@example.com" does not have: ask somebody who has it (ClusterRole aurora-backtrack-approver)`,
		},
		"cancelled by the one who asked": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: ada, change: []edit{set("spec.cancel", true)},
		},
		"labelled by the one who asked": {
			approval: v1alpha1.ApprovalRequired, by: ada, approver: ada,
			change: []edit{set("metadata.labels", map[string]any{"a": "b"})},
		},
	} {
		t.Run(name, func(t *testing.T) {
			askFor(t, test.approval, everybody)
			object := create(t, everybody[test.by], backtrack("asked", append([]edit{suspended}, test.edits...)...))
			err := everybody[test.approver].Update(t.Context(), with(object, test.change...))
			if got := told(err); got != test.want {
				t.Errorf("told:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// TestApprovalOfOldObjects: the AuroraCluster asked for nothing when the object was created, and asks now.
func TestApprovalOfOldObjects(t *testing.T) {
	everybody := newPeople(t)
	askFor(t, v1alpha1.ApprovalNone, everybody)
	object := create(t, everybody[ada], backtrack("old", suspended))
	game := cluster("game")
	key := client.ObjectKeyFromObject(game)
	if err := server.admin.Get(t.Context(), key, game); err != nil {
		t.Fatal(err)
	}
	if err := server.admin.Update(t.Context(), with(game, set("spec.policy.approval", "RequiredFromAnother"))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "for the policy to heed the change", func(ctx context.Context) bool {
		return server.admin.Create(ctx, backtrack("probe"), client.DryRunAll) != nil
	})
	for name, want := range map[string]string{
		ada:   `approving takes the verb approve on AuroraCluster "game", which "ada@example.com" does not have: ask somebody who has it (ClusterRole aurora-backtrack-approver)`,
		grace: `AuroraCluster "game" requires approval from another person, and it is not known who asked: delete this AuroraBacktrack and create it again with the annotation aurora-backtrack.io/requested-by`,
	} {
		lifted := with(object.DeepCopy(), lift(name)...)
		if name == ada {
			lifted = with(object.DeepCopy(), set("spec.suspend", false))
		}
		if got := told(everybody[name].Update(t.Context(), lifted)); got != want {
			t.Errorf("%s is told:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

// TestApprovalOnceMore: who suspends an approved object again needs a new approval.
func TestApprovalOnceMore(t *testing.T) {
	everybody := newPeople(t)
	askFor(t, v1alpha1.ApprovalRequired, everybody)
	object := create(t, everybody[ada], backtrack("again", suspended))
	steps := []struct {
		by   string
		does []edit
		want string
	}{
		{by: grace, does: lift(grace)},
		{by: ada, does: []edit{suspended}},
		{by: ada, does: []edit{set("spec.suspend", false)}, want: "approving takes the verb approve on AuroraCluster \"game\", which \"ada@example.com\" does not have: ask somebody who has it (ClusterRole aurora-backtrack-approver)"},
		{by: edsger, does: lift(edsger)},
	}
	for i, step := range steps {
		changed := &unstructured.Unstructured{Object: object.DeepCopy().Object}
		if got := told(everybody[step.by].Update(t.Context(), with(changed, step.does...))); got != step.want {
			t.Errorf("step %d, %s is told:\n%s\nwant:\n%s", i, step.by, got, step.want)
		} else if got == "" {
			object = changed
		}
	}
}
