package gitops_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// customizations is the directory that is laid out as Argo CD's resource_customizations is.
var customizations = filepath.Join(root, "config", "argocd")

var kinds = []string{"AuroraBacktrack", "AuroraCluster"}

// actionNames are the actions that there are. Approving is none: Argo CD would do it in its own name.
var actionNames = []string{"cancel", "start", "undo"}

// script reads a script of a kind.
func script(t *testing.T, kind string, path ...string) string {
	t.Helper()
	return file(t, append([]string{customizations, v1alpha1.GroupVersion.Group, kind}, path...)...)
}

func file(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestHealthFiles runs every health_test.yaml as Argo CD's own test does, so that the files can be contributed unchanged.
func TestHealthFiles(t *testing.T) {
	for _, kind := range kinds {
		directory := filepath.Join(customizations, v1alpha1.GroupVersion.Group, kind)
		var tests struct {
			Tests []struct {
				InputPath    string `json:"inputPath"`
				HealthStatus health `json:"healthStatus"`
			} `json:"tests"`
		}
		parse(t, file(t, directory, "health_test.yaml"), &tests)
		seen := map[string]bool{}
		for _, test := range tests.Tests {
			seen[test.HealthStatus.Status] = true
			t.Run(kind+"/"+test.InputPath, func(t *testing.T) {
				got, err := healthOf(object(t, directory, test.InputPath), script(t, kind, "health.lua"))
				if err != nil || got != test.HealthStatus {
					t.Errorf("it reads %+v (error %v), want %+v", got, err, test.HealthStatus)
				}
			})
		}
		for _, want := range []string{"Progressing", "Healthy", "Degraded"} {
			if !seen[want] {
				t.Errorf("%s has no test that reads %s", kind, want)
			}
		}
	}
}

// TestActionFiles runs action_test.yaml as Argo CD's own test does, and holds what that one does not: every action that is
// found is expected, and every one that is expected is found.
func TestActionFiles(t *testing.T) {
	directory := filepath.Join(customizations, v1alpha1.GroupVersion.Group, "AuroraBacktrack", "actions")
	var tests struct {
		DiscoveryTests []struct {
			InputPath string   `json:"inputPath"`
			Result    []action `json:"result"`
		} `json:"discoveryTests"`
		ActionTests []struct {
			Action               string `json:"action"`
			InputPath            string `json:"inputPath"`
			ExpectedOutputPath   string `json:"expectedOutputPath"`
			ExpectedErrorMessage string `json:"expectedErrorMessage"`
		} `json:"actionTests"`
	}
	parse(t, file(t, directory, "action_test.yaml"), &tests)
	for _, test := range tests.DiscoveryTests {
		t.Run("discovery/"+test.InputPath, func(t *testing.T) {
			got, err := discover(object(t, directory, test.InputPath), file(t, directory, "discovery.lua"))
			want := map[string]action{}
			for _, a := range test.Result {
				want[a.Name] = a
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("it offers %+v (error %v), want %+v", got, err, want)
			}
		})
	}
	ran := map[string]bool{}
	for _, test := range tests.ActionTests {
		ran[test.Action] = true
		t.Run(test.Action+"/"+test.InputPath, func(t *testing.T) {
			impacts, err := act(object(t, directory, test.InputPath), file(t, directory, test.Action, "action.lua"))
			if test.ExpectedErrorMessage != "" {
				if err == nil || err.Error() != test.ExpectedErrorMessage {
					t.Errorf("the error is %v, want %q", err, test.ExpectedErrorMessage)
				}
				return
			}
			if err != nil || len(impacts) != 1 {
				t.Fatalf("it does %+v (error %v), want one thing", impacts, err)
			}
			want := impact{"patch", nil}
			if expected := file(t, directory, test.ExpectedOutputPath); strings.HasPrefix(expected, "-") {
				var list []struct {
					Operation string         `json:"k8sOperation"`
					Object    map[string]any `json:"unstructuredObj"`
				}
				parse(t, expected, &list)
				want = impact{list[0].Operation, &unstructured.Unstructured{Object: list[0].Object}}
			} else {
				want.Resource = object(t, directory, test.ExpectedOutputPath)
			}
			if impacts[0].Operation != want.Operation || !sameJSON(t, impacts[0].Resource, want.Resource) {
				t.Errorf("it does\n%s\nwant\n%s", inYAML(t, impacts[0]), inYAML(t, want))
			}
		})
	}
	for _, name := range actionNames {
		if !ran[name] {
			t.Errorf("no test runs %s", name)
		}
	}
}

// TestHealthAgreesWithKStatus: Argo CD and Flux read the same from every status that the reconcilers wrote.
func TestHealthAgreesWithKStatus(t *testing.T) {
	want := map[status.Status][]string{
		status.CurrentStatus: {"Healthy"}, status.FailedStatus: {"Degraded"}, status.TerminatingStatus: {"Progressing"},
		status.InProgressStatus: {"Progressing", "Suspended"},
	}
	for _, v := range recorded(t) {
		read, err := status.Compute(v.object)
		if err != nil {
			t.Fatal(err)
		}
		got, err := healthOf(v.object, script(t, v.kind(), "health.lua"))
		if err != nil {
			t.Fatalf("%s: %v", v.run, err)
		}
		fits := false
		for _, w := range want[read.Status] {
			fits = fits || got.Status == w
		}
		if !fits || got.Message == "" {
			t.Errorf("%s: kstatus reads %s, health.lua %+v", v.run, read.Status, got)
		}
		if _, reason, _ := v.condition(v.root()); got.Status == "Suspended" && reason != v1alpha1.ReasonSuspended && reason != v1alpha1.ReasonApprovalRequired {
			t.Errorf("%s: it reads Suspended with the reason %s", v.run, reason)
		}
	}
}

// TestActionsOnEverything: on every status that the reconcilers wrote the scripts say something sensible.
func TestActionsOnEverything(t *testing.T) {
	offered := map[string]int{}
	for _, v := range recorded(t) {
		if v.kind() != "AuroraBacktrack" {
			continue
		}
		found, err := discover(v.object, script(t, v.kind(), "actions", "discovery.lua"))
		if err != nil {
			t.Fatalf("%s: %v", v.run, err)
		}
		if len(found) != len(actionNames) {
			t.Errorf("%s: it offers %v, want %v", v.run, found, actionNames)
		}
		for _, name := range actionNames {
			if found[name].Disabled {
				continue
			}
			offered[name]++
			impacts, err := act(v.object, script(t, v.kind(), "actions", name, "action.lua"))
			if err != nil || len(impacts) != 1 {
				t.Fatalf("%s: %s does %+v: %v", v.run, name, impacts, err)
			}
			if name == "undo" && v.record != "completed" {
				t.Errorf("%s: undo is offered while RDS's record reads %q", v.run, v.record)
			}
		}
	}
	for _, name := range actionNames {
		if offered[name] == 0 {
			t.Errorf("%s is never offered", name)
		}
	}
}

// TestScriptLimits: the test gives scripts no more than Argo CD does.
func TestScriptLimits(t *testing.T) {
	empty := &unstructured.Unstructured{Object: map[string]any{}}
	for script, want := range map[string]string{
		`return {string.sub("a", 1)}`:           "attempt to index a non-table object(nil)",
		`return {math.floor(1)}`:                "attempt to index a non-table object(nil)",
		`return {io.open("/etc/passwd")}`:       "attempt to index a non-table object(nil)",
		`os.exit(1) return {}`:                  "attempt to call a non-function object",
		`while true do end return {}`:           "context deadline exceeded",
		`return "Healthy"`:                      "expect table output from Lua script, not string",
		`return {require("os").getenv("HOME")}`: "attempt to call a non-function object",
	} {
		if _, err := runScript(empty, script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
}

func parse(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

func object(t *testing.T, path ...string) *unstructured.Unstructured {
	t.Helper()
	return fromYAML(t, file(t, path...))
}

// fromYAML gives an object whose numbers are what they are in one that an API server gave.
func fromYAML(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return u
}

func parseLoosely(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

func inYAML(t *testing.T, v any) string {
	t.Helper()
	data, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// sameJSON compares objects whose numbers may be integers or floats.
func sameJSON(t *testing.T, a, b *unstructured.Unstructured) bool {
	t.Helper()
	return inYAML(t, a.Object) == inYAML(t, b.Object)
}
