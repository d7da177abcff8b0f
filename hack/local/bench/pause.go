package bench

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// pauseRuns is how often pausing many Deployments is measured.
const pauseRuns = 3

func pause(n int) measurement {
	return inWorld(fmt.Sprintf("pause/%d", n), fmt.Sprintf("a rewind with %d Deployments, paused and resumed", n), fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) {
		return paused(ctx, w, n, pauseRuns)
	})
}

// paused measures rewinds of a cluster on which n Deployments depend, with one pod each. The pods are kwok's, which end at once:
// two hundred processes on two cores would be measured instead of the operator.
func paused(ctx context.Context, w *world.World, n, runs int) (report.Values, error) {
	node, err := w.Simulate(ctx)
	if err != nil {
		return nil, err
	}
	m, err := stand(ctx, w, v1alpha1.StrategyPause, n, node)
	if err != nil {
		return nil, err
	}
	values := report.Values{}
	for run := range runs {
		if err := stage.Pass(ctx, 10*time.Second); err != nil {
			return nil, err
		}
		gone, stop, err := podEnds(ctx, w)
		if err != nil {
			return nil, err
		}
		name, from := fmt.Sprintf("undo-%d", run), time.Now()
		if err := w.Apply(ctx, rewindOf(name)); err != nil {
			return nil, err
		}
		if err := w.AllSucceeded(ctx, 10*time.Minute, run+1); err != nil {
			return nil, err
		}
		to := time.Now()
		stop()
		if err := pausedTimes(w, from, to, <-gone, n, values); err != nil {
			return nil, err
		}
		w.Tell("run %d: %.2f s to the call", run+1, last(values[report.CallSeconds]))
	}
	return values, m.Stop(ctx)
}

// podEnds notes when pods of the namespace went, until it is stopped.
func podEnds(ctx context.Context, w *world.World) (gone chan []time.Time, stop func(), err error) {
	changes, err := w.API.Watch(ctx, &corev1.PodList{}, client.InNamespace(standing))
	if err != nil {
		return nil, nil, err
	}
	gone = make(chan []time.Time, 1)
	go func() {
		var times []time.Time
		for e := range changes.ResultChan() {
			if e.Type == watch.Deleted {
				times = append(times, time.Now())
			}
		}
		gone <- times
	}()
	return gone, changes.Stop, nil
}

// pausedTimes adds the figures of one run.
func pausedTimes(w *world.World, from, to time.Time, gone []time.Time, n int, values report.Values) error {
	call, err := w.Accepted(standing+"-0", from, to)
	if err != nil {
		return err
	}
	requests, err := w.Requests(from, to)
	if err != nil {
		return err
	}
	pausing, lastPause := map[string]bool{}, from
	for _, q := range requests {
		if q.Resource == "apps/deployments" && q.Verb == "patch" && q.Answered.Before(call) {
			pausing[q.Name], lastPause = true, q.Answered
		}
	}
	lastGone, ended := lastPause, 0
	for _, at := range gone {
		if at.Before(call) {
			lastGone, ended = at, ended+1
		}
	}
	if len(pausing) != n || ended != n {
		return fmt.Errorf("before the call %d Deployments were paused and %d pods ended, want %d", len(pausing), ended, n)
	}
	t, err := w.Traffic(from, to)
	if err != nil {
		return err
	}
	ends := max(lastGone.Sub(lastPause), 0)
	values.Add(report.PausedSeconds, lastPause.Sub(from).Seconds())
	values.Add(report.GoneSeconds, ends.Seconds())
	values.Add(report.CallSeconds, call.Sub(from).Seconds())
	values.Add(report.BeyondSeconds, (call.Sub(from) - ends).Seconds())
	values.Add(report.TotalSeconds, to.Sub(from).Seconds())
	values.Add(report.APIReadsEach, float64(t.Reads)/float64(n))
	values.Add(report.APIWritesEach, float64(t.Writes)/float64(n))
	values.Add(report.RDSCalls, float64(t.RDS))
	return nil
}

func last(values []float64) float64 { return values[len(values)-1] }
