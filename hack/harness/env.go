// Package harness is what the tests of the two reconcilers stand on: an API server and an Aurora in memory with one
// clock, processes of the operator in between whose every call can be made to fail, users and workload controllers
// that do what theirs would, and checkers of what must hold whatever happens. It drives the reconcilers through their
// exported API only, so that its tests hold whatever the inside looks like.
package harness

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	local "github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// Must ends the test on an error.
func (env *Env) Must(err error) {
	env.T.Helper()
	if err != nil {
		env.T.Fatal(err)
	}
}

// Env is everything around the operator, in memory and with one clock: an API server, the local Aurora
// behind the real SDK, and what stands in for the workload controllers. Time passes only when a test says so.
type Env struct {
	T      testing.TB
	Server *fakeapi.Server
	API    client.WithWatch // of the server
	RDS    *local.Server
	Clock  *clocktesting.FakeClock
	// Kubelet is what the workload controllers and kubelets would do; tests may replace it.
	Kubelet func(*Env)
	// Check is how the Jobs that check the data end.
	Check Check
	// RDSAhead is RDS's clock minus everybody else's.
	RDSAhead time.Duration
	// made counts the objects, to name pods by.
	made    int
	decoded map[string]decoded
	// processes are those that live and have a work queue.
	processes []*Process
}

// StartTime is when every test begins.
var StartTime = time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC)

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

// New makes an Env with the Aurora cluster "testcluster", the AuroraCluster "game" that stands for it, and the
// namespace "game", which may rewind it.
func New(t testing.TB) *Env {
	t.Helper()
	env := &Env{T: t, Clock: clocktesting.NewFakeClock(StartTime), Kubelet: RollOut, decoded: map[string]decoded{}}
	env.Server = fakeapi.New(fakeapi.Options{Scheme: scheme, Mapper: mapper, Now: env.Clock.Now, StatusDefaults: map[schema.GroupKind]map[string]any{
		{Group: v1alpha1.GroupVersion.Group, Kind: "AuroraBacktrack"}: {"observedGeneration": int64(-1)},
		{Group: v1alpha1.GroupVersion.Group, Kind: "AuroraCluster"}:   {"observedGeneration": int64(-1)},
	}})
	env.Server.OnChange(env.notify)
	env.API = env.Server.Client()
	env.populate()
	return env
}

// populate makes RDS and the first objects.
func (env *Env) populate() {
	env.T.Helper()
	server, err := local.NewServer(local.Options{
		Now:    func() time.Time { return env.Clock.Now().Add(env.RDSAhead) },
		Wait:   func(time.Duration) {},
		Timing: local.Timing{Unlisted: 2 * time.Second, Pending: 4 * time.Second, Backtracking: 10 * time.Second, StatusLag: 3 * time.Second},
	})
	env.Must(err)
	env.RDS = server
	env.AddDBCluster("testcluster")
	env.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "game"}})
	env.Create(NewAuroraCluster("game", "testcluster"))
}

// AddDBCluster adds an Aurora cluster to RDS, with a backtrack window of two hours.
func (env *Env) AddDBCluster(identifier string) {
	env.T.Helper()
	if err := env.RDS.AddCluster(local.Cluster{Identifier: identifier, BacktrackWindow: 7200, CreatedAt: StartTime.Add(-24 * time.Hour)}, ""); err != nil {
		env.T.Fatal(err)
	}
}

// Create stores the object.
func (env *Env) Create(o client.Object) {
	env.T.Helper()
	env.made++
	if err := env.API.Create(context.Background(), o); err != nil {
		env.T.Fatal(err)
	}
}

// Read gives the object as stored; nil when it is not there.
func (env *Env) Read(name string) *v1alpha1.AuroraBacktrack {
	env.T.Helper()
	b := &v1alpha1.AuroraBacktrack{}
	err := env.API.Get(context.Background(), types.NamespacedName{Namespace: "game", Name: name}, b)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		env.T.Fatal(err)
	}
	return b
}

// ReadCluster gives the AuroraCluster as stored.
func (env *Env) ReadCluster(name string) *v1alpha1.AuroraCluster {
	env.T.Helper()
	c := &v1alpha1.AuroraCluster{}
	if err := env.API.Get(context.Background(), types.NamespacedName{Name: name}, c); err != nil {
		env.T.Fatal(err)
	}
	return c
}

// Edit changes the object's spec as a user would.
func (env *Env) Edit(name string, change func(*v1alpha1.AuroraBacktrack)) {
	env.T.Helper()
	b := env.Read(name)
	change(b)
	if err := env.API.Update(context.Background(), b); err != nil {
		env.T.Fatal(err)
	}
}

// EditCluster changes the AuroraCluster as whoever runs the platform would.
func (env *Env) EditCluster(name string, change func(*v1alpha1.AuroraCluster)) {
	env.T.Helper()
	c := env.ReadCluster(name)
	change(c)
	if err := env.API.Update(context.Background(), c); err != nil {
		env.T.Fatal(err)
	}
}

// AcceptedCalls counts the backtracks that RDS took, whether or not its answer arrived.
func (env *Env) AcceptedCalls() int {
	n := 0
	for _, call := range env.RDS.Calls() {
		if call.Operation == "BacktrackDBCluster" && call.Done() {
			n++
		}
	}
	return n
}

// Calls counts the calls for a backtrack, whatever became of them.
func (env *Env) Calls() int {
	n := 0
	for _, call := range env.RDS.Calls() {
		if call.Operation == "BacktrackDBCluster" {
			n++
		}
	}
	return n
}

// Describe lists every AuroraBacktrack with its conditions, for the reader of a failure.
func (env *Env) Describe() string {
	var list v1alpha1.AuroraBacktrackList
	if err := env.API.List(context.Background(), &list); err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("at %s\n", env.Clock.Now().Format(time.TimeOnly))
	for _, b := range list.Items {
		text += fmt.Sprintf("%s/%s deleted=%v finalizers=%v request=%+v\n", b.Namespace, b.Name, b.DeletionTimestamp, b.Finalizers, b.Status.Claim)
		for _, c := range b.Status.Conditions {
			text += fmt.Sprintf("  %-24s %-8s %-20s %s\n", c.Type, c.Status, c.Reason, c.Message)
		}
	}
	return text
}
