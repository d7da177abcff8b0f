// Package gitops_test tests what GitOps tools make of our objects: kstatus, Argo CD's scripts as Argo CD runs them, Flux's own
// libraries, and every snippet of docs/gitops.md.
package gitops_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// version is an object of one of our kinds as the API server stored it at some moment of a run.
type version struct {
	run    string
	object *unstructured.Unstructured
	// pausedByIt are the Deployments that carried the object's mark at that moment.
	pausedByIt []string
	// record is the state in which RDS had the object's backtrack at that moment; empty without one.
	record string
}

func (v version) kind() string { return v.object.GetKind() }

// condition gives the status, reason and message of the object's condition.
func (v version) condition(name string) (status, reason, message string) {
	conditions, _, _ := unstructured.NestedSlice(v.object.Object, "status", "conditions")
	for _, c := range conditions {
		if fields := c.(map[string]any); fields["type"] == name {
			return text(fields["status"]), text(fields["reason"]), text(fields["message"])
		}
	}
	return "", "", ""
}

// root is the condition that sums the object up.
func (v version) root() string {
	if v.kind() == "AuroraCluster" {
		return v1alpha1.ConditionReady
	}
	return v1alpha1.ConditionSucceeded
}

// finished reports whether a run of the object has come to its end.
func (v version) finished() bool {
	at, _, _ := unstructured.NestedString(v.object.Object, "status", "completedAt")
	return at != ""
}

// stale reports whether the status is about an earlier spec, or about none.
func (v version) stale() bool {
	observed, _, _ := unstructured.NestedInt64(v.object.Object, "status", "observedGeneration")
	return observed != v.object.GetGeneration()
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// recorder keeps every version of our objects that an API server stores.
type recorder struct {
	env      *harness.Env
	run      string
	versions []version
	paused   map[string]string // the marks of Deployments, by their names
}

func record(env *harness.Env, run string) *recorder {
	r := &recorder{env: env, run: run, paused: map[string]string{}}
	for _, object := range env.Server.Snapshot() {
		r.see(object)
	}
	env.Server.OnChange(func(_, object fakeapi.Object) { r.see(object) })
	return r
}

func (r *recorder) see(object fakeapi.Object) {
	u := &unstructured.Unstructured{Object: object}
	switch u.GetKind() {
	case "Deployment":
		r.paused[u.GetName()] = u.GetAnnotations()[v1alpha1.PausedAnnotation]
	case "AuroraBacktrack", "AuroraCluster":
		v := version{run: r.run, object: u.DeepCopy()}
		for _, name := range slices.Sorted(maps.Keys(r.paused)) {
			if strings.Contains(r.paused[name], string(u.GetUID())) {
				v.pausedByIt = append(v.pausedByIt, name)
			}
		}
		if id, _, _ := unstructured.NestedString(object, "status", "backtrack", "id"); id != "" {
			v.record = r.env.RecordStatus(id)
		}
		r.versions = append(r.versions, v)
	}
}

// recorded are the versions of all runs, made once for all tests of the package.
func recorded(t *testing.T) []version {
	t.Helper()
	recording.Do(func() {
		for _, run := range runs() {
			recording.versions = append(recording.versions, run.record(t)...)
		}
	})
	if len(recording.versions) == 0 {
		t.Fatal("nothing was recorded")
	}
	return recording.versions
}

var recording struct {
	sync.Once
	versions []version
}

var (
	recordID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	resourceID = regexp.MustCompile(`cluster-[A-Z0-9]{20,}`)
)
