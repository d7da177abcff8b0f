package gitops_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// almighty is the group to which RBAC refuses nothing: Argo CD and Flux are in it unless somebody narrows their rights.
const almighty = "system:masters"

// apiServer is a real API server with everything of config/install.yaml in it.
type apiServer struct {
	*envtest.Environment
	scheme *runtime.Scheme
	admin  client.Client
}

// shared is the API server of all tests of the package; it is started by the first that needs it.
var shared struct {
	sync.Once
	apiServer
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.Environment != nil {
		if err := shared.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// server gives the API server.
func server(t *testing.T) *apiServer {
	t.Helper()
	shared.Do(func() { shared.err = shared.start(context.Background()) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &shared.apiServer
}

func (s *apiServer) start(ctx context.Context) error {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(root, "bin", "control-plane")
	}
	if _, err := os.Stat(filepath.Join(assets, "kube-apiserver")); err != nil {
		return fmt.Errorf("no kube-apiserver to test against: run `make control-plane` once: %w", err)
	}
	s.Environment = &envtest.Environment{BinaryAssetsDirectory: assets, ControlPlaneStartTimeout: 3 * time.Minute}
	config, err := s.Start()
	if err != nil {
		return fmt.Errorf("starting the API server: %w", err)
	}
	config.QPS = -1
	s.scheme = runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(s.scheme), v1alpha1.AddToScheme(s.scheme)); err != nil {
		return err
	}
	if s.admin, err = client.New(config, client.Options{Scheme: s.scheme}); err != nil {
		return err
	}
	return s.install(ctx)
}

// install applies config/install.yaml and waits until it is in force.
func (s *apiServer) install(ctx context.Context) error {
	manifests, err := os.ReadFile(filepath.Join(root, "config", "install.yaml"))
	if err != nil {
		return err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(string(manifests)), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if err := s.admin.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	for _, name := range []string{"game", "argocd", "flux-system"} {
		if err := s.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		probe := &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "probe"}, Spec: v1alpha1.AuroraClusterSpec{DBClusterIdentifier: "probe"}}
		if err := s.admin.Create(ctx, probe); err != nil {
			return false, client.IgnoreAlreadyExists(ignoreNotServed(err))
		}
		defer func() { _ = s.admin.Delete(ctx, probe) }()
		return apierrors.IsForbidden(s.admin.Status().Update(ctx, probe, client.DryRunAll)), nil
	})
}

// ignoreNotServed passes over what the API server says until it serves a new kind.
func ignoreNotServed(err error) error {
	if apierrors.IsNotFound(err) || strings.Contains(err.Error(), "no matches for kind") {
		return nil
	}
	return err
}

// as is a client of a user by that name.
func (s *apiServer) as(t *testing.T, user string, groups ...string) client.Client {
	t.Helper()
	authenticated, err := s.AddUser(envtest.User{Name: user, Groups: groups}, nil)
	if err != nil {
		t.Fatalf("adding the user %s: %v", user, err)
	}
	config := authenticated.Config()
	config.QPS = -1
	c, err := client.New(config, client.Options{Scheme: s.scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// namespace makes a namespace for the test.
func (s *apiServer) namespace(t *testing.T) string {
	t.Helper()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "game-"}}
	if err := s.admin.Create(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return n.Name
}

// eventually waits until the condition holds: the API server takes a moment to see new parameters of a policy.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		return holds(), nil
	})
	if err != nil {
		t.Fatalf("it did not come to be: %s", what)
	}
}
