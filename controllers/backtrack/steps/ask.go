package steps

import (
	"errors"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// ErrClaimTooSlow says that storing the claim took so long that others may take it for dead: RDS is not called on it.
var ErrClaimTooSlow = errors.New("storing the claim took too long to call RDS on it")

// Attempt is the number of the object's next claim, from 1.
func Attempt(f *Facts) int32 {
	if c := f.Object.Status.Claim; c != nil {
		return c.Attempt + 1
	}
	return 1
}

// ask checks everything once more and has RDS called.
func ask(f *Facts) Decision {
	if !f.ReadAfterPause {
		return Doing(ReadAgain)
	}
	cluster, d := ClusterOf(f)
	if d.Kind != Continue || cluster == nil { // a guard ends a run without an AuroraCluster
		return d
	}
	for _, check := range []func(*Facts, *v1alpha1.AuroraCluster) Decision{mayStart, Locked} {
		if d := check(f, cluster); d.Kind != Continue {
			return d
		}
	}
	if d := uncopied(f, cluster); d.Kind != Continue {
		return d
	}
	db, d := observed(f)
	if d.Kind != Continue {
		return d
	}
	for _, check := range []func(*Facts, rds.Cluster) Decision{sameCluster, reachable, idle} {
		if d := check(f, db); d.Kind != Continue {
			return d
		}
	}
	if d := notMadeElsewhere(f, cluster, db); d.Kind != Continue { // somebody may have done it while this one paused
		return d
	}
	if d := quiet(f); d.Kind != Continue {
		return d
	}
	return Doing(Call)
}

// quiet checks that everything is still paused. A run that was taken over finds it resumed, and pauses it
// only now that RDS is to be asked once more.
func quiet(f *Facts) Decision {
	if d := dependentsUnknown(f, v1alpha1.ReasonPausing, "pausing"); d.Kind != Continue {
		return d
	}
	if f.Count(v1alpha1.StrategyPause) == 0 {
		return Passed()
	}
	if !f.Quiet.Read() {
		return Doing(VerifyPaused)
	}
	var reverted *workload.RevertedError
	var unsupported *workload.UnsupportedError
	err := f.Quiet.Err()
	switch {
	case errors.As(err, &unsupported):
		return changedSince(unsupported)
	case errors.As(err, &reverted):
		return revertedBy(reverted)
	case err != nil:
		return waitFor(WorkloadPoll, v1alpha1.ReasonPausing, "not everything is quiet", err.Error())
	case !f.Quiet.Value():
		return waitFor(WorkloadPoll, v1alpha1.ReasonPausing, "pausing", unfinished(f, v1alpha1.DependentPaused))
	}
	return Passed()
}

// unanswered sorts out a call that brought no record. What RDS certainly refused is withdrawn; anything
// else may have been accepted, and is looked for.
func unanswered(f *Facts, err error) Decision {
	if errors.Is(err, ErrClaimTooSlow) {
		return wait(f.Settings.Poll, v1alpha1.ReasonVerifyingOutcome, err.Error()+"; its history is watched before it is asked again")
	}
	var refusal *rds.Error
	if !errors.As(err, &refusal) || !refusal.Refused {
		return wait(f.Settings.Poll, v1alpha1.ReasonVerifyingOutcome, "RDS's answer was lost ("+err.Error()+"); its history is watched for the record, and it is not asked again meanwhile")
	}
	if refusal.Passing {
		return doingThen(WithdrawClaim, waitFor(f.backOff(), v1alpha1.ReasonRetrying, "RDS refused for now; it is asked again", refusal.Error()))
	}
	reason := refusal.Reason
	if reason == v1alpha1.ReasonRDSUnreachable {
		reason = v1alpha1.ReasonRejected
	}
	message, _ := rds.Explain(refusal)
	return doingThen(WithdrawClaim, Halted(reason, "RDS refused, and nothing was rewound: "+message))
}
