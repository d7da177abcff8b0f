package workload

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

var templateAnnotation = []string{"spec", "template", "metadata", "annotations", v1alpha1.RestartedByAnnotation}

// byTemplate restarts as kubectl rollout restart does: by an annotation on the pod template.
var byTemplate = &restartMethod{
	path:  templateAnnotation,
	value: func(id string, _ time.Time) any { return id },
	inForce: func(u *unstructured.Unstructured, id string) bool {
		text, _, _ := unstructured.NestedString(u.Object, templateAnnotation...)
		return text == id
	},
	isOld: func(_ *unstructured.Unstructured, id string) func(*corev1.Pod) bool {
		return func(pod *corev1.Pod) bool { return !isFresh(pod, id) }
	},
}

// isFresh reports whether the pod was made from the template that the restart with this id annotated.
func isFresh(pod *corev1.Pod, id string) bool {
	return pod.Annotations[v1alpha1.RestartedByAnnotation] == id
}
