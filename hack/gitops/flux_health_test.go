package gitops_test

import (
	"slices"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/runtime/cel"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestHealthCheckExprs evaluates the page's expressions with Flux's own library on every status that the reconcilers wrote: a
// rewind that waits for a person is current; all else reads as kstatus reads it.
func TestHealthCheckExprs(t *testing.T) {
	checks := kustomizations(t, "flux-suspended-rewinds.yaml")[0].Spec.HealthCheckExprs
	if len(checks) != 1 || checks[0].APIVersion != v1alpha1.GroupVersion.String() || checks[0].Kind != "AuroraBacktrack" {
		t.Fatalf("the checks are %+v", checks)
	}
	evaluator, err := cel.NewStatusEvaluator(&checks[0].HealthCheckExpressions)
	if err != nil {
		t.Fatal(err)
	}
	waiting := 0
	for _, v := range recorded(t) {
		if v.kind() != "AuroraBacktrack" || v.object.GetDeletionTimestamp() != nil { // Flux does not wait for what it deletes
			continue
		}
		want, err := status.Compute(v.object)
		if err != nil {
			t.Fatal(err)
		}
		_, reason, _ := v.condition(v1alpha1.ConditionSucceeded)
		if !v.stale() && !v.finished() && slices.Contains([]string{v1alpha1.ReasonSuspended, v1alpha1.ReasonApprovalRequired}, reason) {
			waiting++
			want.Status = status.CurrentStatus
		}
		got, err := evaluator.Evaluate(t.Context(), v.object)
		if err != nil {
			t.Fatalf("%s: %v", v.run, err)
		}
		if got.Status != want.Status {
			t.Errorf("%s: the expressions read %s, want %s (%s)", v.run, got.Status, want.Status, reason)
		}
	}
	if waiting == 0 {
		t.Error("no rewind ever waited for a person: the runs show nothing")
	}
}

// TestFluxOrder: the Kustomization of the application waits for that of the rewinds, which waits for objects of the page; a
// suspended rewind holds up nobody.
func TestFluxOrder(t *testing.T) {
	names := map[string]bool{}
	for _, name := range []string{"rewinds/undo-bad-migration.yaml", "waves.yaml"} {
		for _, object := range documents(t, name) {
			names[object.GetKind()+"/"+object.GetNamespace()+"/"+object.GetName()] = true
		}
	}
	all := kustomizations(t, "flux-rewinds.yaml")
	rewinds, game := all[0], all[1]
	for _, check := range rewinds.Spec.HealthChecks {
		if !names[check.Kind+"/"+check.Namespace+"/"+check.Name] || check.APIVersion != v1alpha1.GroupVersion.String() {
			t.Errorf("the page has no %+v", check)
		}
	}
	waitsFor := func(k kustomizev1.Kustomization, name string) bool {
		for _, d := range k.Spec.DependsOn {
			if d.Name == name {
				return true
			}
		}
		return false
	}
	if len(rewinds.Spec.HealthChecks) == 0 || !waitsFor(game, rewinds.Name) {
		t.Errorf("%s does not wait for the rewinds: %+v", game.Name, game.Spec.DependsOn)
	}
	suspended := kustomizations(t, "flux-suspended-rewinds.yaml")[0]
	if waitsFor(game, suspended.Name) || waitsFor(rewinds, suspended.Name) || !suspended.Spec.Wait {
		t.Errorf("%s is waited for", suspended.Name)
	}
}
