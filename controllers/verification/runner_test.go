package verification

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

type rights struct {
	denied string
	err    error
}

func (r rights) May(_ context.Context, right Right) (bool, error) {
	return right.String() != r.denied, r.err
}

// runner makes a Runner whose API server has the CronJob check; nil: as its owner consented.
func runner(change func(*batchv1.CronJob), refusal error) *Runner {
	cron := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: "check", Annotations: map[string]string{v1alpha1.VerifyAnnotation: "true"}}}
	cron.Spec.JobTemplate.Spec.Template.Spec.Containers = []corev1.Container{{Name: "check", Image: "check:1"}}
	if change != nil {
		change(cron)
	}
	c := fake.NewClientBuilder().WithObjects(cron).WithStatusSubresource(&batchv1.Job{}).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
			if refusal != nil {
				return refusal
			}
			return c.Create(ctx, o, options...)
		},
	}).Build()
	return &Runner{Client: c, Logs: log{text: "3 orders have no customer\n"}, Rights: rights{}}
}

// TestTrouble has what the preflight refuses.
func TestTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*batchv1.CronJob)
		rights rights

		want        string
		wantPassing bool
		wantErr     string
	}{
		"nothing":                      {},
		"no such CronJob":              {change: func(c *batchv1.CronJob) { c.Name = "other" }, want: "spec.verify.jobFrom.cronJob: there is no CronJob check in namespace game: create it, or name another in a new AuroraBacktrack"},
		"it is in another namespace":   {change: func(c *batchv1.CronJob) { c.Namespace = "other" }, want: "there is no CronJob check in namespace game"},
		"its owner has not consented":  {change: func(c *batchv1.CronJob) { c.Annotations = nil }, want: `the owner of CronJob check has not consented: they set the annotation aurora-backtrack.io/verify: "true" on it`},
		"its owner says something":     {change: func(c *batchv1.CronJob) { c.Annotations[v1alpha1.VerifyAnnotation] = "yes" }, want: "has not consented"},
		"Jobs can't be made":           {rights: rights{denied: "create jobs"}, want: "spec.verify: the operator may not create jobs in namespace game: whoever runs the platform can install the operator's component verify (docs/verify.md)", wantPassing: true},
		"logs can't be read":           {rights: rights{denied: "get pods/log"}, want: "the operator may not get pods/log in namespace game", wantPassing: true},
		"what it may do is not known":  {rights: rights{err: errors.New("no answer")}, wantErr: "asking what the operator may do: no answer"},
		"the CronJob is not scheduled": {change: func(c *batchv1.CronJob) { c.Spec.Suspend = new(bool); *c.Spec.Suspend = true }},
	} {
		r := runner(test.change, nil)
		r.Rights = test.rights
		got, passing, err := r.Trouble(t.Context(), checked("undo", "1"))
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") || passing != test.wantPassing || fmt.Sprint(err) != or(test.wantErr, "<nil>") {
			t.Errorf("%s: %q, passing %v, %v\nwant %q", name, got, passing, err, test.want)
		}
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// TestStart has what making the Job meets: what is refused for good, for now, and what is no refusal.
func TestStart(t *testing.T) {
	jobs := schema.GroupResource{Group: "batch", Resource: "jobs"}
	kind := schema.GroupKind{Group: "batch", Kind: "Job"}
	for name, test := range map[string]struct {
		change  func(*batchv1.CronJob)
		refusal error
		gone    bool // the AuroraCluster

		want              string
		refused, forGood  bool
		wantNoJob, exists bool
	}{
		"it is made":                {},
		"somebody was faster":       {exists: true},
		"the CronJob is gone":       {change: func(c *batchv1.CronJob) { c.Name = "other" }, want: "there is no CronJob check", refused: true, forGood: true, wantNoJob: true},
		"the consent is withdrawn":  {change: func(c *batchv1.CronJob) { c.Annotations = nil }, want: "has not consented", refused: true, forGood: true, wantNoJob: true},
		"the AuroraCluster is gone": {gone: true, want: "AuroraCluster  is gone, so the check can't be told the endpoint", refused: true, forGood: true, wantNoJob: true},
		"quota": {
			refusal: apierrors.NewForbidden(jobs, "x", errors.New("exceeded quota: jobs, requested: count/jobs.batch=1")), want: "exceeded quota", refused: true, wantNoJob: true,
		},
		"admission denies it": {
			refusal: apierrors.NewForbidden(jobs, "x", errors.New("ValidatingAdmissionPolicy 'registry' denied request: not our registry")), want: "not our registry", refused: true, wantNoJob: true,
		},
		"a webhook denies it with 400": {refusal: apierrors.NewBadRequest("admission webhook denied the request"), want: "denied the request", refused: true, forGood: true, wantNoJob: true},
		"the template is invalid":      {refusal: apierrors.NewInvalid(kind, "x", nil), want: "can't be made from CronJob check", refused: true, forGood: true, wantNoJob: true},
		"the API server is busy":       {refusal: apierrors.NewTooManyRequests("later", 1), want: "creating Job game/undo-verify-6b86b273ff", wantNoJob: true},
		"etcd is away":                 {refusal: apierrors.NewInternalError(errors.New("etcd is away")), want: "etcd is away", wantNoJob: true},
	} {
		t.Run(name, func(t *testing.T) {
			r, b, cluster := runner(test.change, test.refusal), checked("undo", "1"), theCluster()
			if test.exists {
				if err := r.Start(t.Context(), b, cluster); err != nil {
					t.Fatal(err)
				}
			}
			if test.gone {
				cluster = nil
			}
			err := r.Start(t.Context(), b, cluster)
			var refused *RefusedError
			if errors.As(err, &refused) != test.refused || test.refused && refused.Final != test.forGood || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("it says %v (%+v), want %q", err, refused, test.want)
			}
			state, err := r.Look(t.Context(), b, false)
			if err != nil || state.Exists == test.wantNoJob {
				t.Errorf("there is %+v, %v", state, err)
			}
		})
	}
}

