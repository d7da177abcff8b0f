package bench

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/aurora"
	"github.com/aurora-backtrack/operator/hack/local/bench/report"
	"github.com/aurora-backtrack/operator/hack/local/bench/world"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// memorySettles is how long the manager runs before its memory is measured.
const memorySettles = 30 * time.Second

func finished(n int) measurement {
	return inWorld(fmt.Sprintf("finished/%d", n), fmt.Sprintf("%d finished AuroraBacktracks", n), aurora.Timing{}, func(ctx context.Context, w *world.World) (report.Values, error) {
		return overFinished(ctx, w, n)
	})
}

// overFinished measures the manager's memory, and what it asks for in a minute, beside n rewinds that have ended.
func overFinished(ctx context.Context, w *world.World, n int) (report.Values, error) {
	const clusters = 10
	if err := w.Namespace(ctx, standing); err != nil {
		return nil, err
	}
	if err := w.Clusters(ctx, standing, clusters); err != nil {
		return nil, err
	}
	err := world.Many(ctx, n, func(ctx context.Context, i int) error {
		object := world.Backtrack(standing, fmt.Sprintf("undo-%d", i), fmt.Sprintf("%s-%d", standing, i%clusters))
		if err := w.API.Create(ctx, object); err != nil {
			return err
		}
		end(object)
		return w.Operator.Status().Update(ctx, object)
	})
	if err != nil {
		return nil, err
	}
	m, err := w.Start(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.AllReady(ctx, 2*time.Minute, clusters); err != nil {
		return nil, err
	}
	if err := stage.Pass(ctx, memorySettles); err != nil {
		return nil, err
	}
	values := report.Values{}
	if err := span(ctx, w, m, time.Minute, values); err != nil {
		return nil, err
	}
	return values, m.Stop(ctx)
}

// end writes the status of a rewind that succeeded half an hour ago.
func end(b *v1alpha1.AuroraBacktrack) {
	then := metav1.NewTime(time.Now().Add(-30 * time.Minute))
	at := v1alpha1.NewTimestamp(then.Time)
	b.Status = v1alpha1.AuroraBacktrackStatus{ObservedGeneration: b.Generation, StartedAt: at, CompletedAt: at, StartableSince: at}
	b.Status.Claim = &v1alpha1.Claim{ClaimedAt: at, BacktrackTo: b.Spec.BacktrackTo, Attempt: 1, DBClusterResourceID: "cluster-1"}
	b.Status.Backtrack = &v1alpha1.BacktrackRecord{
		ID: "b2c3d4e5-0000-4000-8000-000000000000", RequestedAt: at, BacktrackTo: b.Spec.BacktrackTo, BacktrackedFrom: at, Status: "COMPLETED",
	}
	for _, condition := range append([]string{v1alpha1.ConditionSucceeded}, v1alpha1.StepConditions...) {
		b.Status.Conditions = append(b.Status.Conditions, metav1.Condition{
			Type: condition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, ObservedGeneration: b.Generation, LastTransitionTime: then,
			Message: "rewound to " + string(b.Spec.BacktrackTo),
		})
	}
}

func foreign(deployments, pods int) measurement {
	return inWorld("foreign/10000", fmt.Sprintf("%d Deployments and %d pods of others", deployments, pods), fiveSeconds, func(ctx context.Context, w *world.World) (report.Values, error) {
		return beside(ctx, w, deployments, pods)
	})
}

// foreignNamespaces hold what is none of the operator's business, although their AuroraBacktracks may rewind every cluster.
const foreignNamespaces = 20

// beside measures the manager's memory without and with many workloads that do not depend on the database, at rest and after a
// rewind.
func beside(ctx context.Context, w *world.World, deployments, pods int) (report.Values, error) {
	values := report.Values{}
	m, err := stand(ctx, w, v1alpha1.StrategyRestart, 1, "")
	if err != nil {
		return nil, err
	}
	for _, metrics := range [][2]string{{report.ResidentBefore, report.HeapBefore}, {report.ResidentAfter, report.HeapAfter}} {
		if err := stage.Pass(ctx, memorySettles); err != nil {
			return nil, err
		}
		if err := memory(ctx, m, values, metrics[0], metrics[1]); err != nil {
			return nil, err
		}
		if err := m.Stop(ctx); err != nil {
			return nil, err
		}
		if metrics[0] == report.ResidentBefore {
			if err := others(ctx, w, deployments, pods); err != nil {
				return nil, err
			}
		}
		if m, err = w.Start(ctx); err != nil {
			return nil, err
		}
	}
	if err := w.Apply(ctx, rewindOf("undo")); err != nil {
		return nil, err
	}
	if err := w.AllSucceeded(ctx, 5*time.Minute, 1); err != nil {
		return nil, err
	}
	used, err := m.Memory()
	if err != nil {
		return nil, err
	}
	values.Add(report.HighestInRewind, mebibytes(used.Highest))
	live, err := m.Heap(ctx)
	values.Add(report.HeapAfterRewind, mebibytes(live))
	values.Add(report.HeapAdded, values[report.HeapAfter][0]-values[report.HeapBefore][0])
	if err != nil {
		return nil, err
	}
	return values, m.Stop(ctx)
}

// others makes Deployments that stand still and pods that nobody schedules: what counts is that they exist.
func others(ctx context.Context, w *world.World, deployments, pods int) error {
	w.Tell("making %d Deployments and %d pods", deployments, pods)
	name := func(i int) string { return fmt.Sprintf("other-%d", i%foreignNamespaces) }
	for i := range foreignNamespaces {
		if err := w.Namespace(ctx, name(i)); err != nil {
			return err
		}
	}
	err := world.Many(ctx, deployments, func(ctx context.Context, i int) error {
		d := world.Deployment(name(i), fmt.Sprintf("app-%d", i))
		d.Spec.Paused = true
		return w.API.Create(ctx, d)
	})
	if err != nil {
		return err
	}
	return world.Many(ctx, pods, func(ctx context.Context, i int) error {
		spec := world.Deployment("", "").Spec.Template.Spec
		spec.SchedulerName = "nobody"
		return w.API.Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: name(i), Name: fmt.Sprintf("app-%d", i)}, Spec: spec})
	})
}
