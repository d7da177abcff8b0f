package workload

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func TestMarksOfOthers(t *testing.T) {
	const foreignOwner = `{"owner":"somebody-else","restore":9}`
	tests := map[string]struct {
		mark                  string
		wantPause, wantResume string
		wantState             v1alpha1.DependentState
	}{
		"another owner": {foreignOwner, "another AuroraBacktrack", "another AuroraBacktrack", v1alpha1.DependentSkipped},
		"no JSON":       {"yes", "cannot be read", "cannot be read", v1alpha1.DependentFailed},
		"empty":         {"", "cannot be read", "cannot be read", v1alpha1.DependentFailed},
		"no owner":      {`{"restore":9}`, "names no owner", "names no owner", v1alpha1.DependentFailed},
		"a list":        {`["` + owner + `"]`, "cannot be read", "cannot be read", v1alpha1.DependentFailed},
		"negative":      {`{"owner":"` + owner + `","restore":-1}`, "no value of spec.replicas", "no value of spec.replicas", v1alpha1.DependentFailed},
		"too large":     {`{"owner":"` + owner + `","restore":99999999999}`, "no value of spec.replicas", "no value of spec.replicas", v1alpha1.DependentFailed},
		"a fraction":    {`{"owner":"` + owner + `","restore":1.5}`, "no value of spec.replicas", "no value of spec.replicas", v1alpha1.DependentFailed},
		"an object":     {`{"owner":"` + owner + `","restore":{"a":1}}`, "no value of spec.replicas", "no value of spec.replicas", v1alpha1.DependentFailed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.deployment("api", 0)
			edit(w, d, "user", func(d *appsv1.Deployment) { d.Annotations = map[string]string{v1alpha1.PausedAnnotation: test.mark} })
			version := d.ResourceVersion
			deps := []v1alpha1.DependentStatus{w.dep("Deployment", "api", v1alpha1.StrategyPause, nil)}
			if done, err := w.workloads.Pause(w.ctx(), owner, deps, false); done || err == nil || !strings.Contains(err.Error(), test.wantPause) {
				t.Errorf("Pause: done %v, %v; want %q", done, err, test.wantPause)
			}
			if err := w.workloads.Verify(w.ctx(), owner, deps); err == nil || !strings.Contains(err.Error(), test.wantPause) {
				t.Errorf("Verify: %v; want %q", err, test.wantPause)
			}
			w.resumeRound(deps)
			if deps[0].State != test.wantState || !strings.Contains(deps[0].Message, test.wantResume) {
				t.Errorf("Resume: %s: %s; want %s: %q", deps[0].State, deps[0].Message, test.wantState, test.wantResume)
			}
			if !strings.Contains(deps[0].Message, "remove the annotation") {
				t.Errorf("message %q has no remedy", deps[0].Message)
			}
			if fresh(w, d).ResourceVersion != version {
				t.Error("it was written")
			}
		})
	}
}
