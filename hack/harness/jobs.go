package harness

import (
	"context"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/verification"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

// Check is how the Jobs that check the data end.
type Check struct {
	// ExitCode is what the container exits with, three seconds after its start.
	ExitCode int32
	// Reason is the kubelet's word for its end; Error or Completed if empty.
	Reason string
	// Hangs says that it does not end.
	Hangs bool
	// Log is what it writes.
	Log string
	// Denied is a right that the operator does not have, such as "create jobs".
	Denied string
}

// NewCheck is a CronJob whose owner consents that its Job checks the data.
func NewCheck(name string) *batchv1.CronJob {
	cron := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{
		Namespace: "game", Name: name, Annotations: map[string]string{v1alpha1.VerifyAnnotation: "true"},
	}}
	cron.Spec.Schedule = "0 0 1 1 *"
	cron.Spec.JobTemplate.Spec.Template.Spec = corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyOnFailure, Containers: []corev1.Container{{Name: "check", Image: "check:1"}},
	}
	return cron
}

// VerifiedBy has the data checked by the CronJob's Job.
func VerifiedBy(name string, onFailure v1alpha1.OnFailure) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		b.Spec.Verify = &v1alpha1.Verify{JobFrom: v1alpha1.JobSource{CronJob: name}, Timeout: "1m", OnFailure: onFailure}
	}
}

// runJob does for one Job what its controller and a kubelet would: one pod, and its end.
func (env *Env) runJob(key fakeapi.Key) {
	ctx, job := context.Background(), &batchv1.Job{}
	env.Must(env.API.Get(ctx, client.ObjectKey{Namespace: key.Namespace, Name: key.Name}, job))
	if len(job.Status.Conditions) > 0 || job.DeletionTimestamp != nil {
		return
	}
	pod := &corev1.Pod{}
	if err := env.API.Get(ctx, client.ObjectKey{Namespace: key.Namespace, Name: key.Name + "-pod"}, pod); err != nil {
		env.Must(client.IgnoreNotFound(err))
		env.Create(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Namespace: key.Namespace, Name: key.Name + "-pod", Labels: map[string]string{batchv1.ControllerUidLabel: string(job.UID)},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
		}})
		return
	}
	if env.Check.Hangs || env.Clock.Since(job.CreationTimestamp.Time) < 3*time.Second {
		return
	}
	savedPod, savedJob := pod.DeepCopy(), job.DeepCopy()
	ended := &corev1.ContainerStateTerminated{ExitCode: env.Check.ExitCode, Reason: env.Check.Reason}
	condition := batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}
	if ended.ExitCode != 0 {
		condition.Type, condition.Reason = batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded
	}
	if ended.Reason == "" {
		ended.Reason = map[bool]string{true: "Completed", false: "Error"}[ended.ExitCode == 0]
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "check", State: corev1.ContainerState{Terminated: ended}}}
	job.Status.Conditions = []batchv1.JobCondition{condition}
	env.Must(env.API.Status().Patch(ctx, pod, client.MergeFrom(savedPod)))
	env.Must(env.API.Status().Patch(ctx, job, client.MergeFrom(savedJob)))
}

// Jobs gives the Jobs that are there.
func (env *Env) Jobs() []batchv1.Job {
	env.T.Helper()
	var list batchv1.JobList
	env.Must(env.API.List(context.Background(), &list))
	return list.Items
}

// Tail is what a check wrote.
func (env *Env) Tail(context.Context, string, string, string, int64) (string, error) {
	return env.Check.Log, nil
}

// May reports whether the operator has the right.
func (env *Env) May(_ context.Context, right verification.Right) (bool, error) {
	return right.String() != env.Check.Denied, nil
}
