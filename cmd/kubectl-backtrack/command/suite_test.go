package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// What all tests share: one API server with our kinds, our admission policies and our roles.
var (
	environment *envtest.Environment
	admin       client.WithWatch // may do everything but write a status
	operator    client.WithWatch // is the operator, as the admission policies know it
	kubeconfigs string           // a folder with one for each person
)

// The people of the tests. All have the plugin's role in every namespace; olga may approve.
const (
	alice = "alice@example.com"
	olga  = "olga@example.com"
	eve   = "eve@example.com" // may look only
)

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Fprintln(os.Stderr, "KUBEBUILDER_ASSETS does not say where kube-apiserver and etcd are: run make test")
		os.Exit(1)
	}
	klog.SetLogger(logr.Discard())
	log.SetLogger(logr.Discard())
	os.Exit(suite(m))
}

func suite(m *testing.M) int {
	environment = &envtest.Environment{CRDDirectoryPaths: []string{config("crd", "bases")}, ErrorIfCRDPathMissing: true}
	server, err := environment.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the API server:", err)
		return 1
	}
	defer func() {
		if err := environment.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		}
	}()
	server.QPS = -1
	if err := prepare(server); err != nil {
		fmt.Fprintln(os.Stderr, "preparing the API server:", err)
		return 1
	}
	defer os.RemoveAll(kubeconfigs)
	return m.Run()
}

func config(parts ...string) string {
	return filepath.Join(append([]string{"..", "..", "..", "config"}, parts...)...)
}

func prepare(server *rest.Config) (err error) {
	scheme := New(genericiooptions.IOStreams{}, "test").Scheme
	if admin, err = client.NewWithWatch(server, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	as := rest.CopyConfig(server)
	as.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:aurora-backtrack-system:aurora-backtrack-manager", Groups: []string{"system:masters"}}
	if operator, err = client.NewWithWatch(as, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	for _, file := range []string{"rbac/plugin_role.yaml", "rbac/viewer_role.yaml", "rbac/approver_role.yaml", "admission/annotations.yaml", "admission/approval.yaml", "admission/operator_only.yaml"} {
		if err := apply(config(file)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	for user, roles := range map[string][]string{
		alice: {"aurora-backtrack-plugin", "aurora-backtrack-cluster-viewer"},
		olga:  {"aurora-backtrack-plugin", "aurora-backtrack-cluster-viewer", "aurora-backtrack-approver"},
		eve:   {"aurora-backtrack-viewer"},
	} {
		for _, role := range roles {
			if err := admin.Create(context.Background(), clusterBinding(user, role)); err != nil {
				return err
			}
		}
	}
	if kubeconfigs, err = os.MkdirTemp("", "kubeconfigs"); err != nil {
		return err
	}
	for _, user := range []string{alice, olga, eve, "root"} {
		if err := addUser(user); err != nil {
			return err
		}
	}
	return policiesInForce()
}

// addUser makes a person known to the API server.
func addUser(user string) error {
	groups := []string{"people"}
	if user == "root" {
		groups = []string{"system:masters"}
	}
	added, err := environment.AddUser(envtest.User{Name: user, Groups: groups}, nil)
	if err != nil {
		return err
	}
	content, err := added.KubeConfig()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(kubeconfigs, user), content, 0o600)
}

// clusterBinding gives a person a role in the whole cluster.
func clusterBinding(user, role string) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: strings.ReplaceAll(user, "@", "-") + "-" + role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
}

// bind gives a person a role in a namespace.
func bind(ctx context.Context, namespace, user, role string) error {
	return admin.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	})
}

// apply creates what a file of config holds.
func apply(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for document := range strings.SplitSeq(string(content), "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			return err
		}
		if err := admin.Create(context.Background(), object); err != nil {
			return err
		}
	}
	return nil
}

// policiesInForce waits until the API server has taken the policies up, which takes a moment.
func policiesInForce() error {
	probe := func(name string) *v1alpha1.AuroraBacktrack {
		return &v1alpha1.AuroraBacktrack{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Annotations: map[string]string{v1alpha1.RequestedByAnnotation: "nobody"}},
			Spec:       v1alpha1.AuroraBacktrackSpec{ClusterRef: v1alpha1.ClusterReference{Name: "none"}, BacktrackTo: "2023-12-23T13:55:00Z"},
		}
	}
	return wait.PollUntilContextTimeout(context.Background(), 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		if err := admin.Create(ctx, probe("probe"), client.DryRunAll); err == nil || !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "write your own user name") {
			return false, nil
		}
		good := probe("probe")
		good.Annotations = nil
		return admin.Create(ctx, good, client.DryRunAll) == nil, nil
	})
}
