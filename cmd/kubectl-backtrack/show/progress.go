package show

import (
	"fmt"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
	"github.com/aurora-backtrack/operator/controllers/line"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

// Progress prints what has changed in an object, one line a change, each with the time since it began.
type Progress struct {
	terminal *terminal.Terminal
	began    time.Time
	quiet    bool
	seen     map[string]string
	record   v1alpha1.BacktrackRecord
	queue    int32
}

// Show prints what is news.
func (p *Progress) Show(b *v1alpha1.AuroraBacktrack) {
	if p.quiet {
		return
	}
	for _, step := range v1alpha1.StepConditions {
		for _, c := range b.Status.Conditions {
			// What the operator found before the latest change of the spec is no news.
			if c.Type == step && b.Status.ObservedGeneration == b.Generation {
				p.condition(c)
			}
		}
	}
	if n := b.Status.QueuePosition; n != nil && *n != p.queue {
		p.queue = *n
		p.say("    ", "", fmt.Sprintf("number %d in the queue for %s", *n, b.Spec.ClusterRef.Name))
	}
	for i := range b.Status.Dependents {
		p.dependent(&b.Status.Dependents[i])
	}
	if r := b.Status.Backtrack; r != nil && r.Status != p.record.Status {
		p.record = *r
		p.say("    ", "", fmt.Sprintf("RDS's record: %s", r.Status))
	}
}

func (p *Progress) condition(c metav1.Condition) {
	now := string(c.Status) + c.Reason
	if p.seen[c.Type] == now {
		return
	}
	p.seen[c.Type] = now
	suspended := c.Reason == v1alpha1.ReasonSuspended && c.Type != v1alpha1.ConditionAdmitted // the first step says it
	if c.Reason == v1alpha1.ReasonWaiting || c.Reason == v1alpha1.ReasonNotReached || suspended {
		return
	}
	sign := p.terminal.Paint(terminal.Yellow, p.terminal.Sign("…", "."))
	switch c.Status {
	case metav1.ConditionUnknown:
	case metav1.ConditionTrue:
		sign = p.terminal.Paint(terminal.Green, p.terminal.Sign("✓", "+"))
	case metav1.ConditionFalse:
		sign = p.terminal.Paint(terminal.Red, p.terminal.Sign("✗", "x"))
	}
	p.sayAt(p.when(c), sign+" ", c.Type, c.Message)
}

// recently is how old a change may be and still count as happening now: conditions have whole seconds.
const recently = 3 * time.Second

// when is when a step came to its end: now, unless it is plainly older. The time of one that is under way is that of its
// first wait, not of its present reason.
func (p *Progress) when(c metav1.Condition) time.Time {
	now := p.terminal.Now()
	if c.Status == metav1.ConditionUnknown || now.Sub(c.LastTransitionTime.Time) <= recently {
		return now
	}
	return c.LastTransitionTime.Time
}

// NewProgress counts from now, or from the creation of an object that has been there for a while.
func NewProgress(t *terminal.Terminal, b *v1alpha1.AuroraBacktrack, quiet bool) *Progress {
	began := t.Now()
	if began.Sub(b.CreationTimestamp.Time) > recently {
		began = b.CreationTimestamp.Time
	}
	return &Progress{terminal: t, began: began, quiet: quiet, seen: map[string]string{}}
}

func (p *Progress) dependent(d *v1alpha1.DependentStatus) {
	key := d.Kind + " " + d.Namespace + "/" + d.Name
	state := string(d.State)
	if p.seen[key] == state {
		return
	}
	first := p.seen[key] == ""
	p.seen[key] = state
	if first && (d.State == v1alpha1.DependentPending || state == "") {
		return
	}
	text := fmt.Sprintf("%s %s", key, state)
	if d.Message != "" {
		text += ": " + d.Message
	}
	p.say("    ", "", text)
}

// say prints a line: what it is about in a column of its own, and what others wrote cleaned. On a terminal it is cut off at
// the edge, so that the steps stay legible; how it ends is said in full, and so is everything by status.
func (p *Progress) say(prefix, subject, text string) {
	p.sayAt(p.terminal.Now(), prefix, subject, text)
}

func (p *Progress) sayAt(at time.Time, prefix, subject, text string) {
	t := p.terminal
	if subject != "" {
		subject = fmt.Sprintf("%-22s ", subject)
	}
	room := 1000
	if t.Interactive(t.Out) {
		room = max(20, t.Width()-len("        ")-utf8.RuneCountInString(subject)-4)
	}
	elapsed := fmt.Sprintf("%6s", timeline.Length(max(0, at.Sub(p.began))))
	t.Printf("%s  %s%s%s\n", t.Paint(terminal.Faint, elapsed), prefix, subject, shorten(line.Clean(text, 1000), room))
}

// shorten cuts a text off at so many characters.
func shorten(text string, room int) string {
	if utf8.RuneCountInString(text) <= room {
		return text
	}
	return string([]rune(text)[:room-1]) + "…"
}
