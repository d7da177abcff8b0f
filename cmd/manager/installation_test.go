package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// installation is a cluster of its own, in which config/install.yaml is installed and removed again.
type installation struct {
	*testing.T
	config     *rest.Config
	kubeconfig string
	bin        string
	timeout    string // of the operator's cleaning up
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	i := &installation{T: t, bin: os.Getenv("KUBEBUILDER_ASSETS")}
	if _, err := os.Stat(filepath.Join(i.bin, "kubectl")); err != nil {
		t.Fatalf("no kubectl beside kube-apiserver: run make control-plane: %v", err)
	}
	env := &envtest.Environment{}
	config, err := env.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	config.QPS = -1
	i.config = config
	user, err := env.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := user.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	i.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(i.kubeconfig, text, 0o600); err != nil {
		t.Fatal(err)
	}
	i.finishNamespaces()
	return i
}

// on is the same cluster in another test.
func (i *installation) on(t *testing.T) *installation {
	same := *i
	same.T = t
	return &same
}

// finishNamespaces stands in for the namespace controller, for namespaces in which it would find nothing.
func (i *installation) finishNamespaces() {
	clients := kubernetes.NewForConfigOrDie(i.config)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	i.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		_ = wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			list, err := clients.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
			if err != nil {
				return false, nil //nolint:nilerr // the next round tries again
			}
			for n := range list.Items {
				if namespace := &list.Items[n]; !namespace.DeletionTimestamp.IsZero() {
					namespace.Spec.Finalizers = nil
					_, _ = clients.CoreV1().Namespaces().Finalize(ctx, namespace, metav1.UpdateOptions{})
				}
			}
			return false, nil
		})
	}()
}

// world is a namespace in the cluster, with managers that run as the operator that is installed.
func (i *installation) world() *world {
	i.Helper()
	w := newWorldOn(i.T, i.config)
	w.manages = rest.CopyConfig(i.config)
	w.manages.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager",
		Groups:   []string{"system:serviceaccounts", "system:authenticated"},
	}
	return w
}

// install installs what docs/install.md says, and waits until the API server serves it.
func (i *installation) install() {
	i.Helper()
	if said, err := i.run("kubectl", "apply", "--server-side", "-f", i.path("config", "install.yaml")); err != nil {
		i.Fatalf("installing: %v\n%s", err, said)
	}
	said, err := i.run("kubectl", "wait", "--for=condition=Established", "--timeout=30s",
		"crd/aurorabacktracks.aurora-backtrack.io", "crd/auroraclusters.aurora-backtrack.io")
	if err != nil {
		i.Fatalf("waiting for the kinds: %v\n%s", err, said)
	}
}

// uninstall runs config/uninstall.sh; want is the error that it ends with, empty if it succeeds.
func (i *installation) uninstall(want string, arguments ...string) string {
	i.Helper()
	i.timeout = "1m"
	if want != "" {
		i.timeout = "2s"
	}
	said, err := i.run(i.path("config", "uninstall.sh"), arguments...)
	if got := ""; err != nil {
		if got = err.Error(); got != want {
			i.Fatalf("it ended with %q, want %q:\n%s", got, want, said)
		}
	} else if want != "" {
		i.Fatalf("it succeeded, want %q:\n%s", want, said)
	}
	return said
}

// run runs a program on the cluster, and gives what it says.
func (i *installation) run(program string, arguments ...string) (string, error) {
	i.Helper()
	if program == "kubectl" {
		program = filepath.Join(i.bin, "kubectl")
	}
	command := exec.CommandContext(i.Context(), program, arguments...)
	command.Env = append(os.Environ(), "KUBECONFIG="+i.kubeconfig, "PATH="+i.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TIMEOUT="+i.timeout)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	return said.String(), err
}

func (i *installation) path(parts ...string) string {
	i.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"..", ".."}, parts...)...))
	if err != nil {
		i.Fatal(err)
	}
	return path
}

// nothingLeft fails where something of config/install.yaml is still there.
func (i *installation) nothingLeft() {
	i.Helper()
	said, err := i.run("kubectl", "get", "-f", i.path("config", "install.yaml"), "--ignore-not-found", "-o", "name")
	for line := range strings.SplitSeq(said, "\n") {
		if line != "" && !strings.Contains(line, "error: ") {
			i.Errorf("left is %s (%v)", line, err)
		}
	}
	c, err := client.New(i.config, client.Options{Scheme: scheme})
	if err != nil {
		i.Fatal(err)
	}
	if err := c.Get(i.Context(), client.ObjectKey{Name: "aurora-backtrack-system"}, &corev1.Namespace{}); client.IgnoreNotFound(err) != nil || err == nil {
		i.Errorf("the operator's namespace: %v", err)
	}
}
