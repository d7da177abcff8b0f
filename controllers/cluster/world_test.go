package cluster

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// world has AuroraCluster game, which stands for the Aurora cluster testcluster, an API server and RDS in memory,
// and the reconciler. Time stands still unless a test says otherwise.
type world struct {
	*testing.T
	api        client.Client
	rds        *local.Server
	clock      *clocktesting.FakeClock
	reconciler *Reconciler
}

var start = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	w := &world{T: t, clock: clocktesting.NewFakeClock(start)}
	w.api = fakeapi.New(fakeapi.Options{Scheme: scheme, Mapper: testrestmapper.TestOnlyStaticRESTMapper(scheme), Now: w.clock.Now}).Client()
	server, err := local.NewServer(local.Options{Now: w.clock.Now, Wait: func(time.Duration) {}})
	w.must(err)
	w.rds = server
	w.must(server.AddCluster(local.Cluster{Identifier: "testcluster", BacktrackWindow: 7200, CreatedAt: start.Add(-24 * time.Hour)}, ""))
	w.reconciler = &Reconciler{
		Client: w.api, Live: w.api, Clock: w.clock,
		Workloads: &workload.Workloads{Client: w.api, Clock: w.clock}, Events: &event.Announcer{Client: w.api, Clock: w.clock},
		RDS: rds.NewProvider(rds.Options{Clock: w.clock, Config: aws.Config{
			Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
			BaseEndpoint: aws.String("http://rds.local"), HTTPClient: server.Client(),
		}}),
	}
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "game"}})
	w.create(&v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "game"}, Spec: v1alpha1.AuroraClusterSpec{
		DBClusterIdentifier: "testcluster", Strategy: v1alpha1.StrategyRestart, AllowedNamespaces: v1alpha1.AllowedNamespaces{Names: []string{"game"}},
	}})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) create(o client.Object) {
	w.Helper()
	w.must(w.api.Create(context.Background(), o))
}

// look reconciles AuroraCluster game, and gives what was written.
func (w *world) look() *v1alpha1.AuroraCluster {
	w.Helper()
	_, err := w.reconciler.Reconcile(context.Background(), ctrl.Request{NamespacedName: types.NamespacedName{Name: "game"}})
	w.must(err)
	return w.cluster()
}

func (w *world) cluster() *v1alpha1.AuroraCluster {
	w.Helper()
	c := &v1alpha1.AuroraCluster{}
	w.must(w.api.Get(context.Background(), client.ObjectKey{Name: "game"}, c))
	return c
}

// lock gives the lock to the object and notes its claim in the ledger, if it is to have one.
func (w *world) lock(change func(*v1alpha1.AuroraCluster)) {
	w.Helper()
	c := w.cluster()
	change(c)
	w.must(w.api.Status().Update(context.Background(), c))
}

// worker is a Deployment with strategy Pause and three replicas, which the owner has paused.
func (w *world) worker(owner types.UID) {
	w.Helper()
	labels := map[string]string{"app": "worker"}
	w.create(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "game", Name: "worker", Labels: map[string]string{v1alpha1.ClusterLabel: "game"},
			Annotations: map[string]string{v1alpha1.StrategyAnnotation: string(v1alpha1.StrategyPause)},
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](3), Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}},
		},
	})
	dependents, _, err := w.reconciler.Workloads.Find(context.Background(), w.cluster())
	w.must(err)
	_, err = w.reconciler.Workloads.Pause(context.Background(), owner, dependents, false)
	w.must(err)
	if n := w.replicas(); n != 0 {
		w.Fatalf("the worker has %d replicas while it is paused", n)
	}
}

func (w *world) readWorker() *appsv1.Deployment {
	w.Helper()
	d := &appsv1.Deployment{}
	w.must(w.api.Get(context.Background(), client.ObjectKey{Namespace: "game", Name: "worker"}, d))
	return d
}

func (w *world) replicas() int32 {
	w.Helper()
	return ptr.Deref(w.readWorker().Spec.Replicas, -1)
}
