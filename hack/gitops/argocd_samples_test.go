package gitops_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the generated files of config/argocd instead of comparing them")

// sample is a recorded object that config/argocd has as test data.
type sample struct {
	file string
	run  string
	is   func(version) bool // the first version of which it holds
	want string             // the health
}

const notYet = "Waiting for the operator to look at this "

// samples are the test data of the health checks, by kind.
var samples = map[string][]sample{
	"AuroraBacktrack": {
		{"new", "succeeds", func(v version) bool { return v.stale() }, "Progressing"},
		{"spec_changed", "suspended, then started", func(v version) bool { return v.stale() && v.object.GetGeneration() > 1 }, "Progressing"},
		{"suspended", "suspended", func(v version) bool { return planned(v) && reads(v1alpha1.ReasonSuspended)(v) }, "Suspended"},
		{"approval_required", "approval required", reads(v1alpha1.ReasonApprovalRequired), "Suspended"},
		{"queued", "queued", reads(v1alpha1.ReasonQueued), "Progressing"},
		{"pausing", "succeeds", reads(v1alpha1.ReasonPausing), "Progressing"},
		{"verifying_outcome", "the answer is lost", reads(v1alpha1.ReasonVerifyingOutcome), "Progressing"},
		{"backtracking", "succeeds", reads(v1alpha1.ReasonBacktracking), "Progressing"},
		{"reconnecting", "succeeds", reads(v1alpha1.ReasonReconnecting), "Progressing"},
		{"succeeded", "succeeds", ends(v1alpha1.ReasonSucceeded), "Healthy"},
		{"already_applied", "created again", ends(v1alpha1.ReasonAlreadyApplied), "Healthy"},
		{"cancelled", "cancelled while it pauses", ends(v1alpha1.ReasonCancelled), "Degraded"},
		{"expired", "could not start in time", ends(v1alpha1.ReasonExpired), "Degraded"},
		{"rejected", "RDS refuses", ends(v1alpha1.ReasonRejected), "Degraded"},
		{"failed", "RDS fails", ends(v1alpha1.ReasonFailed), "Degraded"},
		{"outcome_unknown", "nobody knows what became of it", ends(v1alpha1.ReasonOutcomeUnknown), "Degraded"},
		{"reconnect_timed_out", "a dependent does not come up", ends(v1alpha1.ReasonReconnectTimedOut), "Degraded"},
	},
	"AuroraCluster": {
		{"new", "a cluster is ready", func(v version) bool { return v.stale() }, "Progressing"},
		{"spec_changed", "a cluster's spec changes", func(v version) bool { return v.stale() && v.object.GetGeneration() > 1 }, "Progressing"},
		{"ready", "a cluster is ready", reads(v1alpha1.ReasonReady), "Healthy"},
		{"no_answer", "a cluster that loses its answer for a minute", reconciling(v1alpha1.ReasonReady), "Progressing"},
		{"unreachable", "a cluster that loses its answer for long", reads(v1alpha1.ReasonRDSUnreachable), "Progressing"},
		{"throttled", "a cluster that is throttled", reads(v1alpha1.ReasonThrottled), "Progressing"},
		{"access_denied", "a cluster that IAM denies", reads(v1alpha1.ReasonAccessDenied), "Degraded"},
		{"not_found", "a cluster that RDS does not know", reads(v1alpha1.ReasonDBClusterNotFound), "Degraded"},
		{"backtrack_not_enabled", "a cluster without a backtrack window", reads(v1alpha1.ReasonBacktrackNotEnabled), "Degraded"},
		{"duplicate_target", "a cluster that another stands for", reads(v1alpha1.ReasonDuplicateTarget), "Degraded"},
	},
}

func reads(reason string) func(version) bool {
	return func(v version) bool {
		_, got, _ := v.condition(v.root())
		return got == reason && !v.stale()
	}
}

func ends(reason string) func(version) bool {
	return func(v version) bool { return v.finished() && reads(reason)(v) }
}

func reconciling(reason string) func(version) bool {
	return func(v version) bool {
		is, _, _ := v.condition(v1alpha1.ConditionReconciling)
		return is == "True" && reads(reason)(v)
	}
}

func planned(v version) bool {
	_, found, _ := unstructured.NestedMap(v.object.Object, "status", "plan")
	return found
}

// of gives the recorded object.
func (s sample) of(t *testing.T, kind string) version {
	t.Helper()
	for _, v := range recorded(t) {
		if v.run == s.run && v.kind() == kind && v.object.GetDeletionTimestamp() == nil && s.is(v) {
			return v
		}
	}
	t.Fatalf("the run %q has no %s for %s", s.run, kind, s.file)
	return version{}
}

// message is what the health check is to say: the message of the condition that it goes by.
func (s sample) message(v version) string {
	if v.stale() {
		return notYet + v.kind()
	}
	if is, _, message := v.condition(v1alpha1.ConditionReconciling); is == "True" {
		return message
	}
	_, _, message := v.condition(v.root())
	return message
}

// TestHealthTestData: the test data are statuses that the reconcilers write, and health_test.yaml says what they mean.
func TestHealthTestData(t *testing.T) {
	for _, kind := range kinds {
		directory := filepath.Join(v1alpha1.GroupVersion.Group, kind)
		tests := "tests:\n"
		for _, s := range samples[kind] {
			v := s.of(t, kind)
			path := filepath.Join("testdata", s.file+".yaml")
			generated(t, filepath.Join(directory, path), manifest(t, v.object))
			tests += named(fmt.Sprintf("- healthStatus:\n    status: %s\n    message: %q\n  inputPath: %s\n", s.want, s.message(v), path))
		}
		generated(t, filepath.Join(directory, "health_test.yaml"), tests)
	}
}

// manifest is the object as kubectl shows it, with ids that do not change from run to run.
func manifest(t *testing.T, u *unstructured.Unstructured) string {
	t.Helper()
	u = u.DeepCopy()
	u.SetResourceVersion("")
	return named(inYAML(t, u.Object))
}

// named replaces what is random: the ids of RDS's records, and RDS's identities of clusters.
func named(text string) string {
	ids := map[string]string{}
	text = recordID.ReplaceAllStringFunc(text, func(id string) string {
		if strings.HasPrefix(id, "00000000-") { // a UID
			return id
		}
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("b2c3d4e5-0000-4000-8000-%012d", len(ids)+1)
		}
		return ids[id]
	})
	return resourceID.ReplaceAllStringFunc(text, func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("cluster-ABCDEFGHIJKLMNOPQRSTUVWX%c2", 'A'+rune(len(ids))) //nolint:gosec // a few clusters
		}
		return ids[id]
	})
}

// generated holds that the file of config/argocd is what it should be, or makes it so.
func generated(t *testing.T, path, want string) {
	t.Helper()
	path = filepath.Join(customizations, path)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := file(t, path); got != want {
		t.Errorf("%s is not what the reconcilers and the scripts make of it: run make argocd and commit it. It is\n%s\nwant\n%s", path, got, want)
	}
}
