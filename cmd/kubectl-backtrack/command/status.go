package command

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

func newStatus(s *Session) *cobra.Command {
	var o *show.Output
	var everywhere bool
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show the rewinds, or one of them: its steps, workloads and record",
		Args:  atMostOneArg("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return s.statusOf(cmd.Context(), o, args[0])
			}
			return s.statusList(cmd.Context(), o, everywhere)
		},
		ValidArgsFunction: completion{s}.backtracks,
	}
	o = show.NewOutput(cmd, s.Terminal, s.Scheme, true)
	cmd.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "show those of all namespaces")
	return cmd
}

func (s *Session) statusList(ctx context.Context, o *show.Output, everywhere bool) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	namespace := k.Namespace
	if everywhere {
		namespace = ""
	}
	var list v1alpha1.AuroraBacktrackList
	if err := k.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return kube.Explain(err, "listing AuroraBacktracks")
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.AuroraBacktrack) int {
		return b.CreationTimestamp.Compare(a.CreationTimestamp.Time)
	})
	if !o.ForPeople() {
		return o.Object(&list)
	}
	if len(list.Items) == 0 {
		where := "in the namespace " + namespace
		if everywhere {
			where = "in any namespace"
		}
		s.Notef("No AuroraBacktracks %s.", where)
		return nil
	}
	var rows [][]string
	for i := range list.Items {
		b := &list.Items[i]
		why, message := outcome.Reason(b)
		from := "-"
		if b.Status.Backtrack != nil {
			from = show.Or(string(b.Status.Backtrack.BacktrackedFrom))
		}
		rows = append(rows, []string{
			b.Namespace, b.Name, b.Spec.ClusterRef.Name, string(b.Spec.BacktrackTo), show.Or(why), timeline.Length(s.Now().Sub(b.CreationTimestamp.Time)),
			show.Or(b.Annotations[v1alpha1.RequestedByAnnotation]), from, message,
		})
	}
	columns := []show.Column{
		{Name: "NAMESPACE"}, {Name: "NAME"}, {Name: "CLUSTER"}, {Name: "TO"}, {Name: "STATUS"}, {Name: "AGE"},
		{Name: "BY", Wide: true}, {Name: "FROM", Wide: true}, {Name: "MESSAGE", Wide: true},
	}
	if !everywhere {
		columns = columns[1:]
		for i := range rows {
			rows[i] = rows[i][1:]
		}
	}
	return o.Table(columns, rows)
}

func (s *Session) statusOf(ctx context.Context, o *show.Output, name string) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	b, err := k.Backtrack(ctx, name)
	if err != nil {
		return err
	}
	if !o.ForPeople() {
		return o.Object(b)
	}
	show.Status(s.Terminal, b)
	return nil
}
