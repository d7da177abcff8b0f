package steps

import (
	"errors"
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/verification"
)

// rightsLag is for how long after the lock was taken a missing right is waited for: an API server that starts, or that was told of
// a role a moment ago, denies what it will grant.
const rightsLag = time.Minute

// verifiable refuses, in the preflight, a rewind whose data could not be checked.
func verifiable(f *Facts) Decision {
	if f.Object.Spec.Verify == nil {
		return Passed()
	}
	if !f.Verifiable.Read() {
		return Needed(Verifiable)
	}
	if err := f.Verifiable.Err(); err != nil {
		return Failed(err)
	}
	switch obstacle := f.Verifiable.Value(); {
	case obstacle.Message == "":
		return Passed()
	case obstacle.Passing && f.Is(v1alpha1.ConditionAdmitted) && f.Now.Sub(f.Since(v1alpha1.ConditionAdmitted)) <= rightsLag:
		return wait(f.Settings.Poll, v1alpha1.ReasonRetrying, obstacle.Message)
	default:
		return Halted(v1alpha1.ReasonVerifyNotPossible, obstacle.Message)
	}
}

// Verify has the rewound data checked by a Job, before the dependents come back. Only what a container of the Job said itself
// counts against the data; whatever else happens leaves open what the data is.
func Verify(f *Facts) Decision {
	if f.Object.Status.Verification == nil {
		f.Object.Status.Verification = &v1alpha1.Verification{}
	}
	if f.Object.Status.Verification.Outcome != "" { // once it is known, the Job does not matter any more
		return verified(f)
	}
	if !f.Check.Read() {
		return Needed(Check)
	}
	if err := f.Check.Err(); err != nil {
		return Failed(err)
	}
	known, job := f.Object.Status.Verification, f.Check.Value()
	switch {
	case job.Foreign:
		return conclude(f, v1alpha1.VerificationInconclusive, job.Message)
	case known.JobUID != "" && known.JobUID != job.UID:
		return conclude(f, v1alpha1.VerificationInconclusive, fmt.Sprintf("Job %s was deleted before it was known to have ended", known.Job))
	case !job.Exists:
		return startCheck(f)
	}
	known.Job, known.JobUID = verification.JobName(f.Object), job.UID
	if job.Outcome != "" {
		return conclude(f, job.Outcome, job.Message)
	}
	return wait(WorkloadPoll, v1alpha1.ReasonVerifying, job.Message)
}

// startCheck has the Job made, once in a reconciliation.
func startCheck(f *Facts) Decision {
	if !f.CheckStarted.Read() {
		return Doing(StartCheck)
	}
	var refused *verification.RefusedError
	switch err := f.CheckStarted.Err(); {
	case errors.As(err, &refused) && refused.Final:
		return conclude(f, v1alpha1.VerificationInconclusive, refused.Message)
	case refused != nil:
		return wait(WorkloadPoll, v1alpha1.ReasonVerifying, refused.Message)
	case err != nil:
		return Failed(err)
	}
	return wait(WorkloadPoll, v1alpha1.ReasonVerifying, "the Job that checks the data was made, and is not there")
}

// conclude notes what came of the check. It is stored before anything comes back: the Job may be gone a moment later.
func conclude(f *Facts, outcome v1alpha1.VerificationOutcome, message string) Decision {
	if f.Object.Status.Verification == nil {
		f.Object.Status.Verification = &v1alpha1.Verification{}
	}
	f.Object.Status.Verification.Outcome, f.Object.Status.Verification.Message = outcome, message
	if outcome == v1alpha1.VerificationPassed {
		return wait(time.Millisecond, v1alpha1.ReasonVerifying, message)
	}
	return verified(f)
}

// verified says what follows from the outcome of the check.
func verified(f *Facts) Decision {
	known := f.Object.Status.Verification
	switch known.Outcome {
	case v1alpha1.VerificationPassed:
		return done(v1alpha1.ReasonPassed, "the check passed: "+known.Message)
	case v1alpha1.VerificationFailed:
		return Halted(v1alpha1.ReasonVerificationFailed, "the check says that the data is wrong; "+keptRewound(f)+": "+known.Message)
	case v1alpha1.VerificationInconclusive:
	}
	return Halted(v1alpha1.ReasonVerificationInconclusive, "the check did not tell whether the data is right; "+keptRewound(f)+": "+known.Message)
}

// keptRewound says what becomes of the data, and how to go forward again.
func keptRewound(f *Facts) string {
	return fmt.Sprintf("the data stays rewound, and the dependents come back on it; to go forward again, backtrack to %s", f.Object.Status.Backtrack.BacktrackedFrom)
}

// VerifyTimeout is how long the check may take. The dependents' time to come back begins after it.
func VerifyTimeout(f *Facts) time.Duration { return verification.Timeout(f.Object) }

// VerifyingLate reports whether the check has had its time.
func VerifyingLate(f *Facts) bool {
	return f.Now.Sub(f.Since(v1alpha1.ConditionClusterAvailable)) > VerifyTimeout(f)
}

// VerifyTooLong ends the check when its time is over.
func VerifyTooLong(f *Facts, cause string) Decision {
	return conclude(f, v1alpha1.VerificationInconclusive, fmt.Sprintf("it did not end within %s (spec.verify.timeout); at last: %s", VerifyTimeout(f), cause))
}
