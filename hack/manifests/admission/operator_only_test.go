package admission_test

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestOperatorOnly: even a user to whom RBAC refuses nothing writes neither status nor finalizer.
func TestOperatorOnly(t *testing.T) {
	const (
		status    = `the status is written only by the operator (system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager), not by linus@example.com: to change what happens, change spec.suspend or spec.cancel, or create a new AuroraBacktrack`
		finalizer = `the finalizer aurora-backtrack.io/cleanup is set and removed only by the operator (system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager): it keeps the object until what it began is brought to its end. If the operator is gone for good, delete the ValidatingAdmissionPolicyBinding aurora-backtrack-operator-only first`
	)
	almightyUser := as(t, "linus@example.com", almighty)
	object := func() *unstructured.Unstructured { return backtrack("mine") }
	held := func() *unstructured.Unstructured {
		return with(object(), set("metadata.finalizers", []any{v1alpha1.Finalizer, "example.com/other"}))
	}
	for name, test := range map[string]struct {
		object *unstructured.Unstructured
		change edit
		status bool
		want   string
	}{
		"success": {object: object(), status: true, change: condition("2023-12-23T14:10:00Z"), want: status},
		"claim": {
			object: object(), status: true, want: status,
			change: set("status.claim", map[string]any{
				"claimedAt": "2023-12-23T14:10:00Z", "backtrackTo": "2023-12-23T13:55:00Z", "attempt": int64(1),
			}),
		},
		"lock": {
			object: cluster("game"), status: true, want: status,
			change: set("status.activeBacktrack", map[string]any{"namespace": "game", "name": "mine", "uid": "1"}),
		},
		"ledger": {
			object: cluster("game"), status: true, want: status,
			change: set("status.backtracks", []any{map[string]any{"id": "1", "status": "completed"}}),
		},
		"finalizer added": {
			object: object(), want: finalizer, change: set("metadata.finalizers", []any{v1alpha1.Finalizer}),
		},
		"finalizer removed":       {object: held(), want: finalizer, change: unset("metadata.finalizers")},
		"other finalizer removed": {object: held(), change: set("metadata.finalizers", []any{v1alpha1.Finalizer})},
		"spec":                    {object: object(), change: set("spec.cancel", true)},
		"policy":                  {object: cluster("game"), change: set("spec.policy.allowForce", true)},
	} {
		t.Run(name, func(t *testing.T) {
			stored := create(t, server.admin, test.object)
			t.Cleanup(func() { release(t, stored) })
			for _, writer := range []struct {
				who  string
				c    client.Client
				want string
			}{{"somebody", almightyUser, test.want}, {"the operator", operator(t), ""}} {
				changed := with(stored.DeepCopy(), test.change)
				patch := client.MergeFrom(stored)
				err := writer.c.Patch(t.Context(), changed, patch, client.DryRunAll)
				if test.status {
					err = writer.c.Status().Patch(t.Context(), changed, patch, client.DryRunAll)
				}
				if got := told(err); got != writer.want {
					t.Errorf("%s is told:\n%s\nwant:\n%s", writer.who, got, writer.want)
				}
			}
		})
	}
}

// TestUndo: only the operator creates the undo of a rewind, and that needs no approval.
func TestUndo(t *testing.T) {
	const want = `spec.undoOf is set only by the operator (system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager), on the undo of a rewind whose check failed: to undo a rewind by hand, create an AuroraBacktrack without it to the time in status.backtrack.backtrackedFrom`
	create(t, server.admin, cluster("guarded", set("spec.policy.approval", "RequiredFromAnother")))
	undo := func(edits ...edit) *unstructured.Unstructured {
		of := set("spec.undoOf", map[string]any{"name": "mine", "uid": "1"})
		return backtrack("mine-undo", append([]edit{of, set("spec.clusterRef.name", "guarded")}, edits...)...)
	}
	if got := told(as(t, "linus@example.com", almighty).Create(t.Context(), undo(), client.DryRunAll)); got != want {
		t.Errorf("somebody is told:\n%s\nwant:\n%s", got, want)
	}
	if err := server.admin.Create(t.Context(), undo(), client.DryRunAll); told(err) != want {
		t.Errorf("root is told: %v", err)
	}
	creator := operator(t)
	if err := creator.Create(t.Context(), undo(), client.DryRunAll); err != nil {
		t.Errorf("the operator is told: %v", err)
	}
	const held = `spec: Invalid value: an undo can't be suspended, and nobody checks it: to stop it before RDS is asked, set cancel`
	if err := creator.Create(t.Context(), undo(set("spec.suspend", true)), client.DryRunAll); told(err) != held {
		t.Errorf("of a suspended undo the operator is told: %v", err)
	}
}

// release takes all finalizers from an object, as the operator, so that it can go.
func release(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	if len(object.GetFinalizers()) == 0 {
		return
	}
	released := with(object.DeepCopy(), unset("metadata.finalizers"))
	if err := operator(t).Patch(context.Background(), released, client.MergeFrom(object)); err != nil {
		t.Errorf("releasing %s: %v", object.GetName(), err)
	}
}
