package verification

import (
	"fmt"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

func checked(name, uid string) *v1alpha1.AuroraBacktrack {
	b := &v1alpha1.AuroraBacktrack{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: name, UID: types.UID(uid)}}
	b.Spec.Verify = &v1alpha1.Verify{JobFrom: v1alpha1.JobSource{CronJob: "check"}, Timeout: "90s"}
	b.Status.Backtrack = &v1alpha1.BacktrackRecord{BacktrackTo: "2023-12-23T13:55:00Z", BacktrackedFrom: "2023-12-23T14:10:05.640Z"}
	return b
}

func theCluster() *v1alpha1.AuroraCluster {
	c := &v1alpha1.AuroraCluster{ObjectMeta: metav1.ObjectMeta{Name: "game"}}
	c.Status.Endpoint, c.Status.Port = "game.cluster-1.eu-west-1.rds.amazonaws.com", 3306
	return c
}

// TestNewJob has what is taken over from a template, and what is not: one attempt decides, and the Job stays until it was read.
func TestNewJob(t *testing.T) {
	cron := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: "check"}}
	cron.Spec.Suspend = ptr.To(true)
	template := &cron.Spec.JobTemplate
	template.Labels = map[string]string{"team": "games", v1alpha1.ClusterLabel: "game"}
	template.Annotations = map[string]string{"note": "ours"}
	template.Spec = batchv1.JobSpec{
		BackoffLimit: ptr.To[int32](6), TTLSecondsAfterFinished: ptr.To[int32](0), Suspend: ptr.To(true), ActiveDeadlineSeconds: ptr.To[int64](3600),
		Completions: ptr.To[int32](2), Parallelism: ptr.To[int32](2), CompletionMode: ptr.To(batchv1.IndexedCompletion),
		BackoffLimitPerIndex: ptr.To[int32](3), MaxFailedIndexes: ptr.To[int32](1), PodReplacementPolicy: ptr.To(batchv1.Failed),
		PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{Action: batchv1.PodFailurePolicyActionIgnore}}},
		SuccessPolicy:    &batchv1.SuccessPolicy{Rules: []batchv1.SuccessPolicyRule{{SucceededCount: ptr.To[int32](1)}}},
	}
	template.Spec.Template.Labels = map[string]string{v1alpha1.ClusterLabel: "game"}
	template.Spec.Template.Spec = corev1.PodSpec{
		RestartPolicy:  corev1.RestartPolicyOnFailure,
		InitContainers: []corev1.Container{{Name: "proxy", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways)}},
		Containers:     []corev1.Container{{Name: "check", Env: []corev1.EnvVar{{Name: "URL", Value: "$(AURORA_ENDPOINT)"}, {Name: "AURORA_PORT", Value: "1"}}}},
	}
	before := cron.DeepCopy()

	job := newJob(cron, checked("undo", "1"), theCluster())
	s := job.Spec
	if *s.BackoffLimit != 0 || s.TTLSecondsAfterFinished != nil || s.Suspend != nil || *s.ActiveDeadlineSeconds != 90 || s.Template.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("the Job's spec is %+v", s)
	}
	if s.BackoffLimitPerIndex != nil || s.MaxFailedIndexes != nil || s.PodReplacementPolicy != nil || s.PodFailurePolicy != nil || s.SuccessPolicy != nil {
		t.Errorf("the Job repeats pods, or forgives them: %+v", s)
	}
	if *s.Completions != 2 || *s.Parallelism != 2 || *s.CompletionMode != batchv1.IndexedCompletion {
		t.Errorf("the Job's pods are not those of the template: %+v", s)
	}
	if fmt.Sprint(job.Labels) != "map[team:games]" || fmt.Sprint(job.Annotations) != "map[note:ours]" || len(s.Template.Labels) != 0 {
		t.Errorf("the labels are %v, of the pods %v, and the annotations %v", job.Labels, s.Template.Labels, job.Annotations)
	}
	owner := job.OwnerReferences[0]
	if !owned(job, checked("undo", "1")) || owned(job, checked("undo", "2")) || owner.BlockOwnerDeletion != nil || owner.Kind != "AuroraBacktrack" {
		t.Errorf("the owner is %+v", owner)
	}
	want := "[{AURORA_ENDPOINT game.cluster-1.eu-west-1.rds.amazonaws.com} {AURORA_PORT 3306} {AURORA_BACKTRACK_TO 2023-12-23T13:55:00Z} " +
		"{AURORA_BACKTRACKED_FROM 2023-12-23T14:10:05.640Z} {URL $(AURORA_ENDPOINT)}]"
	var env []struct{ name, value string }
	for _, e := range s.Template.Spec.Containers[0].Env {
		env = append(env, struct{ name, value string }{e.Name, e.Value})
	}
	if got := fmt.Sprint(env); got != want {
		t.Errorf("the environment is\n  %s\nwant\n  %s", got, want)
	}
	if len(s.Template.Spec.InitContainers[0].Env) != 4 {
		t.Errorf("the sidecar's environment is %v", s.Template.Spec.InitContainers[0].Env)
	}
	if !equality.Semantic.DeepEqual(cron, before) {
		t.Error("the CronJob was changed in memory")
	}
}

// TestDeadline: the Job ends with the check's time, or with its template's deadline where that comes first.
func TestDeadline(t *testing.T) {
	for name, test := range map[string]struct {
		template *int64
		timeout  v1alpha1.Duration
		want     int64
	}{
		"no deadline":         {nil, "90s", 90},
		"a later deadline":    {ptr.To[int64](600), "90s", 90},
		"an earlier deadline": {ptr.To[int64](30), "90s", 30},
		"part of a second":    {nil, "1500ms", 2},
		"the default":         {nil, "", 300},
	} {
		cron, b := &batchv1.CronJob{}, checked("undo", "1")
		cron.Spec.JobTemplate.Spec.ActiveDeadlineSeconds, b.Spec.Verify.Timeout = test.template, test.timeout
		if got := *newJob(cron, b, theCluster()).Spec.ActiveDeadlineSeconds; got != test.want {
			t.Errorf("%s: %d s, want %d s", name, got, test.want)
		}
	}
}

// TestJobName: the name follows from the object, this very one, and is one that a Job and its pods can have.
func TestJobName(t *testing.T) {
	names := map[string]bool{}
	for _, b := range []*v1alpha1.AuroraBacktrack{
		checked("undo", "1"), checked("undo", "2"), checked("undo.2023", "1"), checked(strings.Repeat("long-", 50), "3"), checked("a", "4"),
	} {
		name := JobName(b)
		if problems := validation.IsDNS1123Label(name); len(problems) > 0 || names[name] && b.Name != "undo.2023" {
			t.Errorf("%s has Job %s: %v", b.Name, name, problems)
		}
		if name != JobName(b) {
			t.Errorf("%s has two names", b.Name)
		}
		names[name] = true
	}
}
