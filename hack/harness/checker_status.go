package harness

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// checkProgress compares what the operator wrote with what was there. (6)
func (s *Checker) checkProgress(old, b *v1alpha1.AuroraBacktrack) {
	before, after := old.Status, b.Status
	for _, c := range before.Conditions {
		settled := c.Status != metav1.ConditionUnknown && c.Type != v1alpha1.ConditionReconciling && c.Type != v1alpha1.ConditionStalled
		if now := meta.FindStatusCondition(after.Conditions, c.Type); settled && (now == nil || now.Status != c.Status || now.Reason != c.Reason) {
			s.violation("6: %s: %s was %s %s and is %+v", b.Name, c.Type, c.Status, c.Reason, now)
		}
	}
	for _, field := range []struct{ name, before, after string }{
		{"startedAt", string(before.StartedAt), string(after.StartedAt)},
		{"completedAt", string(before.CompletedAt), string(after.CompletedAt)},
		{"backtrack.id", recordID(before), recordID(after)},
	} {
		if field.before != "" && field.before != field.after {
			s.violation("6: %s: %s was %q and is %q", b.Name, field.name, field.before, field.after)
		}
	}
	if before.Claim != nil && after.Claim == nil && s.accepted[b.UID] > 0 {
		s.violation("1: %s lost its claim, although RDS took its backtrack", b.Name)
	}
	if before.Claim != nil && after.Claim != nil && after.Claim.Attempt < before.Claim.Attempt {
		s.violation("1: %s went back to attempt %d", b.Name, after.Claim.Attempt)
	}
}

func recordID(status v1alpha1.AuroraBacktrackStatus) string {
	if status.Backtrack == nil {
		return ""
	}
	return status.Backtrack.ID
}

// checkTruth compares what the status says with the world. (6)
func (s *Checker) checkTruth(old, b *v1alpha1.AuroraBacktrack) {
	s.checkSummary(b)
	for _, c := range b.Status.Conditions {
		if c.Status == metav1.ConditionUnknown || c.Type == v1alpha1.ConditionReconciling || c.Type == v1alpha1.ConditionStalled {
			continue
		}
		if s.verdicts[b.UID] == nil {
			s.verdicts[b.UID] = map[string]announcement{}
		}
		if c.Type != v1alpha1.ConditionSucceeded || c.Status == metav1.ConditionTrue { // of a failure its step tells
			s.verdicts[b.UID][c.Type] = announcement{c.Reason, c.Message}
		}
		if old != nil && meta.IsStatusConditionPresentAndEqual(old.Status.Conditions, c.Type, c.Status) {
			continue
		}
		if c.Status == metav1.ConditionTrue && !s.byUser {
			s.checkBecameTrue(b, c)
		}
	}
}

// checkSummary checks what kstatus goes by.
func (s *Checker) checkSummary(b *v1alpha1.AuroraBacktrack) {
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	reconciling := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionReconciling)
	stalled := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionStalled)
	ended := b.Status.CompletedAt != ""
	for _, c := range []*metav1.Condition{reconciling, stalled} {
		if c != nil && c.Status != metav1.ConditionTrue {
			s.violation("6: %s: %s is there and %s", b.Name, c.Type, c.Status)
		}
	}
	switch {
	case !ended && succeeded == nil: // the first writes of a walk come before its end
	case ended != (succeeded != nil && succeeded.Status != metav1.ConditionUnknown):
		s.violation("6: %s: completedAt is %q and Succeeded %+v", b.Name, b.Status.CompletedAt, succeeded)
	case ended && reconciling != nil, !ended && stalled != nil, ended && (stalled != nil) != (succeeded.Status == metav1.ConditionFalse):
		s.violation("6: %s: ended %t, Reconciling %+v, Stalled %+v", b.Name, ended, reconciling, stalled)
	}
}

// checkBecameTrue checks a condition against the world at the moment at which it is written as True.
func (s *Checker) checkBecameTrue(b *v1alpha1.AuroraBacktrack, c metav1.Condition) {
	switch c.Type {
	case v1alpha1.ConditionDependentsPaused:
		for _, d := range b.Status.Dependents {
			workload, says := s.deployments[d.Name], c.Reason == v1alpha1.ReasonPaused && d.State == v1alpha1.DependentPaused
			if says && workload != nil && !s.woken[d.Name] && *workload.Spec.Replicas != 0 {
				s.violation("6: %s says that %s is paused; it has %d replicas", b.Name, d.Name, *workload.Spec.Replicas)
			}
		}
	case v1alpha1.ConditionBacktracked:
		if state := s.recordStatus(b); state != rds.StatusCompleted {
			s.violation("6: %s says that it is rewound; RDS's record reads %q", b.Name, state)
		}
	case v1alpha1.ConditionDependentsReconnected:
		for _, d := range b.Status.Dependents {
			workload, pauses := s.deployments[d.Name], d.Strategy == v1alpha1.StrategyPause
			if pauses && workload != nil && strings.Contains(workload.Annotations[v1alpha1.PausedAnnotation], string(b.UID)) {
				s.violation("6: %s says that every dependent is up; %s is marked as paused by it", b.Name, d.Name)
			}
		}
	case v1alpha1.ConditionSucceeded:
		if state := s.recordStatus(b); state != rds.StatusCompleted {
			s.violation("6: %s says that it succeeded (%s); RDS's record reads %q", b.Name, c.Reason, state)
		}
	}
}

// recordStatus is what became of the object's backtrack, in truth.
func (s *Checker) recordStatus(b *v1alpha1.AuroraBacktrack) string {
	truth, err := s.RDS.Cluster(s.targets[b.Spec.ClusterRef.Name])
	if err != nil {
		return err.Error()
	}
	for i := range truth.Backtracks {
		if truth.Backtracks[i].Identifier == recordID(b.Status) {
			return truth.Backtracks[i].State()
		}
	}
	return "unknown"
}
