package backtrack

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/cluster"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// world is everything around the operator, in memory and with one clock: an API server, the local Aurora
// behind the real SDK, and what stands in for the workload controllers. Time passes only when a test says so.
type world struct {
	t      testing.TB
	server *fakeapi.Server
	api    client.WithWatch // of the server
	rds    *local.Server
	clock  *clocktesting.FakeClock
	// kubelet is what the workload controllers and kubelets would do; tests may replace it.
	kubelet func(*world)
	// rdsAhead is RDS's clock minus everybody else's.
	rdsAhead time.Duration
	// made counts the objects, to name pods by.
	made    int
	decoded map[string]decoded
	// processes are those that live and have a work queue.
	processes []*process
}

var start = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

// scheme and mapper are made once: making them costs more than a whole rewind.
var (
	scheme = newScheme()
	mapper = testrestmapper.TestOnlyStaticRESTMapper(scheme)
)

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		panic(err)
	}
	return scheme
}

// newWorld has the Aurora cluster "testcluster", the AuroraCluster "game" that stands for it, and the
// namespace "game", which may rewind it.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, clock: clocktesting.NewFakeClock(start), kubelet: rollout, decoded: map[string]decoded{}}
	w.server = fakeapi.New(fakeapi.Options{Scheme: scheme, Mapper: mapper, Now: w.clock.Now, StatusDefaults: map[schema.GroupKind]map[string]any{
		{Group: v1alpha1.GroupVersion.Group, Kind: "AuroraBacktrack"}: {"observedGeneration": int64(-1)},
		{Group: v1alpha1.GroupVersion.Group, Kind: "AuroraCluster"}:   {"observedGeneration": int64(-1)},
	}})
	w.server.OnChange(w.told)
	w.api = w.server.Client()
	server, err := local.NewServer(local.Options{Now: func() time.Time { return w.clock.Now().Add(w.rdsAhead) }, Wait: func(time.Duration) {}, Timing: local.Timing{
		Unlisted: 2 * time.Second, Pending: 4 * time.Second, Backtracking: 10 * time.Second, StatusLag: 3 * time.Second,
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.rds = server
	w.addAurora("testcluster")
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "game"}})
	w.create(auroraCluster("game", "testcluster"))
	return w
}

func (w *world) addAurora(identifier string) {
	w.t.Helper()
	if err := w.rds.AddCluster(local.Cluster{Identifier: identifier, BacktrackWindow: 7200, CreatedAt: start.Add(-24 * time.Hour)}, ""); err != nil {
		w.t.Fatal(err)
	}
}

func auroraCluster(name, identifier string) *v1alpha1.AuroraCluster {
	return &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AuroraClusterSpec{
		DBClusterIdentifier: identifier, Strategy: v1alpha1.StrategyRestart,
		AllowedNamespaces: v1alpha1.AllowedNamespaces{Names: []string{"game"}},
	}}
}

// undo is the two-field object, to 13:55.
func undo(name string) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: name}, Spec: v1alpha1.AuroraBacktrackSpec{
		ClusterRef: v1alpha1.ClusterReference{Name: "game"}, BacktrackTo: "2023-12-23T13:55:00Z",
	}}
}

// create stores the object.
func (w *world) create(o client.Object) {
	w.t.Helper()
	w.made++
	if err := w.api.Create(context.Background(), o); err != nil {
		w.t.Fatal(err)
	}
}

