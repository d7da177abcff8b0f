package command

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/changes"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

func newMoments(s *Session) *cobra.Command {
	var most int
	cmd := &cobra.Command{
		Use:   "moments CLUSTER",
		Short: "Show times to go back to: just before each rollout, Job and backtrack",
		Long: "Shows times that one may want to go back to, newest first, inside the backtrack window: just before each rollout and " +
			"each Job in the cluster's namespaces, and just before each backtrack of the cluster. It changes nothing.",
		Args: oneArg("CLUSTER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.moments(cmd.Context(), args[0], most)
		},
		ValidArgsFunction: completion{s}.cluster,
	}
	cmd.Flags().IntVar(&most, "most", 20, "how many to show; 0 shows all")
	return cmd
}

// moment is a time to go to.
type moment struct {
	to   time.Time
	what string
}

func (s *Session) moments(ctx context.Context, name string, most int) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	cluster, err := k.Cluster(ctx, name)
	if err != nil {
		return err
	}
	all, err := s.candidates(ctx, k, cluster)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		s.Notef("Nothing is known to have happened inside the backtrack window of %s: use kubectl backtrack run %s --to TIME", name, name)
		return nil
	}
	shown := all
	if most > 0 && len(all) > most {
		shown = all[:most]
	}
	var rows [][]string
	for _, m := range shown {
		rows = append(rows, []string{s.Ago(m.to), m.what, fmt.Sprintf("kubectl backtrack run %s --to %s", name, timeline.Typed(m.to))})
	}
	if err := show.Table(s.Terminal, []show.Column{{Name: "WHEN"}, {Name: "JUST BEFORE"}, {Name: "COMMAND"}}, rows, false); err != nil {
		return err
	}
	if len(shown) < len(all) {
		s.Notef("%d older ones are not shown: --most 0 shows all", len(all)-len(shown))
	}
	return nil
}

// candidates are the times inside the window, newest first, each time once for each that happened there.
func (s *Session) candidates(ctx context.Context, k *kube.Client, cluster *v1alpha1.AuroraCluster) ([]moment, error) {
	known, err := changes.Find(ctx, k, cluster, changes.Programs(), s.Notef)
	if err != nil {
		return nil, err
	}
	var all []moment
	for _, c := range known {
		// Kubernetes notes whole seconds, rounded down: the second before is certainly before it.
		all = append(all, moment{c.At.Add(-time.Second), c.What})
	}
	for _, entry := range cluster.Status.Backtracks {
		if entry.BacktrackedFrom != "" {
			what := "backtrack " + entry.ID
			if entry.RequestedBy != nil {
				what = "backtrack" + requestedBy(entry)
			}
			all = append(all, moment{entry.BacktrackedFrom.Time(), what + " to " + string(entry.BacktrackTo)})
		}
	}
	earliest := cluster.Status.EarliestBacktrackTime.Time()
	all = slices.DeleteFunc(all, func(m moment) bool { return m.to.Before(earliest) || m.to.After(s.Now()) })
	slices.SortStableFunc(all, func(a, b moment) int { return b.to.Compare(a.to) })
	return all, nil
}
