package steps

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/policy"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// deniedCopy says that IAM refuses, and what to do about it.
func deniedCopy(err error) string {
	return strings.TrimSuffix(err.Error(), ".") + ": give the operator's IAM role the rights of config/aws/policy-safety-copy.json (docs/aws.md)"
}

// planCopy is the safety copy that the run makes; nil when it makes none.
func planCopy(f *Facts, cluster *v1alpha1.AuroraCluster) *v1alpha1.PlannedCopy {
	planned := policy.SafetyCopy(cluster, f.Object)
	if planned != nil {
		planned.Identifier = rds.CopyIdentifier(string(f.Object.UID))
	}
	return planned
}

// PlannedCopy is the safety copy by the plan; nil when none is made.
func PlannedCopy(f *Facts) *v1alpha1.PlannedCopy {
	if f.Object.Status.Plan == nil {
		return nil
	}
	return f.Object.Status.Plan.SafetyCopy
}

// copyable refuses, in the preflight, a rewind whose safety copy could not be made, before anything is paused for it.
func copyable(f *Facts, db rds.Cluster) Decision {
	planned := PlannedCopy(f)
	if planned == nil {
		return Passed()
	}
	if planned.Type == v1alpha1.CopyClone && db.Instances == 0 {
		return Halted(v1alpha1.ReasonCopyFailed, fmt.Sprintf("Aurora cluster %s has no DB instance, and RDS clones only a cluster that has one; nothing was rewound: give it an instance, or create a new AuroraBacktrack with safetyCopy.type Snapshot", db.Identifier))
	}
	known, there, d := safetyCopy(f)
	if d.Kind != Continue || !there {
		return d
	}
	if d := ownCopy(f, known); d.Kind != Continue {
		return d
	}
	return staleCopy(known)
}

// safetyCopy gives what RDS says about the copy.
func safetyCopy(f *Facts) (known rds.Copy, there bool, d Decision) {
	if !f.SafetyCopy.Read() {
		return rds.Copy{}, false, Needed(SafetyCopy)
	}
	switch err := f.SafetyCopy.Err(); {
	case rds.IsReason(err, v1alpha1.ReasonAccessDenied):
		return rds.Copy{}, false, wait(f.backOff(), v1alpha1.ReasonAccessDenied, "RDS: "+deniedCopy(err))
	case err != nil:
		return rds.Copy{}, false, rdsTrouble(f, err)
	}
	known, there = f.SafetyCopy.Get()
	return known, there, Passed()
}

// Copy has RDS make the safety copy, and waits until it holds the present. Its identifier follows from the object's UID, so RDS
// makes one at most, whoever asks and however often.
func Copy(f *Facts) Decision {
	cluster, d := ClusterOf(f)
	if d.Kind != Continue || cluster == nil { // a guard ends a run without an AuroraCluster
		return d
	}
	known, there, d := safetyCopy(f)
	if d.Kind != Continue {
		return d
	}
	if there {
		return followCopy(f, known)
	}
	return askCopy(f)
}

// askCopy asks RDS for the copy that it does not show.
func askCopy(f *Facts) Decision {
	if f.CopyAsked.Read() {
		if err := f.CopyAsked.Err(); err != nil && !rds.IsCopyThere(err) {
			return copyRefused(f, "the safety copy", err)
		}
		return copying(f, "RDS was asked for it and does not show it yet")
	}
	db, d := observed(f)
	if d.Kind != Continue {
		return d
	}
	if d := sameCluster(f, db); d.Kind != Continue {
		return d
	}
	if d := idle(f, db); d.Kind != Continue {
		return d
	}
	return Doing(MakeCopy)
}

