package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/kube"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/show"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/terminal"
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

func newClusters(s *Session) *cobra.Command {
	var o *show.Output
	cmd := &cobra.Command{
		Use:               "clusters [NAME...]",
		Short:             "Show what can be rewound, and how far",
		Long:              "Shows the AuroraClusters: whether they can be rewound, how far back, the latest backtrack, who holds the lock and who waits.",
		RunE:              func(cmd *cobra.Command, args []string) error { return s.clusters(cmd.Context(), o, args) },
		ValidArgsFunction: completion{s}.clusters,
	}
	o = show.NewOutput(cmd, s.Terminal, s.Scheme, true)
	return cmd
}

func (s *Session) clusters(ctx context.Context, o *show.Output, names []string) error {
	k, err := s.Client()
	if err != nil {
		return err
	}
	var list v1alpha1.AuroraClusterList
	if len(names) == 0 {
		if err := k.List(ctx, &list); err != nil {
			return kube.Explain(err, "listing AuroraClusters")
		}
	}
	for _, name := range names {
		cluster, err := k.Cluster(ctx, name)
		if err != nil {
			return err
		}
		list.Items = append(list.Items, *cluster)
	}
	if !o.ForPeople() {
		return o.Object(&list)
	}
	if len(list.Items) == 0 {
		return fmt.Errorf("there is no AuroraCluster: whoever runs the platform creates one for each Aurora cluster")
	}
	all, err := k.Backtracks(ctx, "")
	if apierrors.IsForbidden(err) {
		s.Notef("note: you may not list AuroraBacktracks, so WAITING is not known")
	} else if err != nil {
		return err
	}
	var rows [][]string
	for i := range list.Items {
		rows = append(rows, clusterRow(s.Terminal, &list.Items[i], all))
	}
	return o.Table([]show.Column{
		{Name: "NAME"}, {Name: "STATUS"}, {Name: "WINDOW"}, {Name: "EARLIEST"}, {Name: "LAST BACKTRACK"}, {Name: "ACTIVE"}, {Name: "WAITING"},
		{Name: "AURORA CLUSTER", Wide: true}, {Name: "ENDPOINT", Wide: true}, {Name: "MESSAGE", Wide: true},
	}, rows)
}

func clusterRow(t *terminal.Terminal, cluster *v1alpha1.AuroraCluster, all []v1alpha1.AuroraBacktrack) []string {
	status, message := clusterStatus(cluster)
	last, active := "-", "-"
	for _, entry := range cluster.Status.Backtracks {
		if entry.ID != "" {
			last = fmt.Sprintf("to %s, %s", entry.BacktrackTo, t.Ago(entry.RequestedAt.Time()))
		}
	}
	if holder := cluster.Status.ActiveBacktrack; holder != nil {
		active = holder.Namespace + "/" + holder.Name
	}
	return []string{
		cluster.Name, status, window(cluster), earliest(t, cluster), last, active, show.Or(strings.Join(waiting(cluster, all), ",")),
		cluster.Spec.DBClusterIdentifier, show.Or(cluster.Status.Endpoint), message,
	}
}

// clusterStatus is RDS's word for a cluster that is ready, else the reason why it is not.
func clusterStatus(cluster *v1alpha1.AuroraCluster) (status, message string) {
	ready := meta.FindStatusCondition(cluster.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
		return "Unknown", "the operator has not looked at it yet"
	case ready.Status == metav1.ConditionTrue:
		return show.Or(cluster.Status.ClusterStatus), ready.Message
	}
	return ready.Reason, ready.Message
}

// window is how far back the cluster reaches now, of how far it is meant to.
func window(cluster *v1alpha1.AuroraCluster) string {
	target := time.Duration(cluster.Status.BacktrackWindow) * time.Second
	earliest, observed := cluster.Status.EarliestBacktrackTime.Time(), cluster.Status.ObservedAt.Time()
	if target == 0 {
		return "-"
	}
	if earliest.IsZero() || observed.IsZero() {
		return timeline.Length(target)
	}
	return fmt.Sprintf("%s of %s", timeline.Length(max(0, min(observed.Sub(earliest), target))), timeline.Length(target))
}

// earliest is the first whole second that can be reached.
func earliest(t *terminal.Terminal, cluster *v1alpha1.AuroraCluster) string {
	at := cluster.Status.EarliestBacktrackTime.Time()
	if at.IsZero() {
		return "-"
	}
	at = at.Add(time.Second - time.Nanosecond).Truncate(time.Second)
	return fmt.Sprintf("%s (%s)", timeline.Typed(at), t.Ago(at))
}

// waiting names the objects that wait for the cluster, in the order of their queue.
func waiting(cluster *v1alpha1.AuroraCluster, all []v1alpha1.AuroraBacktrack) []string {
	var queue []*v1alpha1.AuroraBacktrack
	for i := range all {
		if b := &all[i]; b.Spec.ClusterRef.Name == cluster.Name && b.Status.QueuePosition != nil && !outcome.Finished(b) {
			queue = append(queue, b)
		}
	}
	slices.SortFunc(queue, func(a, b *v1alpha1.AuroraBacktrack) int {
		return int(*a.Status.QueuePosition - *b.Status.QueuePosition)
	})
	var names []string
	for _, b := range queue {
		names = append(names, b.Namespace+"/"+b.Name)
	}
	return names
}
