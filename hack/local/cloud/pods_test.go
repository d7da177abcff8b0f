package cloud_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func TestCrashLoop(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	createPod(t, ns, "crashes", podSpec("exit", "3"))
	pod := waitPod(t, ns, "crashes", func(pod *corev1.Pod) bool {
		s := pod.Status.ContainerStatuses
		return len(s) == 1 && s[0].RestartCount >= 2 && s[0].State.Waiting != nil
	})
	status := pod.Status.ContainerStatuses[0]
	if pod.Status.Phase != corev1.PodRunning || status.State.Waiting.Reason != "CrashLoopBackOff" ||
		status.LastTerminationState.Terminated == nil || status.LastTerminationState.Terminated.ExitCode != 3 ||
		status.LastTerminationState.Terminated.Reason != "Error" {
		t.Errorf("want a running pod whose container waits in CrashLoopBackOff after exit code 3: %s", describe(pod))
	}
	logOf(t, ns, "crashes", "ends with 3")
}

func TestUnknownProgramIsNamed(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	spec := podSpec()
	spec.Containers[0].Command = []string{"/bin/sh", "-c", "true"}
	createPod(t, ns, "shell", spec)
	waitPod(t, ns, "shell", func(pod *corev1.Pod) bool {
		s := pod.Status.ContainerStatuses
		return len(s) == 1 && s[0].State.Waiting != nil && strings.Contains(s[0].State.Waiting.Message, `no program "sh"`)
	})
}

func TestProbes(t *testing.T) {
	t.Parallel()
	flagFile := func(kind string) (probe *corev1.Probe, path string) {
		path = filepath.Join(t.TempDir(), kind)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 1, ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/file?" + path, Port: intstr.FromString("http")},
		}}, path
	}
	spec := func() corev1.PodSpec {
		spec := podSpec("serve", ":8080")
		spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}
		return spec
	}

	t.Run("readiness comes and goes without a restart", func(t *testing.T) {
		t.Parallel()
		ns, s := namespace(t), spec()
		probe, file := flagFile("ready")
		s.Containers[0].ReadinessProbe = probe
		createPod(t, ns, "web", s)
		first := waitPod(t, ns, "web", isReady)
		must(t, os.Remove(file))
		waitPod(t, ns, "web", func(pod *corev1.Pod) bool { return !isReady(pod) })
		must(t, os.WriteFile(file, nil, 0o600))
		again := waitPod(t, ns, "web", isReady)
		if processOf(t, first) != processOf(t, again) {
			t.Error("a probe of readiness has restarted the container")
		}
	})
	t.Run("liveness restarts", func(t *testing.T) {
		t.Parallel()
		ns, s := namespace(t), spec()
		probe, file := flagFile("live")
		s.Containers[0].LivenessProbe = probe
		createPod(t, ns, "web", s)
		waitPod(t, ns, "web", isReady)
		must(t, os.Remove(file))
		waitPod(t, ns, "web", func(pod *corev1.Pod) bool { return pod.Status.ContainerStatuses[0].RestartCount > 0 })
		must(t, os.WriteFile(file, nil, 0o600))
		waitPod(t, ns, "web", isReady)
	})
	t.Run("exec", func(t *testing.T) {
		t.Parallel()
		ns, s := namespace(t), spec()
		_, file := flagFile("exec")
		s.Containers[0].ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, TimeoutSeconds: 20, FailureThreshold: 1, ProbeHandler: corev1.ProbeHandler{
			Exec: &corev1.ExecAction{Command: []string{podProgram, "exists", file}},
		}}
		createPod(t, ns, "web", s)
		waitPod(t, ns, "web", isReady)
		must(t, os.Remove(file))
		waitPod(t, ns, "web", func(pod *corev1.Pod) bool { return !isReady(pod) })
	})
	t.Run("nothing counts before the startup probe passes", func(t *testing.T) {
		t.Parallel()
		ns, s := namespace(t), spec()
		startup, file := flagFile("startup")
		startup.FailureThreshold = 1000
		must(t, os.Remove(file))
		liveness, _ := flagFile("live")
		liveness.HTTPGet.Path = "/file?/no/such/file"
		s.Containers[0].StartupProbe, s.Containers[0].LivenessProbe = startup, liveness
		createPod(t, ns, "web", s)
		logOf(t, ns, "web", "serves")
		pod := waitPod(t, ns, "web", func(pod *corev1.Pod) bool { return pod.Status.ContainerStatuses[0].State.Running != nil })
		if *pod.Status.ContainerStatuses[0].Started || isReady(pod) || pod.Status.ContainerStatuses[0].RestartCount > 0 {
			t.Errorf("want a container that runs and is not started: %s", describe(pod))
		}
		must(t, os.WriteFile(file, nil, 0o600))
		waitPod(t, ns, "web", func(pod *corev1.Pod) bool { return pod.Status.ContainerStatuses[0].RestartCount > 0 })
	})
}

