package cloud_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// rolledOut waits for the rollout of the Deployment "web" and returns its pods.
func rolledOut(t *testing.T, namespace string) []corev1.Pod {
	t.Helper()
	eventually(t, func() error {
		d, err := client.AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		s, replicas := d.Status, *d.Spec.Replicas
		if s.ObservedGeneration < d.Generation || s.UpdatedReplicas != replicas || s.AvailableReplicas != replicas || s.Replicas != replicas {
			return fmt.Errorf("it is not rolled out: %+v", s)
		}
		return nil
	})
	pods, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	must(t, err)
	return pods.Items
}

func TestDeploymentRollsOutAndRestarts(t *testing.T) {
	t.Parallel()
	ns, begin := namespace(t), time.Now()
	_, err := client.AppsV1().Deployments(ns).Create(t.Context(), deployment(2, serving()), metav1.CreateOptions{})
	must(t, err)
	first := rolledOut(t, ns)
	t.Logf("two replicas are available after %s", time.Since(begin))
	if len(first) != 2 || first[0].Status.PodIP == first[1].Status.PodIP {
		t.Fatalf("want two pods with addresses of their own, got %d: %v and %v", len(first), first[0].Status.PodIPs, first[1].Status.PodIPs)
	}

	begin = time.Now()
	restart := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"restarted":%q}}}}}`, t.Name())
	_, err = client.AppsV1().Deployments(ns).Patch(t.Context(), "web", types.StrategicMergePatchType, []byte(restart), metav1.PatchOptions{})
	must(t, err)
	rolledOut(t, ns)
	t.Logf("and restarted after %s", time.Since(begin))
	for _, pod := range first {
		eventually(t, func() error {
			if _, err := getPod(t, ns, pod.Name); !apierrors.IsNotFound(err) {
				return fmt.Errorf("pod %s is still there: %w", pod.Name, errors.Join(errStillThere, err))
			}
			return nil
		})
		if processOf(t, &pod).Alive() {
			t.Errorf("pod %s is gone, but its process runs", pod.Name)
		}
	}
}

func TestStatefulSetPodComesBackUnderItsName(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	meta, selector, labels := labelled("db")
	_, err := client.AppsV1().StatefulSets(ns).Create(t.Context(), &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{
		Replicas: ptr.To[int32](2), Selector: selector, ServiceName: "db",
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: serving()},
	}}, metav1.CreateOptions{})
	must(t, err)
	waitPod(t, ns, "db-1", isReady)
	first := waitPod(t, ns, "db-0", isReady)
	must(t, client.CoreV1().Pods(ns).Delete(t.Context(), "db-0", metav1.DeleteOptions{}))
	second := waitPod(t, ns, "db-0", func(pod *corev1.Pod) bool { return pod.UID != first.UID && isReady(pod) })
	if processOf(t, first).Alive() || !processOf(t, second).Alive() {
		t.Error("want the first process ended and the second one running")
	}

	must(t, client.CoreV1().Pods(ns).Delete(t.Context(), "db-0", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
	waitPod(t, ns, "db-0", func(pod *corev1.Pod) bool { return pod.UID != second.UID && isReady(pod) })
	eventually(t, func() error {
		if processOf(t, second).Alive() {
			return fmt.Errorf("the process of a pod that was deleted by force still runs")
		}
		return nil
	})
}

func TestDaemonSetRunsOnTheNode(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	meta, selector, labels := labelled("agent")
	_, err := client.AppsV1().DaemonSets(ns).Create(t.Context(), &appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{
		Selector: selector, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: serving()},
	}}, metav1.CreateOptions{})
	must(t, err)
	eventually(t, func() error {
		set, err := client.AppsV1().DaemonSets(ns).Get(t.Context(), "agent", metav1.GetOptions{})
		if err == nil && set.Status.NumberAvailable != 1 {
			err = fmt.Errorf("%d pods are available, want 1", set.Status.NumberAvailable)
		}
		return err
	})
}

func TestJobsEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exitCode string
		restart  corev1.RestartPolicy
		want     batchv1.JobConditionType
		wantPods int
	}{
		"success":                   {"0", corev1.RestartPolicyNever, batchv1.JobComplete, 1},
		"failure":                   {"3", corev1.RestartPolicyNever, batchv1.JobFailed, 2},
		"failure inside of one pod": {"3", corev1.RestartPolicyOnFailure, batchv1.JobFailed, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns := namespace(t)
			spec := podSpec("exit", test.exitCode)
			spec.RestartPolicy = test.restart
			_, err := client.BatchV1().Jobs(ns).Create(t.Context(), &batchv1.Job{
				ObjectMeta: metav1.ObjectMeta{Name: "job"},
				Spec:       batchv1.JobSpec{BackoffLimit: ptr.To[int32](1), Template: corev1.PodTemplateSpec{Spec: spec}},
			}, metav1.CreateOptions{})
			must(t, err)
			// The Job controller waits 10 s before it makes the pod that follows a failed one.
			eventuallyWithin(t, time.Minute, func() error {
				job, err := client.BatchV1().Jobs(ns).Get(t.Context(), "job", metav1.GetOptions{})
				if err != nil {
					return err
				}
				for _, condition := range job.Status.Conditions {
					if condition.Type == test.want && condition.Status == corev1.ConditionTrue {
						return nil
					}
				}
				return fmt.Errorf("the job is not %s: %+v", test.want, job.Status)
			})
			if test.restart == corev1.RestartPolicyNever {
				pods, err := client.CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{})
				must(t, err)
				if len(pods.Items) != test.wantPods {
					t.Errorf("%d pods, want %d", len(pods.Items), test.wantPods)
				}
				for _, pod := range pods.Items {
					ended := pod.Status.ContainerStatuses[0].State.Terminated
					if ended == nil || fmt.Sprint(ended.ExitCode) != test.exitCode {
						t.Errorf("want a container that ended with %s: %s", test.exitCode, describe(&pod))
					}
				}
			}
		})
	}
}

func TestCronJobRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("a cron job comes round once a minute")
	}
	t.Parallel()
	ns := namespace(t)
	spec := podSpec("exit", "0")
	spec.RestartPolicy = corev1.RestartPolicyNever
	_, err := client.BatchV1().CronJobs(ns).Create(t.Context(), &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Name: "often"},
		Spec: batchv1.CronJobSpec{Schedule: "* * * * *", JobTemplate: batchv1.JobTemplateSpec{
			Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: spec}},
		}},
	}, metav1.CreateOptions{})
	must(t, err)
	eventuallyWithin(t, 2*time.Minute, func() error {
		cron, err := client.BatchV1().CronJobs(ns).Get(t.Context(), "often", metav1.GetOptions{})
		if err == nil && cron.Status.LastSuccessfulTime == nil {
			err = fmt.Errorf("no run has succeeded: %+v", cron.Status)
		}
		return err
	})
}

func TestAutoscalerRestsAtZero(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	_, err := client.AppsV1().Deployments(ns).Create(t.Context(), deployment(1, serving()), metav1.CreateOptions{})
	must(t, err)
	_, err = client.AutoscalingV2().HorizontalPodAutoscalers(ns).Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
			MinReplicas:    ptr.To[int32](1), MaxReplicas: 3,
		},
	}, metav1.CreateOptions{})
	must(t, err)
	for _, step := range []struct {
		replicas    int
		wantResting bool
	}{{0, true}, {1, false}} {
		scale := fmt.Sprintf(`{"spec":{"replicas":%d}}`, step.replicas)
		_, err = client.AppsV1().Deployments(ns).Patch(t.Context(), "web", types.MergePatchType, []byte(scale), metav1.PatchOptions{})
		must(t, err)
		eventually(t, func() error {
			scaler, err := client.AutoscalingV2().HorizontalPodAutoscalers(ns).Get(t.Context(), "web", metav1.GetOptions{})
			if err != nil {
				return err
			}
			for _, condition := range scaler.Status.Conditions {
				resting := condition.Reason == "ScalingDisabled"
				if condition.Type == autoscalingv2.ScalingActive && resting == step.wantResting {
					return nil
				}
			}
			return fmt.Errorf("at %d replicas, resting is not %t: %+v", step.replicas, step.wantResting, scaler.Status.Conditions)
		})
		if step.replicas == 0 {
			eventually(t, func() error {
				if pods := rolledOut(t, ns); len(pods) != 0 {
					return fmt.Errorf("%d pods at zero replicas", len(pods))
				}
				return nil
			})
		}
	}
}

func TestEvictionHonoursDisruptionBudget(t *testing.T) {
	t.Parallel()
	ns := namespace(t)
	_, err := client.AppsV1().Deployments(ns).Create(t.Context(), deployment(1, serving()), metav1.CreateOptions{})
	must(t, err)
	pod := rolledOut(t, ns)[0]
	_, selector, _ := labelled("web")
	budget, err := client.PolicyV1().PodDisruptionBudgets(ns).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: ptr.To(intstr.FromInt32(1)), Selector: selector},
	}, metav1.CreateOptions{})
	must(t, err)
	eventually(t, func() error {
		now, err := client.PolicyV1().PodDisruptionBudgets(ns).Get(t.Context(), budget.Name, metav1.GetOptions{})
		if err == nil && (now.Status.ObservedGeneration == 0 || now.Status.CurrentHealthy != 1) {
			err = fmt.Errorf("the budget has not seen the pod: %+v", now.Status)
		}
		return err
	})
	evict := func() error {
		return client.CoreV1().Pods(ns).EvictV1(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: ns}})
	}
	if err := evict(); !apierrors.IsTooManyRequests(err) {
		t.Fatalf("evicting the last pod of the budget: got %v, want that it is refused", err)
	}
	must(t, client.PolicyV1().PodDisruptionBudgets(ns).Delete(t.Context(), budget.Name, metav1.DeleteOptions{}))
	eventually(t, evict)
	eventually(t, func() error {
		if processOf(t, &pod).Alive() {
			return fmt.Errorf("the evicted pod's process runs")
		}
		return nil
	})
}
