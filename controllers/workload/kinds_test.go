package workload

import (
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
)

// A kind is its file, which names its rights, its line in kinds.go, a row in the test of pausing and resuming, and its
// mention where people read of kinds or the uninstallation looks for them. What it lacks fails here.
func TestEveryKindIsComplete(t *testing.T) {
	role, err := os.ReadFile("../../config/rbac/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mentions := map[string]string{}
	for _, file := range []string{"docs/auroracluster.md", "docs/install.md", "config/uninstall.sh"} {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		mentions[file] = string(text)
	}
	for _, k := range builtIn {
		t.Run(k.gvk.Kind, func(t *testing.T) {
			f := k.pauseField
			if len(f.path) == 0 || f.paused == nil || f.valid == nil || f.fallback == nil || !f.valid(nil) {
				t.Error("its pause field is not complete")
			}
			if k.progress == nil || k.unsupported == nil {
				t.Error("it lacks progress or unsupported")
			}
			if (k.restart == nil) != k.startsAnew {
				t.Error("it must either be restarted or start anew")
			}
			if (k.pods == nil) == (k.running == nil) && !k.isAutoscaler() {
				t.Error("it must have pods of its own, or say what runs")
			}
			if (k.running == nil) != (k.endRunning == nil) {
				t.Error("running and endRunning belong together")
			}
			if _, tested := kinds[k.gvk.Kind]; !tested && !k.isAutoscaler() {
				t.Error("TestPauseAndResumeEveryKind has no row for it")
			}
			plural, _ := meta.UnsafeGuessKindToResource(k.gvk)
			source, err := os.ReadFile(strings.ToLower(k.gvk.Kind) + ".go")
			if err != nil {
				t.Fatal(err)
			}
			if marker := "// +kubebuilder:rbac:groups=" + k.gvk.Group + ",resources=" + plural.Resource + ",verbs=get;list;patch"; !strings.Contains(string(source), marker) {
				t.Errorf("its file lacks %s", marker)
			}
			if !strings.Contains(string(source), "What a pause takes away") {
				t.Error("its file does not say what a pause takes away")
			}
			if !strings.Contains(string(role), "- "+plural.Resource+"\n") {
				t.Error("config/rbac/role.yaml lacks it: run make manifests")
			}
			for file, text := range mentions {
				if !strings.Contains(text, k.gvk.Kind) && !strings.Contains(text, plural.Resource+"."+k.gvk.Group) {
					t.Errorf("%s does not mention it", file)
				}
			}
		})
	}
}
