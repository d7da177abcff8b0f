package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	kwatch "k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// probeEvery is the distance of two questions to the application: how exactly its downtime is known.
const probeEvery = 10 * time.Millisecond

// outage follows the application as its users see it: through the pods that are ready, as a Service does.
type outage struct {
	http http.Client
	end  context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex // guards what follows
	pods   map[types.UID]corev1.Pod
	old    map[types.UID]bool // the pods that were there while it was healthy
	seen   outageSteps
	failed bool
}

// outageSteps are the moments of an outage: the first request that failed; when the first new pod was made, and was ready; and the
// first answer after that.
type outageSteps struct{ failed, newPod, ready, answered time.Time }

// followPods begins to follow the application.
func followPods(ctx context.Context, kube *stage.Kubernetes) (*outage, error) {
	ctx, end := context.WithCancel(ctx)
	o := &outage{end: end, pods: map[types.UID]corev1.Pod{}, http: http.Client{
		Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true},
	}}
	changes, err := kube.API.Watch(ctx, &corev1.PodList{}, client.InNamespace(standing), client.MatchingLabels{"app": "game-api"})
	if err != nil {
		end()
		return nil, err
	}
	o.done.Go(func() { o.follow(changes) })
	o.done.Go(func() { o.probe(ctx) })
	return o, nil
}

func (o *outage) stop() {
	o.end()
	o.done.Wait()
}

func (o *outage) follow(changes kwatch.Interface) {
	for e := range changes.ResultChan() {
		if pod, ok := e.Object.(*corev1.Pod); ok {
			o.see(e.Type, *pod, time.Now())
		}
	}
}

func (o *outage) see(change kwatch.EventType, pod corev1.Pod, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if change == kwatch.Deleted {
		delete(o.pods, pod.UID)
		return
	}
	o.pods[pod.UID] = pod
	if o.old == nil || o.old[pod.UID] {
		return
	}
	note(&o.seen.newPod, at)
	if ready(pod) {
		note(&o.seen.ready, at)
	}
}

// note keeps the first time.
func note(when *time.Time, at time.Time) {
	if when.IsZero() {
		*when = at
	}
}

func ready(pod corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}

// probe asks the application all the time.
func (o *outage) probe(ctx context.Context) {
	for stage.Pass(ctx, probeEvery) == nil {
		ok := o.answers(ctx)
		at := time.Now()
		o.mu.Lock()
		switch {
		case o.old == nil:
		case !ok && !o.failed:
			o.failed = true
			note(&o.seen.failed, at)
		case ok && o.failed:
			note(&o.seen.answered, at)
		}
		o.mu.Unlock()
	}
}

// answers reports whether one of the ready pods gives the players.
func (o *outage) answers(ctx context.Context) bool {
	o.mu.Lock()
	var addresses []string
	for _, pod := range o.pods {
		if ready(pod) {
			addresses = append(addresses, pod.Status.PodIP)
		}
	}
	o.mu.Unlock()
	for _, address := range addresses {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(address, "8080")+"/players", nil)
		if err != nil {
			return false
		}
		response, err := o.http.Do(request)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return true
		}
	}
	return false
}

// healthy waits until the application answers from two ready pods and no others; from then on an outage is noted.
func (o *outage) healthy(ctx context.Context) error {
	return stage.Until(ctx, "game-api answers from two ready pods", func() (bool, error) {
		if !o.answers(ctx) {
			return false, nil
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		old := map[types.UID]bool{}
		for uid, pod := range o.pods {
			if !ready(pod) {
				return false, nil
			}
			old[uid] = true
		}
		if len(old) == 2 {
			o.old = old
		}
		return len(old) == 2, nil
	})
}

// steps waits until the outage is over.
func (o *outage) steps(ctx context.Context) (outageSteps, error) {
	var seen outageSteps
	err := stage.Until(ctx, "game-api answers again", func() (bool, error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		seen = o.seen
		return !seen.answered.IsZero() && !seen.ready.IsZero(), nil
	})
	if err != nil {
		return seen, fmt.Errorf("%w: %+v", err, seen)
	}
	return seen, nil
}
