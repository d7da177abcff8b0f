package drain

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// world is an API server without an operator: the test does what the operator would do.
type world struct {
	*testing.T
	*Drainer
	clock  *clocktesting.FakeClock
	faults interceptor.Funcs
	said   bytes.Buffer
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), coordinationv1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, clock: clocktesting.NewFakeClock(time.Date(2023, 12, 23, 14, 0, 0, 0, time.UTC))}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1alpha1.AuroraBacktrack{}, &v1alpha1.AuroraCluster{}).Build()
	faulty := interceptor.NewClient(c, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
			if w.faults.List != nil {
				return w.faults.List(ctx, c, list, options...)
			}
			return c.List(ctx, list, options...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			if w.faults.Update != nil {
				return w.faults.Update(ctx, c, o, options...)
			}
			return c.Update(ctx, o, options...)
		},
	})
	w.Drainer = &Drainer{
		Client: faulty, Clock: w.clock, Lease: types.NamespacedName{Namespace: "aurora-backtrack-system", Name: "aurora-backtrack-manager"},
		Identity: "drain_test", Out: &w.said,
	}
	return w
}

func backtrack(namespace, name string, change ...func(*v1alpha1.AuroraBacktrack)) *v1alpha1.AuroraBacktrack {
	object := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for _, f := range change {
		f(object)
	}
	return object
}

func running(b *v1alpha1.AuroraBacktrack) { b.Finalizers = []string{v1alpha1.Finalizer} }
func ended(b *v1alpha1.AuroraBacktrack)   { b.Status.CompletedAt = "2023-12-23T13:59:00Z" }
func suspended(b *v1alpha1.AuroraBacktrack) {
	b.Spec.Suspend = true
}

func lease(holder string) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "aurora-backtrack-system", Name: "aurora-backtrack-manager"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: ptr.To[int32](15), LeaseTransitions: ptr.To[int32](3)},
	}
}

// waits takes one step, which must wait for something that reads so.
func (w *world) waits(want string) {
	w.Helper()
	if atRest, got := w.step(w.Context()); atRest || !strings.Contains(got, want) {
		w.Fatalf("it is at rest %t and waits for %q, want %q", atRest, got, want)
	}
}

func (w *world) rests() {
	w.Helper()
	if atRest, got := w.step(w.Context()); !atRest {
		w.Fatalf("it waits for %q", got)
	}
}

func (w *world) holder() string {
	w.Helper()
	var l coordinationv1.Lease
	if err := w.Client.Get(w.Context(), w.Lease, &l); err != nil {
		w.Fatal(err)
	}
	return *l.Spec.HolderIdentity
}

func (w *world) get(name string) *v1alpha1.AuroraBacktrack {
	w.Helper()
	b := &v1alpha1.AuroraBacktrack{}
	if err := w.Client.Get(w.Context(), types.NamespacedName{Namespace: "game", Name: name}, b); err != nil {
		w.Fatal(err)
	}
	return b
}

// end has the operator bring an object to its end.
func (w *world) end(name string) {
	w.Helper()
	b := w.get(name)
	ended(b)
	if err := w.Client.Status().Update(w.Context(), b); err != nil {
		w.Fatal(err)
	}
	b.Finalizers = nil
	if err := w.Client.Update(w.Context(), b); err != nil {
		w.Fatal(err)
	}
}

const noticing = "the managers to notice that they no longer lead"

// TestUnderWay: which objects keep the operator from resting, and which are cancelled.
func TestUnderWay(t *testing.T) {
	for name, test := range map[string]struct {
		object           *v1alpha1.AuroraBacktrack
		waits, cancelled bool
	}{
		"queued":                          {backtrack("game", "b"), true, true},
		"running":                         {backtrack("game", "b", running), true, true},
		"running, suspended meanwhile":    {backtrack("game", "b", running, suspended), true, true},
		"suspended":                       {backtrack("game", "b", suspended), false, false},
		"ended":                           {backtrack("game", "b", ended), false, false},
		"ended, with something to resume": {backtrack("game", "b", ended, running), true, false},
		"being deleted": {backtrack("game", "b", running, func(b *v1alpha1.AuroraBacktrack) {
			b.DeletionTimestamp = &metav1.Time{Time: time.Date(2023, 12, 23, 13, 59, 0, 0, time.UTC)}
		}), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.object, lease("manager-1"))
			if test.waits {
				w.waits("AuroraBacktrack game/b (not begun)")
				if got := w.holder(); got != "manager-1" {
					t.Errorf("the Lease is held by %s, and nobody can end the rewind", got)
				}
			} else {
				w.waits(noticing)
			}
			if got := w.get("b").Spec.Cancel; got != test.cancelled {
				t.Errorf("cancelled: %t", got)
			}
		})
	}
}

