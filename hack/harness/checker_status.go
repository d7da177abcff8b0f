package harness

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// checkProgress holds that the operator took nothing back of what was there. (6)
func (s *Checker) checkProgress(old, b *v1alpha1.AuroraBacktrack) {
	for _, regression := range Regressions(old.Status, b.Status) {
		s.violation("6: %s: %s", b.Name, regression)
	}
	if old.Status.Claim != nil && b.Status.Claim == nil && s.accepted[b.UID] > 0 {
		s.violation("1: %s lost its claim, although RDS took its backtrack", b.Name)
	}
}

// checkSummary holds that the object reads as it is, to kstatus and to people. (6)
func (s *Checker) checkSummary(kind, name string, problems []string) {
	for _, problem := range problems {
		s.violation("6: %s %s: %s", kind, name, problem)
	}
}

// checkTruth compares what the status says with the world. (6)
func (s *Checker) checkTruth(old, b *v1alpha1.AuroraBacktrack) {
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
