package workload

import (
	"context"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestRedact(t *testing.T) {
	deps := []v1alpha1.DependentStatus{
		{Kind: "Deployment", Namespace: "secret", Name: "api", State: v1alpha1.DependentPausing, Message: "waiting for pod api-abc-1 to end"},
		{Kind: "Deployment", Namespace: "game", Name: "api", State: v1alpha1.DependentPaused, Message: "mine"},
		{Kind: "StatefulSet", Namespace: "secret", Name: "api-2", State: v1alpha1.DependentPaused},
	}
	shown := Redact(deps, "game", owner)
	api, api2 := Alias(owner, "Deployment", "secret", "api"), Alias(owner, "StatefulSet", "secret", "api-2")
	if got := shown[0]; !IsHidden(&got) || got.Name != api || got.Message != "" || got.Kind != "Deployment" || got.State != v1alpha1.DependentPausing {
		t.Errorf("another namespace's: %+v", got)
	}
	if shown[1] != deps[1] || shown[2].Name != api2 || api == api2 {
		t.Errorf("shown %+v", shown)
	}
	if deps[0].Name != "api" {
		t.Error("the list itself was changed")
	}
	if again := Redact(shown, "game", owner); again[0] != shown[0] || again[2] != shown[2] {
		t.Errorf("redacted twice %+v", again)
	}
	if Alias("another", "Deployment", "secret", "api") == api {
		t.Error("two owners have one alias for a workload")
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: "apps", Resource: "deployments"}, "api", errors.New("no Role")).Error()
	for text, want := range map[string]string{
		"pause Deployment secret/api: denied; Deployment game/api and StatefulSet secret/api-2 wait": "pause Deployment " + api + " of another namespace: denied; Deployment game/api and StatefulSet " + api2 + " of another namespace wait",
		"CronJob unlisted/night is paused, and pod night-1 still runs":                               "CronJob " + Alias(owner, "CronJob", "unlisted", "night") + " of another namespace is paused, and a pod still runs",
		"Deployment secret/api: waiting for pod api-abc-1 to end, and pod mine-1":                    "Deployment " + api + " of another namespace: waiting for a pod to end, and pod mine-1",
		"Deployment secret/api: HorizontalPodAutoscaler by-cpu scaled it to zero":                    "Deployment " + api + " of another namespace: a HorizontalPodAutoscaler scaled it to zero",
		"AuroraBacktrack other/undo has the lock of apps/v1":                                         "AuroraBacktrack other/undo has the lock of apps/v1",
		forbidden: strings.ReplaceAll(forbidden, `"api"`, `"(hidden)"`),
	} {
		if got := RedactText(text, deps, "game", owner); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What is hidden is found by its alias, whatever became of its label and its mark. What cannot be looked for is not taken for
// gone.
func TestReveal(t *testing.T) {
	w := newWorld(t)
	d, deps := w.paused()
	gone := w.dep("Deployment", "gone", v1alpha1.StrategyPause, nil)
	widget := w.dep("Widget", "listed", v1alpha1.StrategyPause, func(d *v1alpha1.DependentStatus) { d.APIVersion = "example.com/v1" })
	d.Labels, d.Annotations = nil, nil
	w.must(w.client.Update(w.ctx(), fresh(w, d)))
	hidden := Redact(append(deps, gone, widget), "game", owner)
	cluster := w.cluster(v1alpha1.Dependent{Kind: "Widget", APIVersion: "example.com/v1", Name: "listed"})
	found, err := w.workloads.Reveal(w.ctx(), cluster, owner, hidden)
	w.must(err)
	if len(found) != 2 || found[hidden[0].Name].Name != "api" || found[hidden[2].Name].Namespace != w.namespace {
		t.Errorf("found %v", found)
	}
	if found, err := w.workloads.Reveal(w.ctx(), nil, owner, hidden[:2]); err != nil || len(found) != 1 {
		t.Errorf("without the AuroraCluster: %v, %v", found, err)
	}

	for i := range hidden {
		hidden[i].State = v1alpha1.DependentPaused
	}
	if done, err := w.workloads.Resume(w.ctx(), owner, hidden); done || !errors.Is(err, errHidden) {
		t.Errorf("Resume of what is not known: done %v, %v", done, err)
	}
	if err := w.workloads.Verify(w.ctx(), owner, hidden); !errors.Is(err, errHidden) {
		t.Errorf("Verify of what is not known: %v", err)
	}
	if hidden[1].State = v1alpha1.DependentSkipped; w.workloads.Verify(w.ctx(), owner, hidden[1:2]) != nil {
		t.Error("what was seen to be gone is waited for")
	}

	for name, failure := range passing() {
		w.intercept(interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return failure }})
		if found, err := w.workloads.Reveal(w.ctx(), cluster, owner, hidden[:1]); len(found) > 0 || err == nil {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}
