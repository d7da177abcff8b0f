package show

import (
	"fmt"
	"strings"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
	"github.com/aurora-backtrack/operator/controllers/line"
)

// Plan prints what the run would do.
func Plan(t *terminal.Terminal, b *v1alpha1.AuroraBacktrack) {
	plan := b.Status.Plan
	t.Printf("%s\n", t.Paint(terminal.Bold, "Plan of "+b.Namespace+"/"+b.Name))
	if plan == nil {
		_, message := outcome.Reason(b)
		t.Printf("  there is no plan: %s\n", line.Clean(message, 1000))
		return
	}
	t.Printf("  %s\n", line.Clean(plan.Summary, 1000))
	t.Printf("  to      %s\n", t.Stamp(plan.BacktrackTo.Time()))
	if plan.ReachableUntil != "" {
		t.Printf("  undo    possible until about %s\n", plan.ReachableUntil)
	}
	for i := range b.Status.Dependents {
		d := &b.Status.Dependents[i]
		t.Printf("  %-7s %s\n", strings.ToLower(string(d.Strategy)), line.Clean(dependent(d), 300))
	}
	for _, warning := range plan.Warnings {
		t.Printf("  %s\n", t.Paint(terminal.Yellow, line.Clean("! "+warning, 1000)))
	}
}

func dependent(d *v1alpha1.DependentStatus) string {
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

// End prints what came of a run that succeeded, and how to go forward again.
func End(t *terminal.Terminal, b *v1alpha1.AuroraBacktrack) {
	why, message := outcome.Reason(b)
	t.Printf("%s %s\n", t.Paint(terminal.Green, t.Sign("✓", "+")+" "+why), line.Clean(message, 1000))
	if r := b.Status.Backtrack; r != nil && r.BacktrackedFrom != "" {
		t.Printf("  RDS      backtrack %s, from %s to %s\n", r.ID, r.BacktrackedFrom, r.BacktrackTo)
		t.Printf("  forward  %s\n", outcome.Command("undo", b))
	}
}
