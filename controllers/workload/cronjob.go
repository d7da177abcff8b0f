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
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// +kubebuilder:rbac:groups=batch,resources=cronjobs,verbs=get;list;patch
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=list;delete

// cronJob is paused by being suspended. Its pods belong to its Jobs, which are waited for.
//
// What a pause takes away: the Jobs that still run after the pause's timeout, with their pods and logs, and
// only where the AuroraCluster's entry says deleteRunningJobs. Runs that fall into the pause are missed;
// without startingDeadlineSeconds its controller starts the last one of them after the resume.
var cronJob = kind{
	gvk: batchv1.SchemeGroupVersion.WithKind("CronJob"),
	pauseField: pauseField{
		path:   []string{"spec", "suspend"},
		paused: func(types.UID) any { return true },
		valid: func(v any) bool {
			_, ok := v.(bool)
			return v == nil || ok
		},
		fallback: func(*v1alpha1.DependentStatus) any { return false },
	},
	startsAnew:  true,
	running:     runningJobs,
	endRunning:  deleteRunningJobs,
	progress:    completeAtOnce,
	unsupported: alwaysSupported,
}

// jobsOf reads the Jobs that the CronJobs, all of one namespace, have made. No label leads from one to the
// other, only the owner. The pod templates are not kept: a CronJob can have a long history.
func jobsOf(ctx context.Context, c client.Client, namespace string, cronJobs []*unstructured.Unstructured) (map[types.UID][]batchv1.Job, error) {
	own := map[types.UID][]batchv1.Job{}
	for _, u := range cronJobs {
		own[u.GetUID()] = nil
	}
	err := pages(ctx, c, &batchv1.JobList{}, func(page *batchv1.JobList) error {
		for _, job := range page.Items {
			owner := metav1.GetControllerOf(&job)
			if owner == nil {
				continue
			}
			if _, ours := own[owner.UID]; ours {
				job.Spec.Template = corev1.PodTemplateSpec{}
				own[owner.UID] = append(own[owner.UID], job)
			}
		}
		return nil
	}, client.InNamespace(namespace))
	if err != nil {
		return nil, fmt.Errorf("list Jobs in %s: %w", namespace, missingRight(err, "list on jobs"))
	}
	return own, nil
}

// mayStartPods reports whether the Job may still start pods. One that is suspended does not.
func mayStartPods(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return false
		}
	}
	return !ptr.Deref(job.Spec.Suspend, false)
}

// runningJobs names for each CronJob a Job that runs, or a pod of one of its Jobs that has not ended.
func runningJobs(ctx context.Context, c client.Client, cronJobs []*unstructured.Unstructured) ([]string, error) {
	names := make([]string, len(cronJobs))
	namespace := cronJobs[0].GetNamespace()
	jobs, err := jobsOf(ctx, c, namespace, cronJobs)
	if err != nil {
		return nil, err
	}
	var sets []podSet
	var whose []int
	for i, u := range cronJobs {
		var uids []string
		for _, job := range jobs[u.GetUID()] {
			if mayStartPods(&job) {
				names[i] = "Job " + job.Name
			}
			uids = append(uids, string(job.UID))
		}
		if names[i] != "" || len(uids) == 0 {
			continue
		}
		made, err := labels.NewRequirement(batchv1.ControllerUidLabel, selection.In, uids)
		if err != nil {
			return nil, fmt.Errorf("select the pods of CronJob %s/%s: %w", namespace, u.GetName(), err)
		}
		sets = append(sets, podSet{namespace: namespace, selector: labels.NewSelector().Add(*made), owns: func(metav1.Object) bool { return true }})
		whose = append(whose, i)
	}
	pods, errs := firstPods(ctx, c, sets)
	for j, pod := range pods {
		if pod != "" {
			names[whose[j]] = "pod " + pod
		}
	}
	return names, errors.Join(errs...)
}

// deleteRunningJobs deletes the CronJob's Jobs that still run. Each stays in sight until its pods are gone.
func deleteRunningJobs(ctx context.Context, c client.Client, u *unstructured.Unstructured) error {
	jobs, err := jobsOf(ctx, c, u.GetNamespace(), []*unstructured.Unstructured{u})
	if err != nil {
		return err
	}
	var errs []error
	for _, job := range jobs[u.GetUID()] {
		if !mayStartPods(&job) || job.DeletionTimestamp != nil {
			continue
		}
		err := c.Delete(ctx, &job, client.PropagationPolicy(metav1.DeletePropagationForeground), client.Preconditions{UID: &job.UID})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // gone, or another one by now
			errs = append(errs, fmt.Errorf("delete Job %s/%s: %w", job.Namespace, job.Name, err))
		}
	}
	return errors.Join(errs...)
}
