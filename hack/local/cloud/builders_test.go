package cloud_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/hack/local/processes"
)

// namespace makes a namespace for one test, and removes it with the test.
func namespace(t *testing.T) string {
	t.Helper()
	made, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
	}, metav1.CreateOptions{})
	must(t, err)
	// Pods need the service account that a controller makes in every namespace.
	eventually(t, func() error {
		_, err := client.CoreV1().ServiceAccounts(made.Name).Get(t.Context(), "default", metav1.GetOptions{})
		return err
	})
	t.Cleanup(func() {
		ctx := context.Background()
		if t.Failed() {
			events, _ := shared.Kubectl(ctx, nil, "get", "events,pods", "-n", made.Name)
			t.Log(events)
		}
		must(t, client.CoreV1().Namespaces().Delete(ctx, made.Name, metav1.DeleteOptions{}))
	})
	return made.Name
}

// podSpec is a pod with one container that runs the test program.
func podSpec(args ...string) corev1.PodSpec {
	return corev1.PodSpec{
		TerminationGracePeriodSeconds: ptr.To[int64](5),
		Containers: []corev1.Container{{
			Name: "main", Image: "example.com/not-looked-at:v1", Command: []string{"/usr/bin/" + podProgram}, Args: args,
		}},
	}
}

// serving is a pod that serves HTTP and is ready when it does.
func serving() corev1.PodSpec {
	spec := podSpec("serve", ":8080")
	spec.Containers[0].ReadinessProbe = &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt32(8080)}},
		PeriodSeconds: 1,
	}
	return spec
}

func labelled(name string) (metav1.ObjectMeta, *metav1.LabelSelector, map[string]string) {
	labels := map[string]string{"app": name}
	return metav1.ObjectMeta{Name: name}, &metav1.LabelSelector{MatchLabels: labels}, labels
}

// deployment is one named "web".
func deployment(replicas int32, spec corev1.PodSpec) *appsv1.Deployment {
	meta, selector, labels := labelled("web")
	return &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
		Replicas: &replicas, Selector: selector,
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
	}}
}

// createPod makes a pod without a controller.
func createPod(t *testing.T, namespace, name string, spec corev1.PodSpec) {
	t.Helper()
	_, err := client.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec,
	}, metav1.CreateOptions{})
	must(t, err)
}

func getPod(t *testing.T, namespace, name string) (*corev1.Pod, error) {
	return client.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
}

// waitPod waits until the pod is as wanted.
func waitPod(t *testing.T, namespace, name string, wanted func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	eventually(t, func() (err error) {
		if pod, err = getPod(t, namespace, name); err != nil {
			return err
		}
		if !wanted(pod) {
			return fmt.Errorf("pod %s is not as wanted yet: %s", name, describe(pod))
		}
		return nil
	})
	return pod
}

func describe(pod *corev1.Pod) string {
	var text strings.Builder
	fmt.Fprintf(&text, "phase %s", pod.Status.Phase)
	for _, status := range pod.Status.ContainerStatuses {
		fmt.Fprintf(&text, "; %s: ready %t, restarts %d, waiting %v, running %v, terminated %v, before %v", status.Name,
			status.Ready, status.RestartCount, status.State.Waiting, status.State.Running, status.State.Terminated,
			status.LastTerminationState.Terminated)
	}
	return text.String()
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// processOf is the process behind a pod's container.
func processOf(t *testing.T, pod *corev1.Pod) processes.Identity {
	t.Helper()
	id, err := processes.ParseContainerID(pod.Status.ContainerStatuses[0].ContainerID)
	must(t, err)
	return id
}

// logOf waits until the container's log holds the text and returns the log.
func logOf(t *testing.T, namespace, pod, text string) string {
	t.Helper()
	var log string
	eventually(t, func() error {
		stream, err := client.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{}).Stream(t.Context())
		if err != nil {
			return err
		}
		defer stream.Close()
		content, err := io.ReadAll(stream)
		if log = string(content); err == nil && !strings.Contains(log, text) {
			err = fmt.Errorf("the log does not hold %q: %s", text, log)
		}
		return err
	})
	return log
}

// eventually waits until check returns nil, for at most half a minute: many times what it takes here.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	eventuallyWithin(t, 30*time.Second, check)
}

func eventuallyWithin(t *testing.T, limit time.Duration, check func() error) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("not within %s: %v", limit, err)
		case <-look.C:
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
