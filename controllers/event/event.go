// Package event reports transitions as Kubernetes events, each once, whoever reports it and however often it
// crashes: an event's name follows from what it reports.
package event

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// longest is how many bytes of a message are kept: what the API events.k8s.io admits. The conditions have the whole.
const longest = 1024

// Announcer writes events.
type Announcer struct {
	Client client.Client
	Clock  clock.PassiveClock

	mu    sync.Mutex
	said  map[types.UID]*announced
	names map[types.NamespacedName]types.UID // of what is in said
}

// announced is what this process has announced of one object. It only saves requests.
type announced struct {
	name types.NamespacedName
	news map[string]bool
}

// News is one transition of one object.
type News struct {
	Type    string // corev1.EventTypeNormal or corev1.EventTypeWarning
	Subject string // what the news is about; news of one object with one Subject and Reason is announced once
	Order   int    // sorts the news of one second; 0 to 99
	Reason  string // a constant of the API
	Message string
}

// +kubebuilder:rbac:groups="",resources=events,verbs=create

// Announce writes the news as an event, unless that was done before. A failed write never stops anything: it is
// logged, and tried again with the next Announce of the same news.
func (a *Announcer) Announce(ctx context.Context, object client.Object, kind string, news News) {
	news.Message = line.Clean(news.Message, longest)
	what := news.Subject + "/" + news.Reason
	if !a.first(object, what) {
		return
	}
	err := a.Client.Create(ctx, a.event(object, kind, what, news))
	switch {
	case err == nil:
		log.FromContext(ctx).Info(news.Message, "subject", news.Subject, "reason", news.Reason)
	case apierrors.IsAlreadyExists(err): // announced before
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause): // no event can be created there any more
	default:
		a.forget(object.GetUID(), what)
		log.FromContext(ctx).Error(err, "writing an event; it is tried again", "reason", news.Reason)
	}
}

func (a *Announcer) event(object client.Object, kind, what string, news News) *corev1.Event {
	namespace := object.GetNamespace()
	if namespace == "" {
		namespace = metav1.NamespaceDefault // where events of cluster-scoped objects live
	}
	now := metav1.NewTime(a.Clock.Now())
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: eventName(object, what, news.Order)},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: v1alpha1.GroupVersion.String(), Kind: kind, Namespace: object.GetNamespace(),
			Name: object.GetName(), UID: object.GetUID(), ResourceVersion: object.GetResourceVersion(),
		},
		Type: news.Type, Reason: news.Reason, Message: news.Message, Count: 1,
		FirstTimestamp: now, LastTimestamp: now,
		Source:              corev1.EventSource{Component: v1alpha1.FieldManager},
		ReportingController: v1alpha1.FieldManager,
	}
}

// eventName is the name of the event: the object's name, the order, and a hash of what the event reports. An object's name
// can have 253 characters, as an event's can, so a long one is cut; what is left must end in a letter or a digit.
func eventName(object client.Object, what string, order int) string {
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "%s/%s", object.GetUID(), what)
	suffix := fmt.Sprintf(".%02d.%016x", order, hash.Sum64())
	name := object.GetName()
	name = name[:min(len(name), validation.DNS1123SubdomainMaxLength-len(suffix))]
	return strings.TrimRight(name, "-.") + suffix
}

func (a *Announcer) first(object client.Object, what string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said == nil {
		a.said, a.names = map[types.UID]*announced{}, map[types.NamespacedName]types.UID{}
	}
	name, uid := client.ObjectKeyFromObject(object), object.GetUID()
	if a.said[uid] == nil {
		delete(a.said, a.names[name]) // an earlier object of the name
		a.said[uid], a.names[name] = &announced{name: name, news: map[string]bool{}}, uid
	}
	news := !a.said[uid].news[what]
	a.said[uid].news[what] = true
	return news
}

func (a *Announcer) forget(uid types.UID, what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if said := a.said[uid]; said != nil {
		delete(said.news, what)
	}
}

// Forget drops what is remembered of an object that has ended, or is gone.
func (a *Announcer) Forget(uid types.UID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if said := a.said[uid]; said != nil {
		delete(a.names, said.name)
		delete(a.said, uid)
	}
}

// ForgetName is Forget for an object that is gone, of which only the name is known.
func (a *Announcer) ForgetName(name types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.said, a.names[name])
	delete(a.names, name)
}
