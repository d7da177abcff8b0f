package steps

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/policy"
)

// policyFacts gathers what the rules of the policy look at.
func policyFacts(f *Facts, cluster *v1alpha1.AuroraCluster) (policy.Facts, Decision) {
	if !f.NamespaceAllowed.Read() {
		return policy.Facts{}, Needed(NamespaceAllowed)
	}
	if err := f.NamespaceAllowed.Err(); err != nil {
		return policy.Facts{}, Failed(err)
	}
	if policy.NeedsApproval(cluster) {
		if !f.Approval.Read() {
			return policy.Facts{}, Needed(Approval)
		}
		if err := f.Approval.Err(); err != nil {
			return policy.Facts{}, Failed(err)
		}
	}
	return policy.Facts{
		Cluster: cluster, Object: f.Object, NamespaceAllowed: f.NamespaceAllowed.Value(), ApprovalTrouble: f.Approval.Value(),
		Now: f.Now, RDSNow: f.RDSNow(),
	}, Passed()
}

// Granted ends the run where a rule of the policy refuses it for good.
func Granted(f *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	if isUndo(f) { // what it undoes was granted
		return Passed()
	}
	facts, d := policyFacts(f, cluster)
	if d.Kind != Continue {
		return d
	}
	for _, refusal := range policy.Check(facts) {
		if refusal.Final {
			return Halted(refusal.Reason, refusal.Message)
		}
	}
	return Passed()
}

// NamespaceGranted ends the run where the AuroraCluster does not allow the object's namespace.
func NamespaceGranted(f *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	d := Granted(f, cluster)
	if d.Kind == Halt && d.Reason != v1alpha1.ReasonNamespaceNotAllowed {
		return Passed()
	}
	return d
}

// mayStart checks every rule of the policy, also those that only delay the start.
func mayStart(f *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	if isUndo(f) {
		return Passed()
	}
	facts, d := policyFacts(f, cluster)
	if d.Kind != Continue {
		return d
	}
	refusals := policy.Check(facts) // those that end a run come first
	switch {
	case len(refusals) == 0:
		return Passed()
	case refusals[0].Final:
		return Halted(refusals[0].Reason, refusals[0].Message)
	}
	return wait(refusals[0].Again, refusals[0].Reason, refusals[0].Message)
}

// NoteStartable keeps since when nothing but what policy.startWithin bounds keeps the object from starting. It is called
// with what the object waits for now, before that is written.
func NoteStartable(f *Facts, waiting Decision) {
	status := &f.Object.Status
	if f.Started() && status.StartableSince != "" {
		return
	}
	if waiting.Kind == Wait && !f.Started() && waitsForPerson(waiting.Reason) {
		status.StartableSince = ""
		return
	}
	if status.StartableSince != "" {
		return
	}
	since := f.Object.CreationTimestamp.Time
	if c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionAdmitted); c != nil && waitsForPerson(c.Reason) {
		since = f.Now // it waited until this moment
	}
	if cluster := f.Cluster.Value(); cluster != nil {
		if opening, err := policy.Windows(cluster.Spec.Policy.Windows, f.Now); err == nil && opening.Since.After(since) {
			since = opening.Since
		}
	}
	status.StartableSince = v1alpha1.NewTimestamp(since)
}

// waitsForPerson reports whether the wait ends by a person's act, or by a window's opening: neither counts as trying to
// start.
func waitsForPerson(reason string) bool {
	switch reason {
	case v1alpha1.ReasonSuspended, v1alpha1.ReasonApprovalRequired, v1alpha1.ReasonApprovalNotEnforced, v1alpha1.ReasonOutsideWindow:
		return true
	}
	return false
}

// StartLeft is how long the object may still wait for its start; none when nothing bounds it.
func StartLeft(f *Facts) (left time.Duration, within time.Duration, bounded bool) {
	within = defaultStartWithin
	if cluster := f.Cluster.Value(); cluster != nil {
		within = cluster.Spec.Policy.StartWithin.Or(defaultStartWithin)
	}
	if isUndo(f) { // applications are down
		within = PauseTimeout(f)
	}
	since := f.Object.Status.StartableSince.Time()
	return within - f.Now.Sub(since), within, !since.IsZero()
}

// StartTooLate ends a run that could not start in time: it does not start by itself later.
func StartTooLate(f *Facts, within time.Duration, cause string) Decision {
	if c := f.Cluster.Value(); c != nil && claim.Find(c, f.Object) != nil {
		return Halted(v1alpha1.ReasonOutcomeUnknown, fmt.Sprintf(
			"an earlier run of this object may have asked RDS, and this one could not take it over within %s: look at the data, and at the cluster's events in RDS; it waited for: %s", within, cause))
	}
	if isUndo(f) {
		return Halted(v1alpha1.ReasonExpired, fmt.Sprintf("RDS could not be asked within %s (spec.pauseTimeout of AuroraCluster %s), with applications down: %s", within, f.Object.Spec.ClusterRef.Name, cause))
	}
	return Halted(v1alpha1.ReasonExpired, fmt.Sprintf(
		"it could not start within %s (policy.startWithin of AuroraCluster %s) and does not start by itself later; the database was not touched: create a new AuroraBacktrack if it is still wanted; it waited for: %s",
		within, f.Object.Spec.ClusterRef.Name, cause))
}
