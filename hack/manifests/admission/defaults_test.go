package admission_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestDefaults: what the shortest objects mean. docs/aurorabacktrack.md and docs/auroracluster.md say the same.
func TestDefaults(t *testing.T) {
	objects := map[string]*unstructured.Unstructured{
		"AuroraBacktrack": backtrack("defaults", set("spec.verify.jobFrom.cronJob", "check")),
		"AuroraCluster":   cluster("defaults"),
	}
	for kind, object := range objects {
		if err := server.admin.Create(t.Context(), object, client.DryRunAll); err != nil {
			t.Fatalf("creating an %s: %v", kind, err)
		}
	}
	for field, want := range map[string]any{
		"AuroraBacktrack.spec.force":                                   false,
		"AuroraBacktrack.spec.useEarliestTimeOnPointInTimeUnavailable": false,
		"AuroraBacktrack.spec.suspend":                                 false,
		"AuroraBacktrack.spec.cancel":                                  false,
		"AuroraBacktrack.spec.startDeadline":                           nil,
		"AuroraBacktrack.spec.repeat":                                  nil,
		"AuroraBacktrack.spec.verify.timeout":                          "5m",
		"AuroraBacktrack.spec.verify.onFailure":                        "Keep",
		"AuroraBacktrack.spec.ttlSecondsAfterFinished":                 int64(7 * 24 * 60 * 60),
		"AuroraBacktrack.status.observedGeneration":                    int64(-1),
		"AuroraCluster.spec.policy.approval":                           "None",
		"AuroraCluster.spec.policy.maxRewind":                          nil,
		"AuroraCluster.spec.policy.allowForce":                         false,
		"AuroraCluster.spec.policy.windows":                            nil,
		"AuroraCluster.spec.policy.startWithin":                        "1h",
		"AuroraCluster.spec.strategy":                                  "Restart",
		"AuroraCluster.spec.pauseTimeout":                              "5m",
		"AuroraCluster.spec.reconnectTimeout":                          "10m",
		"AuroraCluster.spec.refreshInterval":                           "60s",
		"AuroraCluster.spec.restartOnExternalBacktrack":                false,
		"AuroraCluster.status.observedGeneration":                      int64(-1),
	} {
		kind, path, _ := strings.Cut(field, ".")
		got, _, err := unstructured.NestedFieldNoCopy(objects[kind].Object, strings.Split(path, ".")...)
		if err != nil || got != want {
			t.Errorf("%s is %v by default, want %v (%v)", field, got, want, err)
		}
	}
}