// TestLook reads a Job from its start to its end. What has its name and another owner is not the object's, and what its pods say
// that are not its own does not count.
func TestLook(t *testing.T) {
	r, b := runner(nil, nil), checked("undo", "1")
	look := func(late bool) State {
		t.Helper()
		state, err := r.Look(t.Context(), b, late)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	if state := look(false); state.Exists {
		t.Errorf("before its start there is %+v", state)
	}
	if err := r.Start(t.Context(), b, theCluster()); err != nil {
		t.Fatal(err)
	}
	pod := ended(1, "Error")
	pod.Namespace, pod.Labels = "game", map[string]string{batchv1.ControllerUidLabel: ""}
	if err := r.Client.Create(t.Context(), &pod); err != nil { // nobody's
		t.Fatal(err)
	}
	if state := look(false); !state.Exists || state.Outcome != "" || !strings.Contains(state.Message, "it has no pod yet") {
		t.Errorf("with somebody else's pod there is %+v", state)
	}
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: JobName(b)}}, batchv1.SchemeGroupVersion.WithKind("Job"))}
	if err := r.Client.Update(t.Context(), &pod); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("container check of Job %s exited with code 1; the last lines of its log: 3 orders have no customer", JobName(b))
	if state := look(false); state.Outcome != v1alpha1.VerificationFailed || state.Message != want {
		t.Errorf("at its end there is %+v, want %s", state, want)
	}
	other := checked("undo", "1")
	other.UID = "2"
	stolen := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "game", Name: JobName(other)}}
	if err := r.Client.Create(t.Context(), stolen); err != nil {
		t.Fatal(err)
	}
	b = other
	if state := look(false); !state.Foreign || !strings.Contains(state.Message, "somebody else made it") {
		t.Errorf("of somebody else's Job it says %+v", state)
	}
}

// TestLookTooLate: when the time is over, the log of what still runs is told, too.
func TestLookTooLate(t *testing.T) {
	r, b := runner(nil, nil), checked("undo", "1")
	if err := r.Start(t.Context(), b, theCluster()); err != nil {
		t.Fatal(err)
	}
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "game", Name: "pod", Labels: map[string]string{batchv1.ControllerUidLabel: ""},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(&batchv1.Job{}, batchv1.SchemeGroupVersion.WithKind("Job"))},
	}}
	if err := r.Client.Create(t.Context(), &pod); err != nil {
		t.Fatal(err)
	}
	for late, want := range map[bool]string{false: "", true: "; the last lines of its log: 3 orders have no customer"} {
		state, err := r.Look(t.Context(), b, late)
		if err != nil || state.Message != "Job "+JobName(b)+" checks the data"+want {
			t.Errorf("late %v: %+v, %v", late, state, err)
		}
	}
}