// followCopy looks how far the copy has come.
func followCopy(f *Facts, known rds.Copy) Decision {
	if d := ownCopy(f, known); d.Kind != Continue {
		return d
	}
	planned, status := PlannedCopy(f), noteCopy(f, known)
	if status.RequestedAt.Time().Before(f.Since(v1alpha1.ConditionDependentsPaused).Truncate(time.Second)) {
		return staleCopy(known)
	}
	switch {
	case known.Failed():
		return Halted(v1alpha1.ReasonCopyFailed, fmt.Sprintf("%s reads %q, so RDS is not asked to rewind: look at its events in RDS, remove it, and create a new AuroraBacktrack", describeCopy(status), known.Status))
	case !known.Available():
		return copying(f, fmt.Sprintf("it reads %q%s", known.Status, fullCopy(planned, known)))
	case planned.InstanceClass != "" && !known.HasInstance(rds.InstanceIdentifier(planned.Identifier)):
		return askInstance(f)
	}
	return done(v1alpha1.ReasonCopied, fmt.Sprintf("%s holds the present; it is wanted until %s, and nothing deletes it by itself", describeCopy(status), status.WantedUntil))
}

// askInstance asks for the instance that makes the clone readable. The rewind does not wait until it is up: the clone has the data.
func askInstance(f *Facts) Decision {
	if !f.InstanceAsked.Read() {
		return Doing(MakeInstance)
	}
	if err := f.InstanceAsked.Err(); err != nil && !rds.IsCopyThere(err) {
		return copyRefused(f, "an instance of the safety copy", err)
	}
	return copying(f, "RDS was asked for its instance and does not show it yet")
}

// ownCopy refuses a copy of this identifier that is not the object's. The tags may be missing for as long as a list of RDS lags.
func ownCopy(f *Facts, known rds.Copy) Decision {
	owner, tagged := known.Tags[v1alpha1.CopyUIDTag]
	asked := f.Object.Status.SafetyCopy
	switch {
	case owner == string(f.Object.UID):
		return Passed()
	case !tagged && asked != nil && f.Now.Sub(asked.RequestedAt.Time()) <= f.Settings.Settle:
		return copying(f, "RDS does not show its tags yet")
	}
	return Halted(v1alpha1.ReasonCopyFailed, fmt.Sprintf("RDS has something of the identifier %s that is not this object's: its tag %s reads %q and should read %q; nothing was rewound: rename or remove it, and create a new AuroraBacktrack",
		known.Identifier, v1alpha1.CopyUIDTag, owner, f.Object.UID))
}

// staleCopy refuses a copy from before the pause. It does not hold what was written since.
func staleCopy(known rds.Copy) Decision {
	return Halted(v1alpha1.ReasonCopyFailed, fmt.Sprintf("%s was made at %s for an earlier run of this object, before its dependents were paused, and may lack what was written since; nothing was rewound: create a new AuroraBacktrack",
		known.Identifier, known.Tags[v1alpha1.CopyTimeTag]))
}

// noteCopy puts what RDS says about the copy into the status. Its tags tell what it was asked for.
func noteCopy(f *Facts, known rds.Copy) *v1alpha1.SafetyCopyStatus {
	planned, status := PlannedCopy(f), f.Object.Status.SafetyCopy
	if status == nil {
		status = &v1alpha1.SafetyCopyStatus{}
		f.Object.Status.SafetyCopy = status
	}
	status.Type, status.Identifier, status.Status, status.Endpoint = planned.Type, planned.Identifier, known.Status, known.Endpoint
	for tag, to := range map[string]*v1alpha1.Timestamp{v1alpha1.CopyTimeTag: &status.RequestedAt, v1alpha1.CopyWantedUntilTag: &status.WantedUntil} {
		if at := v1alpha1.Timestamp(known.Tags[tag]); !at.Time().IsZero() {
			*to = at
		}
	}
	if instance := rds.InstanceIdentifier(planned.Identifier); known.HasInstance(instance) {
		status.Instance = instance
	}
	return status
}

