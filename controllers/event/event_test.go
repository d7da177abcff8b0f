package event

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// world is an API server that keeps events, and fails to as often as it is told.
type world struct {
	*testing.T
	api   client.WithWatch
	fails int
	tries int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	w := &world{T: t}
	w.api = fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			w.tries++
			if w.fails > 0 {
				w.fails--
				return errors.New("not now")
			}
			return c.Create(ctx, o, opts...)
		},
	}).Build()
	return w
}

// announcer is one process.
func (w *world) announcer() *Announcer {
	return &Announcer{Client: w.api, Clock: clocktesting.NewFakePassiveClock(time.Date(2023, 12, 23, 14, 10, 0, 0, time.UTC))}
}

func (w *world) told() []corev1.Event {
	w.Helper()
	var list corev1.EventList
	if err := w.api.List(w.Context(), &list); err != nil {
		w.Fatal(err)
	}
	return list.Items
}

func object(name, uid string) *v1alpha1.AuroraBacktrack {
	return &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: name, UID: types.UID(uid), ResourceVersion: "7"}}
}

var news = News{Type: corev1.EventTypeNormal, Subject: "Admitted", Reason: "Admitted", Message: "may rewind"}

func TestOnce(t *testing.T) {
	other, later := news, news
	other.Subject, later.Message = "Succeeded", "may rewind, 3s later"
	for name, test := range map[string]struct {
		tell func(*world)
		want int
	}{
		"twice by one process": {func(w *world) { a := w.announcer(); w.tell(a, object("a", "1"), news, news) }, 1},
		"by two processes": {func(w *world) {
			w.tell(w.announcer(), object("a", "1"), news)
			w.tell(w.announcer(), object("a", "1"), news)
		}, 1},
		"with another message":  {func(w *world) { w.tell(w.announcer(), object("a", "1"), news, later) }, 1},
		"about another subject": {func(w *world) { w.tell(w.announcer(), object("a", "1"), news, other) }, 2},
		"of a later object": {func(w *world) {
			a := w.announcer()
			w.tell(a, object("a", "1"), news)
			w.tell(a, object("a", "2"), news)
		}, 2},
		"after the object was forgot": {func(w *world) {
			a := w.announcer()
			w.tell(a, object("a", "1"), news)
			a.Forget("1")
			w.tell(a, object("a", "1"), news)
		}, 1},
		"after it could not be told": {func(w *world) {
			a := w.announcer()
			w.fails = 1
			w.tell(a, object("a", "1"), news)
			if n := len(w.told()); n != 0 {
				w.Errorf("%d were told by an API server that fails", n)
			}
			w.tell(a, object("a", "1"), news)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			test.tell(w)
			if n := len(w.told()); n != test.want {
				t.Errorf("%d were told, want %d", n, test.want)
			}
		})
	}
}

func (w *world) tell(a *Announcer, o client.Object, all ...News) {
	for _, n := range all {
		a.Announce(w.Context(), o, "AuroraBacktrack", n)
	}
}

// TestCheap asks the API server nothing for what the process has told already.
func TestCheap(t *testing.T) {
	w := newWorld(t)
	a := w.announcer()
	for range 100 {
		w.tell(a, object("a", "1"), news)
	}
	if w.tries != 1 {
		t.Errorf("the API server was asked %d times", w.tries)
	}
}

// TestForeignWords: what others wrote is one clean line of an event, no longer than events may be.
func TestForeignWords(t *testing.T) {
	w := newWorld(t)
	foreign := news
	foreign.Message = "RDS: \u202eno\r\n\x1b[2J" + strings.Repeat("x", 100_000)
	w.tell(w.announcer(), object("a", "1"), foreign)
	told := w.told()
	if len(told) != 1 {
		t.Fatalf("%d were told", len(told))
	}
	if said := told[0].Message; !strings.HasPrefix(said, "RDS: no [2Jxxx") || len(said) != longest {
		t.Errorf("told were %d bytes: %.100q", len(said), said)
	}
}

