package admission_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// TestWait runs the commands by which README.md waits for a rewind and asks how it ended, with kubectl itself: the first
// one ends whether the rewind succeeded or not, and the second one says which.
func TestWait(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	waits := regexp.MustCompile(`kubectl wait [^\n]*completedAt[^\n]* -n game[^\n]*`).Find(readme)
	asks := regexp.MustCompile("kubectl wait [^\n`]*condition=Succeeded[^\n`]* -n game").Find(readme)
	if waits == nil || asks == nil {
		t.Fatalf("README.md waits by %q and asks by %q", waits, asks)
	}
	kubectl := newKubectl(t)
	for name, test := range map[string]struct {
		status    string
		wantFails bool
	}{
		"a rewind that succeeded": {status: "True"},
		"a rewind that failed":    {status: "False", wantFails: true},
	} {
		t.Run(name, func(t *testing.T) {
			object := create(t, server.admin, backtrack("undo-bad-migration"))
			if said, err := kubectl.run(t.Context(), string(asks)); err == nil {
				t.Errorf("it had succeeded before it ran: %s", said)
			}
			// Under way, it has conditions and no end.
			running := with(object.DeepCopy(), set("status.observedGeneration", int64(1)), set("status.conditions", []any{succeeded("Unknown")}))
			if err := operator(t).Status().Patch(t.Context(), running, client.MergeFrom(object)); err != nil {
				t.Fatal(err)
			}
			shortly := regexp.MustCompile(`--timeout=\S+`).ReplaceAllString(string(waits), "--timeout=1s")
			if said, err := kubectl.run(t.Context(), shortly); err == nil || !strings.Contains(said, "timed out") {
				t.Errorf("while the rewind is under way, it ended with %v: %s", err, said)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if said, err := kubectl.run(t.Context(), string(waits)); err != nil {
					t.Errorf("it ended with %v: %s", err, said)
				}
			}()
			done := with(running.DeepCopy(), set("status.conditions", []any{succeeded(test.status)}), set("status.completedAt", "2023-12-23T14:10:00Z"))
			if err := operator(t).Status().Patch(t.Context(), done, client.MergeFrom(running)); err != nil {
				t.Fatal(err)
			}
			<-ended
			if said, err := kubectl.run(t.Context(), string(asks)); (err != nil) != test.wantFails {
				t.Errorf("asked, it says %v: %s", err, said)
			}
		})
	}
}

func succeeded(status string) map[string]any {
	return map[string]any{"type": "Succeeded", "status": status, "reason": "Test", "message": "", "lastTransitionTime": "2023-12-23T14:10:00Z"}
}

// kubectl is the real one, as an administrator.
type kubectl struct{ path, kubeconfig string }

func newKubectl(t *testing.T) kubectl {
	t.Helper()
	path := filepath.Join(server.BinaryAssetsDirectory, "kubectl")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no kubectl beside kube-apiserver: run `make control-plane` once: %v", err)
	}
	user, err := server.AddUser(envtest.User{Name: "admin", Groups: []string{almighty}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := user.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return kubectl{path: path, kubeconfig: kubeconfig}
}

// run runs a command line as a shell does, with that kubectl first in its path.
func (k kubectl) run(ctx context.Context, line string) (string, error) {
	path, err := filepath.Abs(filepath.Dir(k.path))
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-c", "exec "+line)
	command.Env = append(os.Environ(), "KUBECONFIG="+k.kubeconfig, "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err = command.Run()
	return said.String(), err
}
