package show

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
	"github.com/aurora-backtrack/operator/controllers/line"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

// Status prints all that an object says.
func Status(t *terminal.Terminal, b *v1alpha1.AuroraBacktrack) {
	why, message := outcome.Reason(b)
	t.Printf("%s\n", t.Paint(terminal.Bold, b.Namespace+"/"+b.Name))
	t.Printf("  cluster  %s\n", b.Spec.ClusterRef.Name)
	t.Printf("  to       %s\n", t.Stamp(b.Spec.BacktrackTo.Time()))
	for _, person := range []struct{ verb, name string }{
		{"asked", b.Annotations[v1alpha1.RequestedByAnnotation]}, {"approved", b.Annotations[v1alpha1.ApprovedByAnnotation]},
	} {
		if person.name != "" {
			t.Printf("  %-8s by %s\n", person.verb, line.Clean(person.name, 200))
		}
	}
	t.Printf("  status   %s: %s\n", t.Paint(shade(b), Or(why)), line.Clean(message, 1000))
	if n := b.Status.QueuePosition; n != nil {
		t.Printf("  queue    number %d\n", *n)
	}
	t.Printf("\n")
	previous := b.CreationTimestamp.Time
	for _, kind := range v1alpha1.StepConditions {
		c := meta.FindStatusCondition(b.Status.Conditions, kind)
		if c == nil {
			continue
		}
		if c.Message == message { // it stands above already
			c.Message = ""
		}
		t.Printf("  %s\n", step(t, *c, previous))
		if c.Status == metav1.ConditionTrue {
			previous = c.LastTransitionTime.Time
		}
	}
	if len(b.Status.Dependents) > 0 {
		t.Printf("\n")
	}
	for i := range b.Status.Dependents {
		d := &b.Status.Dependents[i]
		t.Printf("  %-8s %-11s %s\n", d.Strategy, d.State, line.Clean(dependent(d), 300))
	}
	record(t, b)
}

// step is a condition in a line, with how long it took.
func step(t *terminal.Terminal, c metav1.Condition, previous time.Time) string {
	sign, took := t.Sign("·", "."), ""
	switch {
	case c.Status == metav1.ConditionTrue:
		sign, took = t.Paint(terminal.Green, t.Sign("✓", "+")), timeline.Length(c.LastTransitionTime.Sub(previous))
	case c.Status == metav1.ConditionFalse:
		sign, took = t.Paint(terminal.Red, t.Sign("✗", "x")), timeline.Length(c.LastTransitionTime.Sub(previous))
	case c.Reason != v1alpha1.ReasonWaiting && c.Reason != v1alpha1.ReasonNotReached:
		sign, took = t.Paint(terminal.Yellow, t.Sign("…", "~")), timeline.Length(t.Now().Sub(c.LastTransitionTime.Time))
	}
	return strings.TrimRight(fmt.Sprintf("%s %-22s %7s  %s", sign, c.Type, took, line.Clean(c.Message, 1000)), " ")
}

func record(t *terminal.Terminal, b *v1alpha1.AuroraBacktrack) {
	if claim := b.Status.Claim; claim != nil && b.Status.Backtrack == nil {
		t.Printf("\n  claim    written at %s, attempt %d; RDS shows no record of it yet\n", claim.ClaimedAt, claim.Attempt)
	}
	r := b.Status.Backtrack
	if r == nil {
		return
	}
	t.Printf("\n  RDS      backtrack %s is %s: from %s to %s\n", line.Clean(r.ID, 128), line.Clean(r.Status, 64), Or(string(r.BacktrackedFrom)), r.BacktrackTo)
	if outcome.Finished(b) && r.BacktrackedFrom != "" {
		t.Printf("  forward  %s\n", outcome.Command("undo", b))
	}
}

// shade is the colour of the root condition.
func shade(b *v1alpha1.AuroraBacktrack) int {
	switch {
	case !outcome.Finished(b):
		return terminal.Yellow
	case outcome.Succeeded(b):
		return terminal.Green
	}
	return terminal.Red
}
