package backtrack_test

import (
	"context"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/harness"
)

// kept is what follows the verdict of a check whose data is kept.
const kept = "; the data stays rewound, and the dependents come back on it; to go forward again, backtrack to 2023-12-23T14:10:05Z: "

const (
	wrongData = "the check says that the data is wrong" + kept
	openData  = "the check did not tell whether the data is right" + kept
	noVerdict = untilRewind + " Verified=False/VerificationInconclusive DependentsReconnected=True/Resumed"
)

// TestVerified has the ends of a rewind whose data a Job checks.
func TestVerified(t *testing.T) {
	with := func(change func(*batchv1.CronJob), check harness.Check) func(*harness.Env) {
		return func(env *harness.Env) {
			cron := harness.NewCheck("check")
			if change != nil {
				change(cron)
			}
			env.Create(cron)
			env.Check = check
		}
	}
	verifying := func(act func(*harness.Operator)) func(*harness.Operator, *harness.StatusLog) {
		return func(o *harness.Operator, _ *harness.StatusLog) {
			o.WaitFor("undo", v1alpha1.ConditionVerified, v1alpha1.ReasonVerifying)
			act(o)
		}
	}
	rewinding := func(act func(*harness.Operator)) func(*harness.Operator, *harness.StatusLog) {
		return func(o *harness.Operator, _ *harness.StatusLog) {
			o.WaitFor("undo", v1alpha1.ConditionBacktracked, v1alpha1.ReasonBacktracking)
			act(o)
		}
	}
	refused := func(given func(*harness.Env), message string) ending {
		return ending{
			given: given, wantReason: v1alpha1.ReasonVerifyNotPossible, wantMessage: message,
			wantPath: "Admitted=True/Admitted PreflightPassed=False/VerifyNotPossible",
		}
	}
	undecided := func(given func(*harness.Env), during func(*harness.Operator, *harness.StatusLog), message string) ending {
		return ending{
			given: given, during: during, wantReason: v1alpha1.ReasonVerificationInconclusive, wantMessage: openData + message, wantPath: noVerdict,
			wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		}
	}
	for name, e := range map[string]ending{
		"it passes": {
			given: with(nil, harness.Check{Log: "all is well\n"}), wantSucceeded: true, wantReason: v1alpha1.ReasonSucceeded, wantMessage: rewound,
			wantPath:  untilRewind + " Verified=True/Passed DependentsReconnected=True/Reconnected",
			wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"it fails": {
			given:      with(nil, harness.Check{ExitCode: 1, Log: "checking\n\x1b[31m3 orders have no customer\n"}),
			wantReason: v1alpha1.ReasonVerificationFailed,
			wantMessage: wrongData + "container check of Job JOB exited with code 1; the last lines of its log: " +
				"checking | [31m3 orders have no customer",
			wantPath:  untilRewind + " Verified=False/VerificationFailed DependentsReconnected=True/Resumed",
			wantAsked: 1, wantAccepted: 1, wantRestarted: true, wantLedger: "completed undo",
		},
		"it uses too much memory": undecided(with(nil, harness.Check{ExitCode: 137, Reason: "OOMKilled"}), nil,
			"Job JOB was ended (BackoffLimitExceeded), and not by an exit code of its own: container check ended with OOMKilled (137); its log is empty"),
		"it does not end": undecided(with(nil, harness.Check{Hangs: true, Log: "still counting"}), nil,
			"it did not end within 1m0s (spec.verify.timeout); at last: Job JOB checks the data; the last lines of its log: still counting"),
		"somebody deletes the Job": undecided(with(nil, harness.Check{Hangs: true}), verifying(func(o *harness.Operator) {
			o.Until("the Job is known", func() bool { return o.Read("undo").Status.Verification.JobUID != "" })
			o.Must(o.API.Delete(context.Background(), &o.Jobs()[0]))
		}), "Job JOB was deleted before it was known to have ended"),
		"the CronJob goes during the rewind": undecided(with(nil, harness.Check{}), rewinding(func(o *harness.Operator) {
			o.Must(o.API.Delete(context.Background(), harness.NewCheck("check")))
		}), "spec.verify.jobFrom.cronJob: there is no CronJob check in namespace game: create it, or name another in a new AuroraBacktrack"),
		"the consent is withdrawn during the rewind": undecided(with(nil, harness.Check{}), rewinding(func(o *harness.Operator) {
			o.Must(o.API.Patch(context.Background(), harness.NewCheck("check"), client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":null}}`))))
		}), `spec.verify.jobFrom.cronJob: the owner of CronJob check has not consented: they set the annotation aurora-backtrack.io/verify: "true" on it`),
		"there is no CronJob": refused(nil, "spec.verify.jobFrom.cronJob: there is no CronJob check in namespace game: create it, or name another in a new AuroraBacktrack"),
		"its owner has not consented": refused(with(func(c *batchv1.CronJob) { c.Annotations = nil }, harness.Check{}),
			`spec.verify.jobFrom.cronJob: the owner of CronJob check has not consented: they set the annotation aurora-backtrack.io/verify: "true" on it`),
		"the operator may not make Jobs": refused(with(nil, harness.Check{Denied: "create jobs"}),
			"spec.verify: the operator may not create jobs in namespace game: whoever runs the platform can install the operator's component verify (docs/verify.md)"),
	} {
		t.Run(name, func(t *testing.T) {
			e.object = harness.VerifiedBy("check", v1alpha1.OnFailureKeep)
			e.run(t)
		})
	}
}

// TestVerifyPlan: the plan of a suspended object says that the data will be checked.
func TestVerifyPlan(t *testing.T) {
	env := harness.New(t)
	env.CreateDependents()
	env.Create(harness.NewCheck("check"))
	o := env.NewOperator(nil)
	o.ReconcileAll()
	b := harness.NewBacktrack("undo")
	harness.VerifiedBy("check", v1alpha1.OnFailureKeep)(b)
	b.Spec.Suspend = true
	env.Create(b)
	o.Until("it has a plan", func() bool { return env.Read("undo").Status.Plan != nil })
	harness.Equal(t, "the plan", env.Read("undo").Status.Plan.Summary,
		"rewinds Aurora cluster testcluster by 15m0s to 2023-12-23T13:55:00Z, pauses 1 workload meanwhile, has a Job of CronJob check check the data (at most 1m0s) before anything comes back, restarts 1 workload afterwards")
	if jobs := env.Jobs(); len(jobs) != 0 {
		t.Errorf("a suspended object made %d Jobs", len(jobs))
	}
}

// TestVerifyLeavesReconnectItsTime: what the check takes is not taken from the dependents' time to come back, and nothing comes
// back while it runs.
func TestVerifyLeavesReconnectItsTime(t *testing.T) {
	env := harness.New(t)
	env.CreateDependents()
	env.Create(harness.NewCheck("check"))
	env.EditCluster("game", func(c *v1alpha1.AuroraCluster) { c.Spec.ReconnectTimeout = "30s" })
	env.Check.Hangs = true
	o, _ := env.NewCheckedOperator(nil)
	o.ReconcileAll()
	b := harness.NewBacktrack("undo")
	harness.VerifiedBy("check", v1alpha1.OnFailureKeep)(b)
	env.Create(b)
	o.WaitFor("undo", v1alpha1.ConditionVerified, v1alpha1.ReasonVerifying)
	for end := env.Clock.Now().Add(45 * time.Second); env.Clock.Now().Before(end); {
		o.Clock.Step(o.ReconcileAll())
		if d := env.ReadDeployment("worker"); ptr.Deref(d.Spec.Replicas, 1) != 0 {
			t.Fatalf("worker has %d replicas while the data is checked", *d.Spec.Replicas)
		}
	}
	env.Check.Hangs = false
	harness.Equal(t, "the end", harness.Verdict(o.Finish("undo")), v1alpha1.ReasonSucceeded)
	if n := len(env.Jobs()); n != 1 {
		t.Errorf("%d Jobs were made", n)
	}
}

// TestTemplateChanges: a template that changes while the Job runs makes no second Job, and a CronJob that is suspended, or whose
// template is, makes a Job that runs.
func TestTemplateChanges(t *testing.T) {
	env := harness.New(t)
	env.CreateDependents()
	cron := harness.NewCheck("check")
	cron.Spec.Suspend, cron.Spec.JobTemplate.Spec.Suspend = ptr.To(true), ptr.To(true)
	cron.Spec.JobTemplate.Spec.TTLSecondsAfterFinished = ptr.To[int32](0)
	env.Create(cron)
	env.Check.Hangs = true
	o := env.NewOperator(nil)
	o.ReconcileAll()
	b := harness.NewBacktrack("undo")
	harness.VerifiedBy("check", v1alpha1.OnFailureKeep)(b)
	env.Create(b)
	o.WaitFor("undo", v1alpha1.ConditionVerified, v1alpha1.ReasonVerifying)
	cron.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Image = "check:2"
	env.Must(env.API.Update(context.Background(), cron))
	o.Elapse(10 * time.Second)
	env.Check.Hangs = false
	harness.Equal(t, "the end", harness.Verdict(o.Finish("undo")), v1alpha1.ReasonSucceeded)
	jobs := env.Jobs()
	if len(jobs) != 1 || jobs[0].Spec.Template.Spec.Containers[0].Image != "check:1" || jobs[0].Spec.Suspend != nil || jobs[0].Spec.TTLSecondsAfterFinished != nil {
		t.Errorf("the Jobs are %+v", jobs)
	}
}

// TestReplayMakesNoCheck: an object that GitOps creates again after its end does not rewind and makes no Job, whatever came of the
// check.
func TestReplayMakesNoCheck(t *testing.T) {
	env := harness.New(t)
	env.CreateDependents()
	env.Create(harness.NewCheck("check"))
	env.Check.ExitCode = 1
	o := env.NewOperator(nil)
	o.ReconcileAll()
	create := func() {
		b := harness.NewBacktrack("undo")
		harness.VerifiedBy("check", v1alpha1.OnFailureKeep)(b)
		env.Create(b)
	}
	create()
	harness.Equal(t, "the first end", harness.Verdict(o.Finish("undo")), v1alpha1.ReasonVerificationFailed)
	env.ForceDelete("undo")
	create()
	harness.Equal(t, "the second end", harness.Verdict(o.Finish("undo")), v1alpha1.ReasonAlreadyApplied)
	if n := len(env.Jobs()); n != 1 || env.Calls() != 1 {
		t.Errorf("%d Jobs were made, and RDS was asked %d times", n, env.Calls())
	}
}

// readableJob replaces the name of the object's Job, which follows from its UID.
func readableJob(env *harness.Env, message string) string {
	for _, job := range env.Jobs() {
		message = strings.ReplaceAll(message, job.Name, "JOB")
	}
	if b := env.Read("undo"); b != nil && b.Status.Verification != nil && b.Status.Verification.Job != "" {
		message = strings.ReplaceAll(message, b.Status.Verification.Job, "JOB")
	}
	return message
}
