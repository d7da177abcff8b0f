package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// What all tests of the package share: one API server with our kinds in it, and one local Aurora on a socket.
var (
	apiServer    *rest.Config
	scheme       = runtime.NewScheme()
	auroraServer *local.Server
	logs         journal
)

// What nothing may tell.
const (
	secretKey = "SecretOfTheLocalAurora"
	wrongKey  = "SecretOfNobody"
)

// patience bounds every wait. Nothing here waits for a poll that a watch makes needless: those are 30 s apart.
const patience = 25 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Fprintln(os.Stderr, "KUBEBUILDER_ASSETS does not say where kube-apiserver and etcd are: run make test")
		os.Exit(1)
	}
	ctrl.SetLogger(zap.New(zap.WriteTo(&logs), zap.UseDevMode(true)))
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	os.Exit(suite(m))
}

func suite(m *testing.M) int {
	env := &envtest.Environment{CRDDirectoryPaths: []string{filepath.Join("..", "..", "config", "crd", "bases")}, ErrorIfCRDPathMissing: true}
	var err error
	if apiServer, err = env.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "starting the API server:", err)
		return 1
	}
	defer func() {
		if err := env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		}
	}()
	apiServer.QPS = -1
	auroraServer, err = local.NewServer(local.Options{AccessKeys: map[string]string{"AKIALOCAL": secretKey}, Timing: local.Timing{
		Unlisted: 100 * time.Millisecond, Pending: 200 * time.Millisecond, Backtracking: 300 * time.Millisecond, StatusLag: 100 * time.Millisecond,
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the local Aurora:", err)
		return 1
	}
	socket := httptest.NewServer(auroraServer)
	defer socket.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_RDS": socket.URL, "AWS_ENDPOINT_URL_STS": socket.URL, "AWS_REGION": "eu-west-1",
		"AWS_ACCESS_KEY_ID": "AKIALOCAL", "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return max(m.Run(), logs.check())
}

// world is one test's namespace, which is also the name of its AuroraCluster and of its Aurora cluster.
type world struct {
	*testing.T
	client.WithWatch
	name    string
	manages *rest.Config // by which the managers that the test runs reach the API server
	traffic traffic      // theirs
	ends    string       // the error that its managers may end with
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, apiServer)
}

// newWorldOn is a test's world on an API server of its own.
func newWorldOn(t *testing.T, server *rest.Config) *world {
	t.Helper()
	c, err := client.NewWithWatch(server, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, WithWatch: c, manages: server}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "game-"}}
	w.create(namespace)
	w.name = namespace.Name
	w.addAurora(w.name)
	w.controllers()
	return w
}

func (w *world) addAurora(identifier string) {
	w.Helper()
	w.must(auroraServer.AddCluster(local.Cluster{Identifier: identifier, BacktrackWindow: 7200, CreatedAt: time.Now().Add(-24 * time.Hour)}, ""))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) create(o client.Object) {
	w.Helper()
	w.must(w.Create(w.Context(), o))
}

func (w *world) cluster() *v1alpha1.AuroraCluster {
	return &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: w.name}, Spec: v1alpha1.AuroraClusterSpec{
		DBClusterIdentifier: w.name, AllowedNamespaces: v1alpha1.AllowedNamespaces{Names: []string{w.name}},
	}}
}

func (w *world) backtrack(name string, ago time.Duration) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: name}, Spec: v1alpha1.AuroraBacktrackSpec{
		ClusterRef: v1alpha1.ClusterReference{Name: w.name}, BacktrackTo: v1alpha1.NewTimestamp(time.Now().Add(-ago)),
	}}
}

func (w *world) deployment(name string, replicas int32, strategy v1alpha1.Strategy) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: w.name, Name: name, Labels: map[string]string{v1alpha1.ClusterLabel: w.name},
			Annotations: map[string]string{v1alpha1.StrategyAnnotation: string(strategy)},
		},
		Spec: appsv1.DeploymentSpec{Replicas: ptr.To(replicas), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "none"}}},
		}},
	}
}