func TestVariablesAndVolumes(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	_, err := client.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "settings"}, Data: map[string]string{"COLOUR": "blue", "file.txt": "from the config map"},
	}, metav1.CreateOptions{})
	must(t, err)
	_, err = client.CoreV1().Secrets(ns).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "keys"}, StringData: map[string]string{"password": "swordfish"},
	}, metav1.CreateOptions{})
	must(t, err)
	spec := podSpec("cat", "/etc/settings/file.txt", "$(SECRETS)/password", "/etc/about/labels")
	c := &spec.Containers[0]
	c.EnvFrom = []corev1.EnvFromSource{
		{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}},
		{SecretRef: &corev1.SecretEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "not-there"}, Optional: ptr.To(true),
		}},
	}
	c.Env = []corev1.EnvVar{{Name: "SECRETS", Value: "/etc/keys"}}
	c.VolumeMounts = []corev1.VolumeMount{
		{Name: "settings", MountPath: "/etc/settings"}, {Name: "keys", MountPath: "/etc/keys"}, {Name: "about", MountPath: "/etc/about"},
	}
	spec.InitContainers = []corev1.Container{{
		Name: "first", Image: podProgram + ":v1", Args: []string{"exists", "/etc/settings/$(FILE)"},
		Env:          []corev1.EnvVar{{Name: "FILE", Value: "file.txt"}},
		VolumeMounts: []corev1.VolumeMount{{Name: "settings", MountPath: "/etc/settings"}},
	}}
	spec.Volumes = []corev1.Volume{
		{Name: "settings", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "settings"},
		}}},
		{Name: "keys", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "keys"}}},
		{Name: "about", VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{
			Items: []corev1.DownwardAPIVolumeFile{{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
		}}},
	}
	createPod(t, ns, "reader", spec)
	log := logOf(t, ns, "reader", "reader")
	if want := "from the config map\nswordfish\nreader\n"; log != want {
		t.Errorf("the pod has read %q, want %q", log, want)
	}
}

func TestPodIsItsServiceAccount(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	spec := podSpec("whoami")
	spec.Containers[0].Env = []corev1.EnvVar{{Name: "NAMESPACE", Value: ns}}
	createPod(t, ns, "who", spec)
	log := logOf(t, ns, "who", "pods is forbidden")
	if want := "system:serviceaccount:" + ns + ":default\n"; !strings.HasPrefix(log, want) {
		t.Errorf("the API server takes the pod for %q, want %q", log, want)
	}
}

func TestGracePeriod(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	spec := podSpec("stubborn")
	spec.TerminationGracePeriodSeconds = ptr.To[int64](2)
	createPod(t, ns, "deaf", spec)
	logOf(t, ns, "deaf", "deaf")
	pod := waitPod(t, ns, "deaf", isReady)
	must(t, client.CoreV1().Pods(ns).Delete(t.Context(), "deaf", metav1.DeleteOptions{}))
	process, lived := processOf(t, pod), false
	eventually(t, func() error {
		_, err := getPod(t, ns, "deaf")
		if err == nil {
			lived = lived || process.Alive()
			return errStillThere
		}
		if !apierrors.IsNotFound(err) {
			return err
		}
		if process.Alive() {
			t.Error("the pod is gone while its process still runs")
		}
		return nil
	})
	if !lived {
		t.Error("the process was ended before its grace period was over")
	}
}

func TestLogsAndExec(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	createPod(t, ns, "talks", podSpec("print", "one", "two", "three"))
	logOf(t, ns, "talks", "three")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"all":  {[]string{"logs", "talks"}, "one\ntwo\nthree\n"},
		"tail": {[]string{"logs", "talks", "--tail=2"}, "two\nthree\n"},
		"exec": {[]string{"exec", "talks", "--", podProgram, "exit", "0"}, "ends with 0\n"},
	} {
		got, err := shared.Kubectl(ctx, nil, append([]string{"-n", ns}, test.args...)...)
		if err != nil || got != test.want {
			t.Errorf("%s: got %q and error %v, want %q", name, got, err, test.want)
		}
	}
	log, err := client.CoreV1().Pods(ns).GetLogs("talks", &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	must(t, err)
	defer func() { must(t, log.Close()) }()
	const said = "one\ntwo\nthree\n"
	followed := make([]byte, len(said))
	_, err = io.ReadFull(log, followed)
	must(t, err)
	must(t, client.CoreV1().Pods(ns).Delete(ctx, "talks", metav1.DeleteOptions{}))
	rest, err := io.ReadAll(log) // ends with the container
	if got := string(followed) + string(rest); got != said || err != nil {
		t.Errorf("following the log until its end gave %q, %v", got, err)
	}
}
