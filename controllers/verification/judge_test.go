package verification

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func checkJob(conditions ...batchv1.JobConditionType) *batchv1.Job {
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "check"}}
	job.Spec.Template.Spec.Containers = []corev1.Container{{Name: "check"}}
	for _, c := range conditions {
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{Type: c, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded"})
	}
	return job
}

// ended is a pod whose container check has ended.
func ended(code int32, reason string, change ...func(*corev1.Pod)) corev1.Pod {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod"}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "check", State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason},
	}}}
	for _, c := range change {
		c(&pod)
	}
	return pod
}

// TestJudge has what counts as Passed, as Failed and as neither. Only a container's own exit code counts against the data.
func TestJudge(t *testing.T) {
	now := metav1.NewTime(time.Unix(1e9, 0))
	deleted := func(p *corev1.Pod) { p.DeletionTimestamp = &now }
	status := func(reason string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, reason, "said so"
		}
	}
	disrupted := func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI"}}
	}
	waiting := func(reason string) corev1.Pod {
		pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod"}}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "check", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "not there"}}}}
		return pod
	}
	other := func(container string, code int32, init bool) corev1.Pod {
		pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod"}}
		statuses := []corev1.ContainerStatus{{Name: container, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: "Error"}}}}
		if init {
			pod.Status.InitContainerStatuses = statuses
		} else {
			pod.Status.ContainerStatuses = statuses
		}
		return pod
	}
	const (
		passed, failed = v1alpha1.VerificationPassed, v1alpha1.VerificationFailed
		inconclusive   = v1alpha1.VerificationInconclusive
		running        = v1alpha1.VerificationOutcome("")
	)
	exceeded := batchv1.JobFailed
	for name, test := range map[string]struct {
		job  *batchv1.Job
		pods []corev1.Pod

		want        v1alpha1.VerificationOutcome
		wantMessage string
	}{
		"it completed":                      {job: checkJob(batchv1.JobComplete), pods: []corev1.Pod{ended(0, "Completed")}, want: passed, wantMessage: "Job check completed"},
		"it completed, and its pod is gone": {job: checkJob(batchv1.JobComplete), want: passed},
		"its success is not final yet":      {job: checkJob(batchv1.JobSuccessCriteriaMet), pods: []corev1.Pod{ended(0, "Completed")}, want: running},
		"it completed in a second pod":      {job: checkJob(batchv1.JobComplete), pods: []corev1.Pod{ended(143, "Error", disrupted), ended(0, "Completed")}, want: passed},
		"it completed with a sidecar ended": {job: checkJob(batchv1.JobComplete), pods: []corev1.Pod{other("proxy", 137, true)}, want: passed},
		"it completed, and is being deleted": {job: func() *batchv1.Job {
			job := checkJob(batchv1.JobComplete)
			job.DeletionTimestamp = &now
			return job
		}(), want: passed},

		"it exits with 1":                  {job: checkJob(exceeded), pods: []corev1.Pod{ended(1, "Error")}, want: failed, wantMessage: "container check of Job check exited with code 1"},
		"it exits with 127":                {job: checkJob(exceeded), pods: []corev1.Pod{ended(127, "Error")}, want: failed},
		"it exits with 255":                {job: checkJob(exceeded), pods: []corev1.Pod{ended(255, "Error")}, want: failed},
		"it exits, and the Job lags":       {job: checkJob(), pods: []corev1.Pod{ended(3, "Error")}, want: failed},
		"it fails in the second pod":       {job: checkJob(exceeded), pods: []corev1.Pod{ended(143, "Error", disrupted), ended(2, "Error")}, want: failed},
		"it is killed (SIGKILL)":           {job: checkJob(exceeded), pods: []corev1.Pod{ended(137, "Error")}, want: inconclusive, wantMessage: "container check ended with Error (137)"},
		"it is told to end (SIGTERM)":      {job: checkJob(exceeded), pods: []corev1.Pod{ended(143, "Error")}, want: inconclusive},
		"it uses too much memory":          {job: checkJob(exceeded), pods: []corev1.Pod{ended(137, "OOMKilled")}, want: inconclusive, wantMessage: "OOMKilled"},
		"a child uses too much memory":     {job: checkJob(exceeded), pods: []corev1.Pod{ended(1, "OOMKilled")}, want: inconclusive},
		"its program does not exist":       {job: checkJob(exceeded), pods: []corev1.Pod{ended(128, "StartError")}, want: inconclusive, wantMessage: "StartError"},
		"its container cannot run":         {job: checkJob(exceeded), pods: []corev1.Pod{ended(127, "ContainerCannotRun")}, want: inconclusive},
		"it is evicted":                    {job: checkJob(exceeded), pods: []corev1.Pod{ended(1, "Error", status("Evicted"))}, want: inconclusive, wantMessage: "Evicted"},
		"it is evicted by the API":         {job: checkJob(exceeded), pods: []corev1.Pod{ended(1, "Error", disrupted)}, want: inconclusive, wantMessage: "EvictionByEvictionAPI"},
		"its node is gone":                 {job: checkJob(exceeded), pods: []corev1.Pod{ended(1, "Error", status("NodeLost"))}, want: inconclusive},
		"its pod is deleted":               {job: checkJob(exceeded), pods: []corev1.Pod{ended(1, "Error", deleted)}, want: inconclusive, wantMessage: "pod pod was deleted"},
		"its pod has a deadline":           {job: checkJob(exceeded), pods: []corev1.Pod{ended(1, "Error", status("DeadlineExceeded"))}, want: inconclusive},
		"its pod is gone":                  {job: checkJob(exceeded), want: inconclusive, wantMessage: "it has no pod"},
		"an init container fails":          {job: checkJob(exceeded), pods: []corev1.Pod{other("wait", 1, true)}, want: inconclusive, wantMessage: "container wait ended with Error (1)"},
		"a sidecar fails":                  {job: checkJob(), pods: []corev1.Pod{other("proxy", 1, true)}, want: running},
		"what admission added fails":       {job: checkJob(), pods: []corev1.Pod{other("istio-proxy", 1, false)}, want: running},
		"its image can't be pulled":        {job: checkJob(), pods: []corev1.Pod{waiting("ImagePullBackOff")}, want: running, wantMessage: "container check does not start: ImagePullBackOff not there"},
		"its container is being made":      {job: checkJob(), pods: []corev1.Pod{waiting("ContainerCreating")}, want: running, wantMessage: "Job check checks the data"},
		"quota or admission refuses a pod": {job: checkJob(), want: running, wantMessage: "kubectl describe job check"},
		"somebody suspended it":            {job: checkJob(batchv1.JobSuspended), want: running},
		"it failed, and nobody knows why":  {job: checkJob(exceeded), pods: []corev1.Pod{{}}, want: inconclusive, wantMessage: "was ended (BackoffLimitExceeded)"},
		"it is being deleted": {job: func() *batchv1.Job {
			job := checkJob()
			job.DeletionTimestamp = &now
			return job
		}(), pods: []corev1.Pod{ended(1, "Error")}, want: inconclusive, wantMessage: "Job check was deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			got := judge(test.job, test.pods)
			if got.outcome != test.want || !strings.Contains(got.message, test.wantMessage) {
				t.Errorf("judged %q: %s\nwant %q: %s", got.outcome, got.message, test.want, test.wantMessage)
			}
		})
	}
}
