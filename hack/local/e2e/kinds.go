package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// kindsScene pauses and resumes one workload of every kind, and then restarts them all.
func (t *test) kindsScene(ctx context.Context) error {
	playing, stop := context.WithCancel(ctx)
	defer stop()
	others := t.playOthers(playing, "kinds")
	e, err := t.settle(ctx, "kinds", kindsCluster, kindsWorkloads, 2+2+1+2+1+3)
	if err != nil {
		return err
	}
	for _, act := range []func(*estate, context.Context) error{(*estate).pauseAll, (*estate).restartAll, (*estate).autoscalerWorks} {
		if err := act(e, ctx); err != nil {
			return err
		}
	}
	stop()
	return <-others
}

// pauseAll rewinds with everything paused, and looks around while it is.
func (e *estate) pauseAll(ctx context.Context) error {
	err := stage.Until(ctx, "the CronJob's controller has started a Job", func() (bool, error) {
		var cron batchv1.CronJob
		err := e.kube.API.Get(ctx, client.ObjectKey{Namespace: e.name, Name: "often"}, &cron)
		return len(cron.Status.Active) > 0, err
	})
	if err != nil {
		return err
	}
	held, seen := false, false
	err = e.rewindKinds(ctx, "pause", func(object *v1alpha1.AuroraBacktrack) error {
		switch {
		case !held && stage.Is(object, v1alpha1.ConditionPreflightPassed):
			held = true
			return e.hold(ctx)
		case !seen && stage.Is(object, v1alpha1.ConditionDependentsPaused):
			seen = true
			if err := e.lookPaused(ctx, object); err != nil {
				return err
			}
			return e.release(ctx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !seen {
		return fmt.Errorf("nobody saw the workloads paused")
	}
	e.Tell("✓ all of them are as before the pause")
	return e.autoscalerSays(ctx, "after the resume", false)
}

// rewindKinds rewinds by a moment and wants success, and everything as before.
func (e *estate) rewindKinds(ctx context.Context, name string, look func(*v1alpha1.AuroraBacktrack) error) error {
	if err := stage.Pass(ctx, time.Second); err != nil { // behind the rewind before, if there was one
		return err
	}
	rewind := stage.Rewind{Namespace: e.name, Name: name, Cluster: e.name, To: time.Now()}
	if err := e.kube.Apply(ctx, rewind.Manifest()); err != nil {
		return err
	}
	object, err := e.kube.Follow(ctx, 2*stage.Patience, e.name, name, look)
	if err != nil {
		return err
	}
	if !stage.Is(object, v1alpha1.ConditionSucceeded) {
		return fmt.Errorf("%s: %s", name, stage.Summary(object))
	}
	for _, d := range object.Status.Dependents {
		e.Tell("%-12s %-7s strategy %-8s → %s %s", d.Kind, d.Name, d.Strategy, d.State, d.Message)
		if d.State != v1alpha1.DependentReady && d.State != v1alpha1.DependentSkipped {
			return fmt.Errorf("%s %s is %s after the rewind: %s", d.Kind, d.Name, d.State, d.Message)
		}
	}
	return e.asBefore(ctx)
}

// lookPaused checks that what is said to be paused is so.
func (e *estate) lookPaused(ctx context.Context, object *v1alpha1.AuroraBacktrack) error {
	// Of the HorizontalPodAutoscaler, and of what a Widget is made of, the operator need not know.
	if n, want := len(object.Status.Dependents), len(e.before)-2; n != want {
		return fmt.Errorf("%d dependents, want %d", n, want)
	}
	now, err := e.workloads(ctx)
	if err != nil {
		return err
	}
	for _, d := range object.Status.Dependents {
		marked, _ := now[d.Kind+" "+d.Name].(map[string]any)["annotations"].(map[string]string)
		if marked[v1alpha1.PausedAnnotation] == "" || d.State != v1alpha1.DependentPaused {
			return fmt.Errorf("%s %s is %s, with the annotations %v", d.Kind, d.Name, d.State, marked)
		}
	}
	left, err := e.running(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("DependentsPaused is True, and pod %s is there", left[0].Name)
	}
	e.Tell("✓ %s: paused, and no pod is left, those of the CronJob's Job included", workloadNames(object))
	return e.autoscalerSays(ctx, "while its target is paused", true)
}

func workloadNames(object *v1alpha1.AuroraBacktrack) string {
	names := make([]string, 0, len(object.Status.Dependents))
	for _, d := range object.Status.Dependents {
		names = append(names, d.Kind+" "+d.Name)
	}
	return strings.Join(names, ", ")
}

// autoscalerSays waits until the HorizontalPodAutoscaler has noticed, and shows its conditions.
func (e *estate) autoscalerSays(ctx context.Context, when string, wantIdle bool) error {
	var hpa autoscalingv2.HorizontalPodAutoscaler
	err := stage.Within(ctx, 30*time.Second, fmt.Sprintf("the HorizontalPodAutoscaler is idle: %t", wantIdle), func() (bool, error) {
		err := e.kube.API.Get(ctx, client.ObjectKey{Namespace: e.name, Name: "web"}, &hpa)
		idle := slices.ContainsFunc(hpa.Status.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
			return c.Type == autoscalingv2.ScalingActive && c.Reason == "ScalingDisabled"
		})
		return idle == wantIdle && len(hpa.Status.Conditions) > 0, err
	})
	for _, c := range hpa.Status.Conditions {
		e.Tell("  HorizontalPodAutoscaler web %s: %s=%s %s", when, c.Type, c.Status, c.Reason)
	}
	return err
}

// restartAll rewinds with everything restarted: all pods are new, and marked.
func (e *estate) restartAll(ctx context.Context) error {
	old, err := e.running(ctx)
	if err != nil {
		return err
	}
	if _, err := e.kube.Kubectl(ctx, "patch", "auroracluster", e.name, "--type=merge", `--patch={"spec":{"strategy":"Restart"}}`); err != nil {
		return err
	}
	if err := e.rewindKinds(ctx, "restart", nil); err != nil {
		return err
	}
	object, err := e.kube.Backtrack(ctx, e.name, "restart")
	if err != nil {
		return err
	}
	pods, err := e.running(ctx)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		app, ours := pod.Labels["app"]
		if !ours {
			continue // of a Job
		}
		isOld := slices.ContainsFunc(old, func(o corev1.Pod) bool { return o.UID == pod.UID })
		isMarked := pod.Annotations[v1alpha1.RestartedByAnnotation] == string(object.UID)
		if isOld || (!isMarked && app != "gadget") { // which can only be paused
			return fmt.Errorf("pod %s was not restarted by the rewind", pod.Name)
		}
	}
	e.Tell("✓ all pods are new, and marked with the rewind's UID where they were restarted")
	return nil
}

// autoscalerWorks shows that the HorizontalPodAutoscaler has not only woken but acts: without metrics here, on its bounds.
func (e *estate) autoscalerWorks(ctx context.Context) error {
	if _, err := e.kube.Kubectl(ctx, "patch", "hpa", "web", "-n", e.name, "--type=merge", `--patch={"spec":{"minReplicas":3}}`); err != nil {
		return err
	}
	err := stage.Until(ctx, "the HorizontalPodAutoscaler has scaled its target to its new minimum", func() (bool, error) {
		pods, err := e.ready(ctx)
		return pods["web"] == 3, err
	})
	if err == nil {
		e.Tell("✓ the HorizontalPodAutoscaler is awake: told that 3 is the least, it scales its target to 3")
	}
	return err
}
