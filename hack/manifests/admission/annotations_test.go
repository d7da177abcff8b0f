package admission_test

import (
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func approvedBy(user string) edit { return annotation(v1alpha1.ApprovedByAnnotation, user) }

// TestAnnotations: who asked and who approved is the truth also where no AuroraCluster asks for approval yet.
func TestAnnotations(t *testing.T) {
	everybody := newPeople(t)
	askFor(t, v1alpha1.ApprovalNone, everybody)
	const (
		notAtCreation = `the annotation aurora-backtrack.io/approved-by cannot be set when an AuroraBacktrack is created: create it without, with spec.suspend: true; who approves it sets the annotation and spec.suspend: false together`
		notAnApprover = `approving takes the verb approve on AuroraCluster "game", which "ada@example.com" does not have: ask somebody who has it (ClusterRole aurora-backtrack-approver)`
		asGrace       = `to approve, set the annotation aurora-backtrack.io/approved-by to your own user name, "grace@example.com", together with spec.suspend: false`
		asEdsger      = `to approve, set the annotation aurora-backtrack.io/approved-by to your own user name, "edsger@example.com", together with spec.suspend: false`
		asked         = `the annotation aurora-backtrack.io/requested-by cannot be changed: it was "ada@example.com" when the AuroraBacktrack was created, and stays so`
	)
	for name, test := range map[string]struct {
		// created by Ada, with these edits, then approved by Grace if so, and changed by somebody.
		created  []edit
		approved bool
		by       string
		change   []edit
		want     string
	}{
		"approved at creation":    {created: []edit{approvedBy(grace)}, want: notAtCreation},
		"approved by oneself":     {created: []edit{approvedBy(ada)}, want: notAtCreation},
		"asked in one's own name": {created: []edit{askedBy(ada)}},
		"asked in nobody's name":  {},
		"asked in another's name": {
			created: []edit{askedBy(grace)},
			want:    `the annotation aurora-backtrack.io/requested-by says "grace@example.com", but you are "ada@example.com": write your own user name, or leave it out`,
		},
		"name of the asker changed": {created: []edit{askedBy(ada)}, by: grace, change: []edit{askedBy(grace)}, want: asked},
		"name of the asker removed": {created: []edit{askedBy(ada)}, by: ada, change: []edit{askedBy("")}, want: asked},
		"name of the asker added": {
			by: ada, change: []edit{askedBy(ada)},
			want: `the annotation aurora-backtrack.io/requested-by cannot be changed: it was "" when the AuroraBacktrack was created, and stays so`,
		},
		"approver added by a stranger":         {by: ada, change: []edit{approvedBy(ada)}, want: notAnApprover},
		"approver added in another's name":     {by: ada, change: []edit{approvedBy(grace)}, want: notAnApprover},
		"approver added":                       {by: grace, change: []edit{approvedBy(grace)}},
		"approver adds another":                {by: grace, change: []edit{approvedBy(edsger)}, want: asGrace},
		"approver changed by a stranger":       {approved: true, by: ada, change: []edit{approvedBy(ada)}, want: notAnApprover},
		"approver removed by a stranger":       {approved: true, by: ada, change: []edit{approvedBy("")}, want: notAnApprover},
		"approver changed by another approver": {approved: true, by: edsger, change: []edit{approvedBy(edsger)}},
		"approver removed by another approver": {approved: true, by: edsger, change: []edit{approvedBy("")}, want: asEdsger},
		"other annotations":                    {approved: true, by: ada, change: []edit{annotation("a", "b")}},
	} {
		t.Run(name, func(t *testing.T) {
			object := backtrack("annotated", test.created...)
			if test.by == "" {
				if got := told(everybody[ada].Create(t.Context(), object)); got != test.want {
					t.Errorf("told:\n%s\nwant:\n%s", got, test.want)
				} else if got == "" {
					remove(t, object)
				}
				return
			}
			create(t, everybody[ada], object)
			if test.approved {
				if err := everybody[grace].Update(t.Context(), with(object, approvedBy(grace))); err != nil {
					t.Fatal(err)
				}
			}
			if got := told(everybody[test.by].Update(t.Context(), with(object, test.change...))); got != test.want {
				t.Errorf("told:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}