// CopyToAsk is the status of the copy before RDS is asked for it.
func CopyToAsk(f *Facts) *v1alpha1.SafetyCopyStatus {
	planned := PlannedCopy(f)
	asked := &v1alpha1.SafetyCopyStatus{Type: planned.Type, Identifier: planned.Identifier}
	if old := f.Object.Status.SafetyCopy; old != nil {
		asked = old.DeepCopy()
	}
	if asked.RequestedAt == "" {
		asked.RequestedAt = v1alpha1.NewTimestamp(f.Now)
		asked.WantedUntil = v1alpha1.NewTimestamp(f.Now.Add(planned.KeepFor.Or(policy.DefaultCopyKeepFor)).Truncate(time.Second))
	}
	return asked
}

// copyRefused sorts out a call that RDS did not confirm. What passes, and what may have been accepted, is looked for again.
func copyRefused(f *Facts, what string, err error) Decision {
	var refusal *rds.Error
	switch {
	case !errors.As(err, &refusal) || !refusal.Refused:
		return copying(f, "RDS's answer was lost ("+err.Error()+"); it is looked for")
	case refusal.Passing:
		return waitFor(f.backOff(), v1alpha1.ReasonRetrying, "RDS refused "+what+" for now; it is asked again", refusal.Error())
	case refusal.Reason == v1alpha1.ReasonAccessDenied:
		return Halted(v1alpha1.ReasonCopyFailed, fmt.Sprintf("RDS refused %s, and nothing was rewound: %s", what, deniedCopy(refusal)))
	}
	return Halted(v1alpha1.ReasonCopyFailed, fmt.Sprintf("RDS refused %s, and nothing was rewound: %s", what, refusal.Error()))
}

// copying waits for the copy.
func copying(f *Facts, cause string) Decision {
	planned := PlannedCopy(f)
	return waitFor(f.Settings.Poll, v1alpha1.ReasonCopying, fmt.Sprintf("%s %s", copyWord(planned.Type), planned.Identifier), cause)
}

// CopyTimeout is how long the copy may take.
func CopyTimeout(f *Facts) time.Duration {
	if planned := PlannedCopy(f); planned != nil {
		return planned.Timeout.Or(policy.DefaultCopyTimeout)
	}
	return policy.DefaultCopyTimeout
}

// CopyTooLong ends a run whose copy was not there in time.
func CopyTooLong(f *Facts, cause string) Decision {
	message := fmt.Sprintf("the safety copy was not there within %s (safetyCopy.timeout), so RDS is not asked to rewind and what was paused is resumed: %s", CopyTimeout(f), cause)
	if status := f.Object.Status.SafetyCopy; status != nil {
		message += fmt.Sprintf("; %s may become available later, and nothing deletes it by itself", describeCopy(status))
	}
	return Halted(v1alpha1.ReasonCopyTimedOut, message)
}

// uncopied ends a run that was taken over half way and would rewind without a copy that holds the present: what its status knew
// of the copy was lost.
func uncopied(f *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	if f.Object.Status.Plan != nil || policy.SafetyCopy(cluster, f.Object) == nil {
		return Passed()
	}
	return Halted(v1alpha1.ReasonCopyFailed, "the run was taken over half way, and it is not known whether its safety copy holds the present; RDS is not asked again: create a new AuroraBacktrack")
}

// keptCopy says, at the end, where the data from before is.
func keptCopy(f *Facts) string {
	status := f.Object.Status.SafetyCopy
	if status == nil || !f.Is(v1alpha1.ConditionCopied) {
		return ""
	}
	return fmt.Sprintf("; %s holds the data as it was at %s, and is wanted until %s", describeCopy(status), status.RequestedAt, status.WantedUntil)
}

// fullCopy warns of a clone that shares nothing with its source.
func fullCopy(planned *v1alpha1.PlannedCopy, known rds.Copy) string {
	if planned.Type != v1alpha1.CopyClone || known.Shares {
		return ""
	}
	return "; it is a full copy, which can take hours: a volume has at most 15 clones, and RDS copies the data for a further one"
}

func describeCopy(status *v1alpha1.SafetyCopyStatus) string {
	return copyWord(status.Type) + " " + status.Identifier
}

func copyWord(kind v1alpha1.CopyType) string {
	if kind == v1alpha1.CopySnapshot {
		return "snapshot"
	}
	return "clone"
}
