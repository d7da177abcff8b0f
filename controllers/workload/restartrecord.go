package workload

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// maxRestarts is how often a workload is restarted for one id: once more where the first restart was
// reverted, since that may have been a deployment that happened to run at that moment.
const maxRestarts = 2

// secondRestart is what the annotation has behind the id after the second restart.
const secondRestart = "/2"

// restartsBy is how often the workload was restarted for the id, by the annotation on the workload itself.
// What a restart sets on its pod template can be reverted by whoever owns the template; the annotation says
// that it was there.
func restartsBy(u *unstructured.Unstructured, id string) int {
	switch u.GetAnnotations()[v1alpha1.RestartedByAnnotation] {
	case id:
		return 1
	case id + secondRestart:
		return maxRestarts
	}
	return 0
}

// restartPatch restarts the target and notes which restart it is, in one write, and only on the object that was read.
func restartPatch(t *target, id string, times int, now time.Time) (map[string]any, error) {
	noted := id
	if times == maxRestarts {
		noted += secondRestart
	}
	body := map[string]any{}
	if err := unstructured.SetNestedField(body, noted, "metadata", "annotations", v1alpha1.RestartedByAnnotation); err != nil {
		return nil, err
	}
	if err := unstructured.SetNestedField(body, t.obj.GetResourceVersion(), "metadata", "resourceVersion"); err != nil {
		return nil, err
	}
	return body, unstructured.SetNestedField(body, t.kind.restart.value(id, now), t.kind.restart.path...)
}
