package command

import (
	"fmt"
	"strings"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// showPlan prints what the run would do.
func (s *Session) showPlan(b *v1alpha1.AuroraBacktrack) {
	plan := b.Status.Plan
	s.printf("%s\n", s.paint(bold, "Plan of "+b.Namespace+"/"+b.Name))
	if plan == nil {
		_, message := reason(b)
		s.printf("  there is no plan: %s\n", line.Clean(message, 1000))
		return
	}
	s.printf("  %s\n", line.Clean(plan.Summary, 1000))
	s.printf("  to      %s\n", s.stamp(plan.BacktrackTo.Time()))
	if plan.ReachableUntil != "" {
		s.printf("  undo    possible until about %s\n", plan.ReachableUntil)
	}
	for i := range b.Status.Dependents {
		d := &b.Status.Dependents[i]
		s.printf("  %-7s %s\n", strings.ToLower(string(d.Strategy)), line.Clean(workload(d), 300))
	}
	for _, warning := range plan.Warnings {
		s.printf("  %s\n", s.paint(yellow, line.Clean("! "+warning, 1000)))
	}
}

func workload(d *v1alpha1.DependentStatus) string {
	text := fmt.Sprintf("%s %s/%s", d.Kind, d.Namespace, d.Name)
	if d.Replicas != nil {
		text += fmt.Sprintf(" (%d replicas)", *d.Replicas)
	}
	if d.State == v1alpha1.DependentSkipped {
		text += ", left alone"
	}
	if d.Message != "" {
		text += ": " + d.Message
	}
	return text
}

// showEnd prints what came of a run that succeeded, and how to go forward again.
func (s *Session) showEnd(b *v1alpha1.AuroraBacktrack) {
	why, message := reason(b)
	s.printf("%s %s\n", s.paint(green, s.sign("✓", "+")+" "+why), line.Clean(message, 1000))
	if r := b.Status.Backtrack; r != nil && r.BacktrackedFrom != "" {
		s.printf("  RDS      backtrack %s, from %s to %s\n", r.ID, r.BacktrackedFrom, r.BacktrackTo)
		s.printf("  forward  %s\n", command("undo", b))
	}
}
