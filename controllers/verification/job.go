// Package verification is the Job that checks the data after a rewind: made from the template of a CronJob, judged by the codes
// that its own containers exit with, and the last lines of its log.
package verification

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// defaultTimeout is how long a check may take where spec.verify.timeout does not say.
const defaultTimeout = 5 * time.Minute

// Timeout is how long the object's check may take.
func Timeout(b *v1alpha1.AuroraBacktrack) time.Duration {
	if b.Spec.Verify == nil {
		return defaultTimeout
	}
	return b.Spec.Verify.Timeout.Or(defaultTimeout)
}

// longestJobName is how many characters a Job's name can have: its pods carry it as a label.
const longestJobName = 63

// JobName is the name of the object's Job. It follows from the object, this very one: whoever makes the Job, and however often a
// process dies on the way, there is one.
func JobName(b *v1alpha1.AuroraBacktrack) string {
	sum := sha256.Sum256([]byte(b.UID))
	suffix := "-verify-" + hex.EncodeToString(sum[:5])
	name := strings.ReplaceAll(b.Name, ".", "-")
	name = strings.TrimRight(name[:min(len(name), longestJobName-len(suffix))], "-")
	return name + suffix
}

// newJob makes the object's Job from the CronJob's template. One attempt of it decides, and it stays until it was read: so
// nothing of the template is taken over that repeats pods, holds the Job back, or has it deleted.
func newJob(cron *batchv1.CronJob, b *v1alpha1.AuroraBacktrack, cluster *v1alpha1.AuroraCluster) *batchv1.Job {
	template := cron.Spec.JobTemplate.DeepCopy()
	spec := template.Spec
	spec.BackoffLimit = ptr.To[int32](0)
	spec.TTLSecondsAfterFinished, spec.Suspend = nil, nil
	spec.PodFailurePolicy, spec.PodReplacementPolicy, spec.SuccessPolicy = nil, nil, nil
	spec.BackoffLimitPerIndex, spec.MaxFailedIndexes = nil, nil
	spec.Selector, spec.ManualSelector = nil, nil
	seconds := int64((Timeout(b) + time.Second - 1) / time.Second)
	spec.ActiveDeadlineSeconds = ptr.To(min(seconds, ptr.Deref(spec.ActiveDeadlineSeconds, seconds)))
	spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	delete(spec.Template.Labels, v1alpha1.ClusterLabel) // the check is no dependent
	delete(template.Labels, v1alpha1.ClusterLabel)
	variables := environment(b, cluster)
	for _, containers := range [][]corev1.Container{spec.Template.Spec.InitContainers, spec.Template.Spec.Containers} {
		for i := range containers {
			containers[i].Env = withVariables(containers[i].Env, variables)
		}
	}
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: b.Namespace, Name: JobName(b), Labels: template.Labels, Annotations: template.Annotations,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: "AuroraBacktrack", Name: b.Name, UID: b.UID, Controller: ptr.To(true),
			}},
		},
		Spec: spec,
	}
}

// environment is what a check is told of the rewind.
func environment(b *v1alpha1.AuroraBacktrack, cluster *v1alpha1.AuroraCluster) []corev1.EnvVar {
	var record v1alpha1.BacktrackRecord
	if b.Status.Backtrack != nil {
		record = *b.Status.Backtrack
	}
	return []corev1.EnvVar{
		{Name: "AURORA_ENDPOINT", Value: cluster.Status.Endpoint},
		{Name: "AURORA_PORT", Value: strconv.Itoa(int(cluster.Status.Port))},
		{Name: "AURORA_BACKTRACK_TO", Value: string(record.BacktrackTo)},
		{Name: "AURORA_BACKTRACKED_FROM", Value: string(record.BacktrackedFrom)},
	}
}

// withVariables puts the variables before the container's own, which may refer to them, and in place of those of their names.
func withVariables(own, variables []corev1.EnvVar) []corev1.EnvVar {
	own = slices.DeleteFunc(own, func(e corev1.EnvVar) bool {
		return slices.ContainsFunc(variables, func(v corev1.EnvVar) bool { return v.Name == e.Name })
	})
	return append(slices.Clone(variables), own...)
}

// owned reports whether the Job is the object's.
func owned(job *batchv1.Job, b *v1alpha1.AuroraBacktrack) bool {
	owner := metav1.GetControllerOf(job)
	return owner != nil && owner.UID == b.UID
}
