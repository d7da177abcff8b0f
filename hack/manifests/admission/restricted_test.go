package admission_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestRestricted: the API server takes the manager's pod under the profile "restricted", which its namespace enforces,
// and takes it no more when any of what makes it so is missing.
func TestRestricted(t *testing.T) {
	var manager appsv1.Deployment
	key := client.ObjectKey{Namespace: "aurora-backtrack-system", Name: "aurora-backtrack-manager"}
	if err := server.admin.Get(t.Context(), key, &manager); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*corev1.PodSpec)
		want   string // empty: it is taken
	}{
		"as it is":             {change: func(*corev1.PodSpec) {}},
		"as root":              {change: func(p *corev1.PodSpec) { p.SecurityContext.RunAsUser = ptr.To[int64](0) }, want: "runAsUser=0"},
		"perhaps as root":      {change: func(p *corev1.PodSpec) { p.SecurityContext.RunAsNonRoot = nil }, want: "runAsNonRoot != true"},
		"any system call":      {change: func(p *corev1.PodSpec) { p.SecurityContext.SeccompProfile = nil }, want: "seccompProfile"},
		"with capabilities":    {change: func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.Capabilities = nil }, want: "unrestricted capabilities"},
		"with more privileges": {change: func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.AllowPrivilegeEscalation = nil }, want: "allowPrivilegeEscalation != false"},
		"on the node's net":    {change: func(p *corev1.PodSpec) { p.HostNetwork = true }, want: "host namespaces"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: "restricted", Labels: manager.Spec.Template.Labels},
				Spec:       *manager.Spec.Template.Spec.DeepCopy(),
			}
			test.change(&pod.Spec)
			err := server.admin.Create(t.Context(), pod, client.DryRunAll)
			if test.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted:latest"`) || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("told: %v\nwant %q", err, test.want)
			}
		})
	}
	// What the profile does not ask for.
	pod, container := manager.Spec.Template.Spec, manager.Spec.Template.Spec.Containers[0]
	if !ptr.Deref(container.SecurityContext.ReadOnlyRootFilesystem, false) {
		t.Error("its root can be written")
	}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if container.Resources.Requests.Name(name, "").IsZero() || container.Resources.Limits.Name(name, "").IsZero() {
			t.Errorf("it asks for no %s, or has no limit", name)
		}
	}
	if ptr.Deref(manager.Spec.Replicas, 1) != 2 || len(pod.Volumes) > 0 || !strings.Contains(strings.Join(container.Args, " "), "--leader-elect") {
		t.Errorf("%d replicas with the arguments %v and the volumes %v", ptr.Deref(manager.Spec.Replicas, 1), container.Args, pod.Volumes)
	}
}