// TestRest: the Lease is taken once all has ended, and the managers have time to notice.
func TestRest(t *testing.T) {
	w := newWorld(t, backtrack("game", "b", running), lease("manager-1"))
	w.waits("game/b")
	w.end("b")
	w.waits(noticing)
	if got := w.holder(); got != "drain_test" {
		t.Errorf("the Lease is held by %s", got)
	}
	w.clock.Step(deposedWithin - time.Second)
	w.waits(noticing)
	w.clock.Step(time.Second)
	w.rests()
}

// TestBeganMeanwhile: a rewind that begins before the managers notice is brought to its end by one of them.
func TestBeganMeanwhile(t *testing.T) {
	w := newWorld(t, lease("manager-1"))
	w.waits(noticing)
	if err := w.Client.Create(t.Context(), backtrack("game", "late", running)); err != nil {
		t.Fatal(err)
	}
	w.clock.Step(deposedWithin)
	w.waits("game/late")
	if got := w.holder(); got != "" {
		t.Errorf("the Lease is held by %q, so nobody can end the rewind", got)
	}
	w.end("late")
	w.waits(noticing)
	w.clock.Step(deposedWithin)
	w.rests()
}

// TestLockOfOneThatIsGone: what it paused is brought back before the lock is free.
func TestLockOfOneThatIsGone(t *testing.T) {
	cluster := &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "game"}}
	cluster.Status.ActiveBacktrack = &v1alpha1.ObjectReference{Namespace: "game", Name: "vanished"}
	w := newWorld(t, cluster, lease("manager-1"))
	w.waits("AuroraCluster game (locked by game/vanished)")
}

// TestNamespaces: in a namespace that the operator does not watch nobody ends anything.
func TestNamespaces(t *testing.T) {
	w := newWorld(t, backtrack("game", "b", ended), backtrack("other", "b"), lease("manager-1"))
	w.Namespaces = []string{"game", "shop"}
	w.waits(noticing)
}

// TestNoLease: no manager was ever elected.
func TestNoLease(t *testing.T) {
	w := newWorld(t)
	w.waits(noticing)
	if got := w.holder(); got != "drain_test" {
		t.Errorf("the Lease is held by %s", got)
	}
}

// TestTroubles: an API server that fails is asked again, and is no reason to call the operator at rest.
func TestTroubles(t *testing.T) {
	w := newWorld(t, lease("manager-1"))
	w.faults.List = func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
		return apierrors.NewServiceUnavailable("restarting")
	}
	w.waits("listing AuroraBacktracks: restarting")
	w.faults.List = nil
	w.faults.Update = func(context.Context, client.WithWatch, client.Object, ...client.UpdateOption) error {
		return apierrors.NewConflict(schema.GroupResource{Resource: "leases"}, "aurora-backtrack-manager", errors.New("changed"))
	}
	w.waits("a manager that renews its Lease")
	w.clock.Step(deposedWithin)
	w.waits("a manager that renews its Lease")
	w.faults.Update = nil
	w.waits(noticing)
	w.faults.List = func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
		return apierrors.NewServiceUnavailable("restarting")
	}
	w.clock.Step(deposedWithin)
	w.waits("restarting")
	w.faults.List = nil
	w.rests()
}

// TestGivesUp: it says what it waited for, and lets a manager lead again.
func TestGivesUp(t *testing.T) {
	w := newWorld(t, backtrack("game", "b", running), lease("manager-1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Drainer.Run(ctx); err == nil || !strings.Contains(err.Error(), "still waiting for AuroraBacktrack game/b (not begun)") {
		t.Errorf("got %v", err)
	}
	w.end("b")
	if err := w.Drainer.Run(ctx); err == nil || !strings.Contains(err.Error(), noticing) {
		t.Errorf("got %v", err)
	}
	if got := w.holder(); got != "" {
		t.Errorf("the Lease is held by %q", got)
	}
	if said := w.said.String(); strings.Count(said, "waiting for AuroraBacktrack game/b") != 1 {
		t.Errorf("it says %q", said)
	}
}
