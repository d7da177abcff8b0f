package workload

import (
	"testing"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestRedact(t *testing.T) {
	deps := []v1alpha1.DependentStatus{
		{Kind: "Deployment", Namespace: "secret", Name: "api", State: v1alpha1.DependentPausing, Message: "waiting for pod api-abc-1 to end"},
		{Kind: "Deployment", Namespace: "game", Name: "api", State: v1alpha1.DependentPaused, Message: "mine"},
		{Kind: "StatefulSet", Namespace: "secret", Name: "api-2", State: v1alpha1.DependentPaused},
	}
	shown := Redact(deps, "game")
	if got := shown[0]; got.Namespace != hiddenNamespace || got.Name != "hidden-1" || got.Message != "" || got.Kind != "Deployment" || got.State != v1alpha1.DependentPausing {
		t.Errorf("another namespace's: %+v", got)
	}
	if shown[1] != deps[1] || shown[2].Name != "hidden-3" {
		t.Errorf("shown %+v", shown)
	}
	if deps[0].Name != "api" {
		t.Error("the list itself was changed")
	}
	text := "pause Deployment secret/api: denied; Deployment game/api and StatefulSet secret/api-2 wait"
	want := "pause Deployment hidden-1 of another namespace: denied; Deployment game/api and StatefulSet hidden-3 of another namespace wait"
	if got := RedactText(text, deps, "game"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