// read gives the object as stored; nil when it is not there.
func (w *world) read(name string) *v1alpha1.AuroraBacktrack {
	w.t.Helper()
	b := &v1alpha1.AuroraBacktrack{}
	err := w.api.Get(context.Background(), types.NamespacedName{Namespace: "game", Name: name}, b)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) readCluster(name string) *v1alpha1.AuroraCluster {
	w.t.Helper()
	c := &v1alpha1.AuroraCluster{}
	if err := w.api.Get(context.Background(), types.NamespacedName{Name: name}, c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// edit changes the object's spec as a user would.
func (w *world) edit(name string, change func(*v1alpha1.AuroraBacktrack)) {
	w.t.Helper()
	b := w.read(name)
	change(b)
	if err := w.api.Update(context.Background(), b); err != nil {
		w.t.Fatal(err)
	}
}

// editCluster changes the AuroraCluster as whoever runs the platform would.
func (w *world) editCluster(name string, change func(*v1alpha1.AuroraCluster)) {
	w.t.Helper()
	c := w.readCluster(name)
	change(c)
	if err := w.api.Update(context.Background(), c); err != nil {
		w.t.Fatal(err)
	}
}

// accepted counts the backtracks that RDS took, whether or not its answer arrived.
func (w *world) accepted() int {
	n := 0
	for _, call := range w.rds.Calls() {
		if call.Operation == "BacktrackDBCluster" && call.Done() {
			n++
		}
	}
	return n
}

// asked counts the calls for a backtrack, whatever became of them.
func (w *world) asked() int {
	n := 0
	for _, call := range w.rds.Calls() {
		if call.Operation == "BacktrackDBCluster" {
			n++
		}
	}
	return n
}

// operator is one process of ours. A dead one reaches nothing any more.
type operator struct {
	*world
	backtracks *Reconciler
	clusters   *cluster.Reconciler
	wire       *wire
}

// newOperator starts a process. The hook sees every write to the API server and every call to RDS, before
// and after; see wire.
func (w *world) newOperator(hook hook) *operator {
	w.t.Helper()
	return w.assemble(&wire{hook: hook}, func(live client.Client) client.Client { return live }, DefaultSettings())
}

// assemble puts a process together. The cache is what it reads its own kinds from; the rest it reads live.
func (w *world) assemble(line *wire, cache func(live client.Client) client.Client, settings Settings) *operator {
	line.now = w.clock.Now
	api := line.client(w.api)
	rds := rds.NewProvider(rds.Options{Clock: w.clock, Config: aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		BaseEndpoint: aws.String("http://rds.local"), HTTPClient: line.http(w.rds.Client()),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }, // the SDK's retries wait in real time
	}})
	workloads := &workload.Workloads{Client: api, Clock: w.clock}
	cached := cache(api)
	events := &event.Announcer{Client: cached, Clock: w.clock}
	return &operator{
		world: w, wire: line,
		backtracks: &Reconciler{Client: cached, Live: api, RDS: rds, Workloads: workloads, Clock: w.clock, Events: events, Settings: settings},
		clusters:   &cluster.Reconciler{Client: cached, Live: api, RDS: rds, Workloads: workloads, Clock: w.clock, Events: events},
	}
}

// round reconciles everything once and gives the shortest time after which somebody wants to look again.
func (o *operator) round() time.Duration {
	o.t.Helper()
	next := time.Minute
	note := func(result ctrl.Result, err error) {
		switch {
		case err != nil:
			next = min(next, time.Second)
		case result.RequeueAfter > 0:
			next = min(next, result.RequeueAfter)
		}
	}
	ctx := context.Background()
	var clusters v1alpha1.AuroraClusterList
	var backtracks v1alpha1.AuroraBacktrackList
	if err := errors.Join(o.world.api.List(ctx, &clusters), o.world.api.List(ctx, &backtracks)); err != nil {
		o.t.Fatal(err)
	}
	for _, c := range clusters.Items {
		note(o.clusters.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: c.Name}}))
	}
	for _, b := range backtracks.Items {
		note(o.backtracks.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Namespace: b.Namespace, Name: b.Name}}))
	}
	if o.kubelet != nil {
		o.kubelet(o.world)
	}
	return next
}

// until reconciles and lets time pass until the condition holds. It is bounded, and says what it waited for.
func (o *operator) until(what string, holds func() bool) {
	o.t.Helper()
	for range 2000 {
		if holds() {
			return
		}
		o.clock.Step(o.round())
	}
	o.t.Fatalf("never came to be: %s\n%s", what, o.describe())
}

// finish waits until the object has come to its end, and gives it.
func (o *operator) finish(name string) *v1alpha1.AuroraBacktrack {
	o.t.Helper()
	var b *v1alpha1.AuroraBacktrack
	o.until(name+" finished", func() bool {
		b = o.read(name)
		return b == nil || b.Status.CompletedAt != ""
	})
	return b
}

// waits lets the object run until its condition has the reason.
func (o *operator) waits(name, condition, reason string) *v1alpha1.AuroraBacktrack {
	o.t.Helper()
	var b *v1alpha1.AuroraBacktrack
	o.until(fmt.Sprintf("%s with %s %s", name, condition, reason), func() bool {
		b = o.read(name)
		c := meta.FindStatusCondition(b.Status.Conditions, condition)
		return c != nil && c.Reason == reason
	})
	return b
}

func (w *world) describe() string {
	var list v1alpha1.AuroraBacktrackList
	if err := w.api.List(context.Background(), &list); err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("at %s\n", w.clock.Now().Format(time.TimeOnly))
	for _, b := range list.Items {
		text += fmt.Sprintf("%s/%s deleted=%v finalizers=%v request=%+v\n", b.Namespace, b.Name, b.DeletionTimestamp, b.Finalizers, b.Status.Claim)
		for _, c := range b.Status.Conditions {
			text += fmt.Sprintf("  %-24s %-8s %-20s %s\n", c.Type, c.Status, c.Reason, c.Message)
		}
	}
	return text
}
