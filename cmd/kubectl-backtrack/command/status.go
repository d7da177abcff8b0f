package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/line"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

func newStatus(s *Session) *cobra.Command {
	var o *output
	var everywhere bool
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show the rewinds, or one of them: its steps, workloads and record",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return s.statusOf(cmd.Context(), o, args[0])
			}
			return s.statusList(cmd.Context(), o, everywhere)
		},
		ValidArgsFunction: s.completeBacktracks,
	}
	o = s.newOutput(cmd, true)
	cmd.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "show those of all namespaces")
	return cmd
}

func (s *Session) statusList(ctx context.Context, o *output, everywhere bool) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	namespace, err := s.namespace()
	if err != nil {
		return err
	}
	if everywhere {
		namespace = ""
	}
	var list v1alpha1.AuroraBacktrackList
	if err := c.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return explain(err, "listing AuroraBacktracks")
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.AuroraBacktrack) int {
		return b.CreationTimestamp.Compare(a.CreationTimestamp.Time)
	})
	if !o.forPeople() {
		return o.object(&list)
	}
	if len(list.Items) == 0 {
		where := "in the namespace " + namespace
		if everywhere {
			where = "in any namespace"
		}
		fmt.Fprintf(s.ErrOut, "No AuroraBacktracks %s.\n", where)
		return nil
	}
	var rows [][]string
	for i := range list.Items {
		b := &list.Items[i]
		why, message := reason(b)
		from := "-"
		if b.Status.Backtrack != nil {
			from = or(string(b.Status.Backtrack.BacktrackedFrom))
		}
		rows = append(rows, []string{
			b.Namespace, b.Name, b.Spec.ClusterRef.Name, string(b.Spec.BacktrackTo), or(why), timeline.Length(s.now().Sub(b.CreationTimestamp.Time)),
			or(b.Annotations[v1alpha1.RequestedByAnnotation]), from, message,
		})
	}
	columns := []column{
		{name: "NAMESPACE"}, {name: "NAME"}, {name: "CLUSTER"}, {name: "TO"}, {name: "STATUS"}, {name: "AGE"}, {"BY", true}, {"FROM", true}, {"MESSAGE", true},
	}
	if !everywhere {
		columns = columns[1:]
		for i := range rows {
			rows[i] = rows[i][1:]
		}
	}
	return o.table(columns, rows)
}

func (s *Session) statusOf(ctx context.Context, o *output, name string) error {
	b, err := s.backtrack(ctx, name)
	if err != nil {
		return err
	}
	if !o.forPeople() {
		return o.object(b)
	}
	s.describe(b)
	return nil
}

// describe prints all that an object says.
func (s *Session) describe(b *v1alpha1.AuroraBacktrack) {
	why, message := reason(b)
	s.printf("%s\n", s.paint(bold, b.Namespace+"/"+b.Name))
	s.printf("  cluster  %s\n", b.Spec.ClusterRef.Name)
	s.printf("  to       %s\n", s.stamp(b.Spec.BacktrackTo.Time()))
	for _, person := range []struct{ verb, name string }{
		{"asked", b.Annotations[v1alpha1.RequestedByAnnotation]}, {"approved", b.Annotations[v1alpha1.ApprovedByAnnotation]},
	} {
		if person.name != "" {
			s.printf("  %-8s by %s\n", person.verb, line.Clean(person.name, 200))
		}
	}
	s.printf("  status   %s: %s\n", s.paint(shade(b), or(why)), line.Clean(message, 1000))
	if n := b.Status.QueuePosition; n != nil {
		s.printf("  queue    number %d\n", *n)
	}
	s.printf("\n")
	previous := b.CreationTimestamp.Time
	for _, step := range steps {
		c := meta.FindStatusCondition(b.Status.Conditions, step)
		if c == nil {
			continue
		}
		if c.Message == message { // it stands above already
			c.Message = ""
		}
		s.printf("  %s\n", s.step(*c, previous))
		if c.Status == metav1.ConditionTrue {
			previous = c.LastTransitionTime.Time
		}
	}
	if len(b.Status.Dependents) > 0 {
		s.printf("\n")
	}
	for i := range b.Status.Dependents {
		d := &b.Status.Dependents[i]
		s.printf("  %-8s %-11s %s\n", d.Strategy, d.State, line.Clean(workload(d), 300))
	}
	s.describeRecord(b)
}

// step is a condition in a line, with how long it took.
func (s *Session) step(c metav1.Condition, previous time.Time) string {
	sign, took := s.sign("·", "."), ""
	switch {
	case c.Status == metav1.ConditionTrue:
		sign, took = s.paint(green, s.sign("✓", "+")), timeline.Length(c.LastTransitionTime.Sub(previous))
	case c.Status == metav1.ConditionFalse:
		sign, took = s.paint(red, s.sign("✗", "x")), timeline.Length(c.LastTransitionTime.Sub(previous))
	case c.Reason != v1alpha1.ReasonWaiting && c.Reason != v1alpha1.ReasonNotReached:
		sign, took = s.paint(yellow, s.sign("…", "~")), timeline.Length(s.now().Sub(c.LastTransitionTime.Time))
	}
	return strings.TrimRight(fmt.Sprintf("%s %-22s %7s  %s", sign, c.Type, took, line.Clean(c.Message, 1000)), " ")
}

func (s *Session) describeRecord(b *v1alpha1.AuroraBacktrack) {
	if claim := b.Status.Claim; claim != nil && b.Status.Backtrack == nil {
		s.printf("\n  claim    written at %s, attempt %d; RDS shows no record of it yet\n", claim.ClaimedAt, claim.Attempt)
	}
	r := b.Status.Backtrack
	if r == nil {
		return
	}
	s.printf("\n  RDS      backtrack %s is %s: from %s to %s\n", line.Clean(r.ID, 128), line.Clean(r.Status, 64), or(string(r.BacktrackedFrom)), r.BacktrackTo)
	if finished(b) && r.BacktrackedFrom != "" {
		s.printf("  forward  %s\n", command("undo", b))
	}
}

// shade is the colour of the root condition.
func shade(b *v1alpha1.AuroraBacktrack) int {
	switch {
	case !finished(b):
		return yellow
	case succeeded(b):
		return green
	}
	return red
}
