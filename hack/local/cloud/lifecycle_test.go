package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/hack/local/cloud"
)

var errStillThere = errors.New("it is still there")

// upCommand makes this test binary bring up a cloud in the folder that follows, as another process would.
const upCommand = "bring-up"

func runUp(state string) int {
	root, err := cloud.FindRoot(".")
	if err == nil {
		var c *cloud.Cloud
		if c, err = cloud.New(cloud.Options{Root: root, State: state, Out: os.Stdout}); err == nil {
			err = c.UpKubernetes(context.Background())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// processesOf finds all processes that name the folder in their arguments, by looking at every process there is.
func processesOf(t *testing.T, state string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	var found []string
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(line), state+"/") {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// A cloud beside the shared one: taken down, up again while it is up, and gone without a trace.
func TestUpTwiceAndDown(t *testing.T) {
	state := filepath.Join(t.TempDir(), "cloud")
	var out strings.Builder
	c, err := cloud.New(cloud.Options{Root: root, State: state, Out: &out})
	must(t, err)
	must(t, c.Down(t.Context()))
	must(t, c.UpKubernetes(t.Context()))
	defer func() { must(t, c.Down(context.Background())) }()
	before := processesOf(t, state)
	if len(before) != 5 {
		t.Fatalf("%d processes, want 5: %v", len(before), before)
	}
	begin := time.Now()
	must(t, c.UpKubernetes(t.Context()))
	t.Logf("up on a cloud that is up: %s", time.Since(begin))
	if after := processesOf(t, state); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Errorf("up on a cloud that is up has changed its processes:\n%v\n%v", before, after)
	}
	must(t, c.Down(t.Context()))
	if left := processesOf(t, state); len(left) > 0 {
		t.Errorf("down has left %v", left)
	}
	if _, err := os.Lstat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("down has left %s: %v", state, err)
	}
}

// Whatever moment `up` is killed at, the next one completes it.
func TestUpAfterKilledUp(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	state := filepath.Join(t.TempDir(), "cloud")
	c, err := cloud.New(cloud.Options{Root: root, State: state})
	must(t, err)
	defer func() { must(t, c.Down(context.Background())) }()
	for round := range 6 {
		// An undisturbed one takes three seconds.
		delay := time.Duration(rand.IntN(500*(round+1))) * time.Millisecond
		cmd := exec.Command(self, upCommand, state)
		must(t, cmd.Start())
		timer := time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		t.Logf("killed after %s: %v, %d processes are left", delay, err, len(processesOf(t, state)))
	}
	must(t, c.UpKubernetes(t.Context()))
	if running := processesOf(t, state); len(running) != 5 {
		t.Errorf("%d processes, want 5: %v", len(running), running)
	}
}

func TestForeignFolderIsNotTouched(t *testing.T) {
	state := t.TempDir()
	precious := filepath.Join(state, "precious")
	must(t, os.WriteFile(precious, nil, 0o600))
	c, err := cloud.New(cloud.Options{Root: root, State: state})
	must(t, err)
	for name, do := range map[string]func(context.Context) error{"up": c.UpKubernetes, "down": c.Down} {
		if err := do(t.Context()); err == nil || !strings.Contains(err.Error(), "not the folder of a local cloud") {
			t.Errorf("%s in a folder with other things in it: got %v, want that it is refused", name, err)
		}
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestComponentThatDiesIsExplained(t *testing.T) {
	state := filepath.Join(t.TempDir(), "cloud")
	c, err := cloud.New(cloud.Options{Root: root, State: state})
	must(t, err)
	must(t, c.UpKubernetes(t.Context()))
	defer func() { must(t, c.Down(context.Background())) }()
	// An API server without its key cannot start.
	must(t, os.Remove(filepath.Join(state, "pki", "apiserver.key")))
	err = c.RestartAPIServer(t.Context(), true)
	if err == nil || !strings.Contains(err.Error(), "kube-apiserver.log") || !strings.Contains(err.Error(), "apiserver.key: no such file") {
		t.Errorf("got %v, want an error with the log's path and its end", err)
	}
}

func TestRestarts(t *testing.T) {
	ns := namespace(t)
	_, err := client.AppsV1().Deployments(ns).Create(t.Context(), deployment(1, serving()), metav1.CreateOptions{})
	must(t, err)
	pod := rolledOut(t, ns)[0]
	process := processOf(t, &pod)

	must(t, shared.RestartAPIServer(t.Context(), true))
	if !process.Alive() {
		t.Error("a restart of the API server has ended a pod's process")
	}

	must(t, shared.KillPod(t.Context(), ns, pod.Name))
	if killed := waitPod(t, ns, pod.Name, func(pod *corev1.Pod) bool {
		return pod.Status.ContainerStatuses[0].RestartCount == 1 && isReady(pod)
	}); process.Alive() || killed.Status.ContainerStatuses[0].LastTerminationState.Terminated.ExitCode != 137 {
		t.Errorf("want a container that was started again after exit code 137: %s", describe(killed))
	} else {
		process = processOf(t, killed)
	}

	must(t, shared.RestartKubelet(t.Context(), true))
	if process.Alive() {
		t.Error("the kubelet was killed and its pod's process lives on")
	}
	again := waitPod(t, ns, pod.Name, func(pod *corev1.Pod) bool { return pod.Status.ContainerStatuses[0].RestartCount == 2 && isReady(pod) })
	if last := again.Status.ContainerStatuses[0].LastTerminationState.Terminated; last == nil || last.ExitCode != 137 {
		t.Errorf("want a container that was ended by exit code 137 before: %s", describe(again))
	}
}
