// Package admission_test asks a real API server, with everything of config/install.yaml in it, what a person is told
// who writes an object that is wrong, or one that is not theirs to write.
package admission_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	root        = "../../.."
	namespace   = "game"
	waitTimeout = 30 * time.Second
)

// server is the API server that all tests of the package share, and root's own client to it.
var server struct {
	*envtest.Environment
	admin  client.Client
	scheme *runtime.Scheme
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		assets = filepath.Join(root, "bin", "control-plane")
	}
	if _, err := os.Stat(filepath.Join(assets, "kube-apiserver")); err != nil {
		return 0, fmt.Errorf("no kube-apiserver to test against: run `make control-plane` once: %w", err)
	}
	server.Environment = &envtest.Environment{BinaryAssetsDirectory: assets}
	config, err := server.Start()
	if err != nil {
		return 0, fmt.Errorf("starting the API server: %w", err)
	}
	defer func() { err = errors.Join(err, server.Stop()) }()

	server.scheme = runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(server.scheme), v1alpha1.AddToScheme(server.scheme)); err != nil {
		return 0, err
	}
	if server.admin, err = client.New(config, client.Options{Scheme: server.scheme}); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*waitTimeout)
	defer cancel()
	if err := install(ctx); err != nil {
		return 0, fmt.Errorf("installing: %w", err)
	}
	return m.Run(), nil
}

// install applies config/install.yaml as kubectl would, and waits until it is in force.
func install(ctx context.Context) error {
	file, err := os.Open(filepath.Join(root, "config", "install.yaml"))
	if err != nil {
		return err
	}
	defer file.Close()
	decoder := yaml.NewYAMLOrJSONDecoder(file, 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if err := server.admin.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	if err := server.admin.Create(ctx, named("v1", "Namespace", namespace)); err != nil {
		return err
	}
	return inForce(ctx)
}

// inForce waits until the API server serves both kinds and every policy refuses what it must refuse.
func inForce(ctx context.Context) error {
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		if err := server.admin.List(ctx, &v1alpha1.AuroraClusterList{}); err != nil {
			return false, nil
		}
		forged := backtrack("forged", annotation(v1alpha1.ApprovedByAnnotation, "somebody"))
		if !apierrors.IsForbidden(server.admin.Create(ctx, forged, client.DryRunAll)) {
			return false, nil
		}
		probe := cluster("probe")
		if err := server.admin.Create(ctx, probe); err != nil {
			return false, client.IgnoreAlreadyExists(err)
		}
		defer func() { _ = server.admin.Delete(ctx, probe) }()
		return apierrors.IsForbidden(server.admin.Status().Update(ctx, probe, client.DryRunAll)), nil
	})
}

// as is a client of a user by that name. What the user may do is for RoleBindings to say.
func as(t *testing.T, user string, groups ...string) client.Client {
	t.Helper()
	authenticated, err := server.AddUser(envtest.User{Name: user, Groups: groups}, nil)
	if err != nil {
		t.Fatalf("adding the user %s: %v", user, err)
	}
	c, err := client.New(authenticated.Config(), client.Options{Scheme: server.scheme})
	if err != nil {
		t.Fatalf("making a client for %s: %v", user, err)
	}
	return c
}

// almighty is the group to which RBAC refuses nothing: what is still refused, an admission policy refused.
const almighty = "system:masters"

// operator is a client with the name that the manager has in its pod.
func operator(t *testing.T) client.Client {
	t.Helper()
	return as(t, "system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager", almighty)
}

// eventually waits until the condition holds; the API server takes a moment to see new bindings and parameters.
func eventually(t *testing.T, what string, condition func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return condition(ctx), nil
	})
	if err != nil {
		t.Fatalf("%s passed, waiting %s", waitTimeout, what)
	}
}