func TestEvent(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 253)
	w.tell(w.announcer(), object(long, "1"), news)
	w.announcer().Announce(t.Context(), &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "zoo", UID: "2"}}, "AuroraCluster", news)
	told := w.told()
	if len(told) != 2 {
		t.Fatalf("%d were told", len(told))
	}
	for _, e := range told {
		namespace := "game"
		if e.InvolvedObject.Kind == "AuroraCluster" {
			namespace = metav1.NamespaceDefault
		}
		if e.Namespace != namespace || e.Count != 1 || e.Reason != news.Reason || e.Type != news.Type || e.Message != news.Message ||
			e.InvolvedObject.UID == "" || e.InvolvedObject.APIVersion != "aurora-backtrack.io/v1alpha1" || e.Source.Component != "aurora-backtrack" {
			t.Errorf("told was %+v", e)
		}
		if wrong := validation.IsDNS1123Subdomain(e.Name); len(wrong) > 0 || len(e.Name) > 253 {
			t.Errorf("its name %q: %v", e.Name, wrong)
		}
	}
}

// TestEventNames: whatever the object is called, the API server takes the event's name, and two objects whose long names
// differ only at the end have different events.
func TestEventNames(t *testing.T) {
	letters := strings.Repeat("x", 300)
	names := map[string]string{"short": "a", "with dots": "a.b-c.d"}
	for length := 220; length <= 253; length++ {
		names[fmt.Sprintf("a hyphen at %d", length)] = letters[:length-1] + "-" + letters[:253-length] + "y"
		names[fmt.Sprintf("a dot at %d", length)] = letters[:length-1] + "." + letters[:253-length] + "y"
		names[fmt.Sprintf("hyphens before %d", length)] = "x" + strings.Repeat("-", length) + "y"
	}
	seen := map[string]string{}
	for name, text := range names {
		text = text[:min(len(text), 252)] + "z"
		if wrong := validation.IsDNS1123Subdomain(text); len(wrong) > 0 {
			t.Fatalf("%s: no object is called %q: %v", name, text, wrong)
		}
		got := eventName(object(text, name), "Admitted/Admitted", 99)
		if wrong := validation.IsDNS1123Subdomain(got); len(wrong) > 0 {
			t.Errorf("%s: the event's name %q: %v", name, got, wrong)
		}
		if other, taken := seen[got]; taken {
			t.Errorf("%s and %s have the same event %q", name, other, got)
		}
		seen[got] = name
	}
}

// TestMemory has objects that are created and deleted one after the other: nothing is remembered of them.
func TestMemory(t *testing.T) {
	for name, end := range map[string]func(*Announcer, client.Object){
		"ended":                   func(a *Announcer, o client.Object) { a.Forget(o.GetUID()) },
		"gone, known by its name": func(a *Announcer, o client.Object) { a.ForgetName(client.ObjectKeyFromObject(o)) },
		"replaced by another of its name, which ends": func(a *Announcer, o client.Object) {
			later := object(o.GetName(), "later than "+string(o.GetUID()))
			a.Announce(context.Background(), later, "AuroraBacktrack", news)
			a.Forget(later.GetUID())
		},
		"twice": func(a *Announcer, o client.Object) {
			a.Forget(o.GetUID())
			a.Forget(o.GetUID())
			a.ForgetName(client.ObjectKeyFromObject(o))
		},
	} {
		w := newWorld(t)
		a := w.announcer()
		for i := range 20 {
			o := object(fmt.Sprintf("undo-%d", i), fmt.Sprint(i))
			w.tell(a, o, news)
			end(a, o)
		}
		if len(a.said) > 0 || len(a.names) > 0 {
			t.Errorf("%s: %d objects are remembered, %d names", name, len(a.said), len(a.names))
		}
	}
}
