package workload

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=list;delete

// jobs reads the Jobs that a CronJob has made. No label leads from one to the other, only the owner.
func (w *Workloads) jobs(ctx context.Context, cronJob *unstructured.Unstructured) ([]batchv1.Job, error) {
	var own []batchv1.Job
	err := pages(ctx, w.Client, &batchv1.JobList{}, func(page *batchv1.JobList) error {
		for i := range page.Items {
			if owner := metav1.GetControllerOf(&page.Items[i]); owner != nil && owner.UID == cronJob.GetUID() {
				own = append(own, page.Items[i])
			}
		}
		return nil
	}, client.InNamespace(cronJob.GetNamespace()))
	if err != nil {
		return nil, fmt.Errorf("list Jobs in %s: %w", cronJob.GetNamespace(), err)
	}
	return own, nil
}

// runs answers whether the Job may still start pods. One that is suspended does not.
func runs(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return false
		}
	}
	return !ptr.Deref(job.Spec.Suspend, false)
}

// runningJob names a Job of the CronJob that runs, or a pod of one of its Jobs that has not ended; "" when
// there is neither.
func (w *Workloads) runningJob(ctx context.Context, cronJob *unstructured.Unstructured) (string, error) {
	jobs, err := w.jobs(ctx, cronJob)
	if err != nil || len(jobs) == 0 {
		return "", err
	}
	uids := make([]string, len(jobs))
	for i := range jobs {
		if runs(&jobs[i]) {
			return "Job " + jobs[i].Name, nil
		}
		uids[i] = string(jobs[i].UID)
	}
	of, err := labels.NewRequirement(batchv1.ControllerUidLabel, selection.In, uids)
	if err != nil {
		return "", fmt.Errorf("select the pods of CronJob %s/%s: %w", cronJob.GetNamespace(), cronJob.GetName(), err)
	}
	pod, err := w.firstPod(ctx, podSet{
		namespace: cronJob.GetNamespace(),
		selector:  labels.NewSelector().Add(*of),
		owns:      func(metav1.Object) bool { return true },
	})
	if pod == "" || err != nil {
		return "", err
	}
	return "pod " + pod, nil
}

// endJobs deletes the CronJob's Jobs that still run. Each stays in sight until its pods are gone.
func (w *Workloads) endJobs(ctx context.Context, cronJob *unstructured.Unstructured) error {
	jobs, err := w.jobs(ctx, cronJob)
	if err != nil {
		return err
	}
	var errs []error
	for i := range jobs {
		job := &jobs[i]
		if !runs(job) || job.DeletionTimestamp != nil {
			continue
		}
		err := w.Client.Delete(ctx, job, client.PropagationPolicy(metav1.DeletePropagationForeground),
			client.Preconditions{UID: &job.UID})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // gone, or another one by now
			errs = append(errs, fmt.Errorf("end Job %s/%s: %w", job.Namespace, job.Name, err))
		}
	}
	return errors.Join(errs...)
}
