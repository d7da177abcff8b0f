package verification

import (
	"context"
	"errors"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// longestMessage is how many bytes a message about the check can have, log and all; the CRD admits as many characters.
const longestMessage = 4096

// Runner makes the Jobs that check the data, and reads them.
type Runner struct {
	// Client reads and writes live.
	Client client.Client
	Logs   Logs
	Rights Rights
}

// State is what there is of an object's Job.
type State struct {
	// Exists says that there is a Job of the name, and Foreign that it is not the object's.
	Exists, Foreign bool
	UID             types.UID
	// Outcome is empty while the check runs.
	Outcome v1alpha1.VerificationOutcome
	// Message says how far the Job is or, with the last lines of its log, what the outcome rests on.
	Message string
}

// RefusedError says that there can be no Job, or not now. Final says that waiting will not lift that.
type RefusedError struct {
	Final   bool
	Message string
}

func (e *RefusedError) Error() string { return e.Message }

// Trouble says why the object's data could not be checked; empty when it can be. Passing says that the answer may be another a
// little later, because the API server's own view of rights lags.
func (r *Runner) Trouble(ctx context.Context, b *v1alpha1.AuroraBacktrack) (message string, passing bool, err error) {
	for _, right := range rightsFor(b) {
		may, err := r.Rights.May(ctx, right)
		if err != nil {
			return "", false, fmt.Errorf("asking what the operator may do: %w", err)
		}
		if !may {
			return fmt.Sprintf("spec.verify: the operator may not %s in namespace %s: whoever runs the platform can install the operator's component verify (docs/verify.md)", right, right.Namespace), true, nil
		}
	}
	_, err = r.source(ctx, b)
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.Message, false, nil
	}
	return "", false, err
}

// source reads the CronJob that the Job is made from, whose owner has to consent.
func (r *Runner) source(ctx context.Context, b *v1alpha1.AuroraBacktrack) (*batchv1.CronJob, error) {
	name := b.Spec.Verify.JobFrom.CronJob
	cron := &batchv1.CronJob{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: b.Namespace, Name: name}, cron)
	switch {
	case apierrors.IsNotFound(err):
		return nil, &RefusedError{Final: true, Message: fmt.Sprintf("spec.verify.jobFrom.cronJob: there is no CronJob %s in namespace %s: create it, or name another in a new AuroraBacktrack", name, b.Namespace)}
	case err != nil:
		return nil, fmt.Errorf("reading CronJob %s/%s: %w", b.Namespace, name, err)
	case cron.Annotations[v1alpha1.VerifyAnnotation] != "true":
		return nil, &RefusedError{Final: true, Message: fmt.Sprintf(`spec.verify.jobFrom.cronJob: the owner of CronJob %s has not consented: they set the annotation %s: "true" on it`, name, v1alpha1.VerifyAnnotation)}
	}
	return cron, nil
}

// Start makes the object's Job. That it is there already is no error. A *RefusedError says that it was refused; others may pass.
func (r *Runner) Start(ctx context.Context, b *v1alpha1.AuroraBacktrack, cluster *v1alpha1.AuroraCluster) error {
	if cluster == nil {
		return &RefusedError{Final: true, Message: fmt.Sprintf("AuroraCluster %s is gone, so the check can't be told the endpoint", b.Spec.ClusterRef.Name)}
	}
	cron, err := r.source(ctx, b)
	if err != nil {
		return err
	}
	job := newJob(cron, b, cluster)
	err = r.Client.Create(ctx, job, client.FieldOwner(v1alpha1.FieldManager))
	switch {
	case err == nil || apierrors.IsAlreadyExists(err):
		return nil
	case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsRequestEntityTooLargeError(err):
		return &RefusedError{Final: true, Message: fmt.Sprintf("Job %s can't be made from CronJob %s: %v", job.Name, cron.Name, err)}
	case apierrors.IsForbidden(err): // quota, admission, rights: each may change
		return &RefusedError{Message: fmt.Sprintf("Job %s is refused: %v", job.Name, err)}
	}
	return fmt.Errorf("creating Job %s/%s: %w", job.Namespace, job.Name, err)
}

// Look reads how far the object's Job is. The last lines of its log are read once it has ended, or where the time is over.
func (r *Runner) Look(ctx context.Context, b *v1alpha1.AuroraBacktrack, late bool) (State, error) {
	job := &batchv1.Job{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: b.Namespace, Name: JobName(b)}, job)
	switch {
	case apierrors.IsNotFound(err):
		return State{}, nil
	case err != nil:
		return State{}, fmt.Errorf("reading Job %s/%s: %w", b.Namespace, JobName(b), err)
	case !owned(job, b):
		return State{Exists: true, Foreign: true, UID: job.UID, Message: fmt.Sprintf("Job %s is there, and somebody else made it", job.Name)}, nil
	}
	pods, err := r.pods(ctx, job)
	if err != nil {
		return State{}, err
	}
	v := judge(job, pods)
	message := v.message
	if (v.outcome != "" || late) && v.pod != "" {
		message += r.lastLines(ctx, job.Namespace, v.pod, v.container)
	}
	return State{Exists: true, UID: job.UID, Outcome: v.outcome, Message: line.Clean(message, longestMessage)}, nil
}

// pods lists the Job's own pods.
func (r *Runner) pods(ctx context.Context, job *batchv1.Job) ([]corev1.Pod, error) {
	var list corev1.PodList
	err := r.Client.List(ctx, &list, client.InNamespace(job.Namespace), client.MatchingLabels{batchv1.ControllerUidLabel: string(job.UID)})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of Job %s/%s: %w", job.Namespace, job.Name, err)
	}
	var own []corev1.Pod
	for _, pod := range list.Items {
		if metav1.IsControlledBy(&pod, job) {
			own = append(own, pod)
		}
	}
	return own, nil
}