// controllers stand in for the Deployment controller: every Deployment of the test is as its spec asks.
func (w *world) controllers() {
	ctx := w.Context()
	done := make(chan struct{})
	w.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		_ = wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			var list appsv1.DeploymentList
			if err := w.List(ctx, &list, client.InNamespace(w.name)); err != nil {
				return false, nil //nolint:nilerr // the next round tries again
			}
			for i := range list.Items {
				d := &list.Items[i]
				if d.Status.ObservedGeneration == d.Generation {
					continue
				}
				n := *d.Spec.Replicas
				d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
				_ = w.Status().Update(ctx, d) // a conflict is looked at again
			}
			return false, nil
		})
	}()
}

// manager runs the whole manager, as main does, until the test ends or stop is called.
func (w *world) manager(change ...func(*options)) (stop func()) {
	w.Helper()
	o := parse([]string{"--metrics-bind-address=0", "--health-probe-bind-address=0", "--poll-interval=100ms", "--settle-period=2s", "--rds-requests-per-second=200"})
	for _, f := range change {
		f(&o)
	}
	settings := o.manager(scheme)
	settings.Controller.SkipNameValidation = ptr.To(true) // several managers run in this process
	mgr, err := ctrl.NewManager(w.counted(w.manages), settings)
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	w.must(setup(ctx, mgr, o))
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	stop = func() {
		cancel()
		if err, running := <-done; running {
			close(done)
			if err != nil && (w.ends == "" || !strings.Contains(err.Error(), w.ends)) {
				w.Errorf("the manager ended with %v", err)
			}
		}
	}
	w.Cleanup(stop)
	return stop
}

// until waits on a condition, with a bound, and says what it waited for.
func (w *world) until(what string, holds func(context.Context) bool) {
	w.Helper()
	w.within(patience, what, holds)
}

func (w *world) within(bound time.Duration, what string, holds func(context.Context) bool) {
	w.Helper()
	err := wait.PollUntilContextTimeout(w.Context(), 30*time.Millisecond, bound, true, func(ctx context.Context) (bool, error) { return holds(ctx), nil })
	if err != nil {
		var list v1alpha1.AuroraBacktrackList
		_ = w.List(context.Background(), &list, client.InNamespace(w.name))
		for i := range list.Items {
			w.Logf("%s: %+v", list.Items[i].Name, list.Items[i].Status.Conditions)
		}
		w.Fatalf("waited %s in vain: %s", bound, what)
	}
}

// reads waits until the object's condition has the status and the reason, and gives the object.
func (w *world) reads(name, condition string, status metav1.ConditionStatus, reason string) *v1alpha1.AuroraBacktrack {
	w.Helper()
	b := &v1alpha1.AuroraBacktrack{}
	w.until(fmt.Sprintf("%s with %s %s %s", name, condition, status, reason), func(ctx context.Context) bool {
		if err := w.Get(ctx, client.ObjectKey{Namespace: w.name, Name: name}, b); err != nil {
			return false
		}
		c := meta.FindStatusCondition(b.Status.Conditions, condition)
		return c != nil && c.Status == status && c.Reason == reason
	})
	return b
}

func (w *world) succeeds(name string) *v1alpha1.AuroraBacktrack {
	w.Helper()
	return w.reads(name, v1alpha1.ConditionSucceeded, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

// asked counts the calls for a backtrack of the test's own Aurora cluster.
func (w *world) asked() int {
	n := 0
	for _, call := range auroraServer.Calls() {
		if call.Operation == "BacktrackDBCluster" && call.Parameters["DBClusterIdentifier"] == w.name {
			n++
		}
	}
	return n
}

func (w *world) edit(o client.Object, change func()) {
	w.Helper()
	w.until("the edit of "+o.GetName(), func(ctx context.Context) bool {
		w.must(w.Get(ctx, client.ObjectKeyFromObject(o), o))
		change()
		err := w.Update(ctx, o)
		if err != nil && !apierrors.IsConflict(err) {
			w.Fatal(err)
		}
		return err == nil
	})
}
