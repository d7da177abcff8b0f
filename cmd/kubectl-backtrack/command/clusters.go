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
	"github.com/aurora-backtrack/operator/controllers/timeline"
)

func newClusters(s *Session) *cobra.Command {
	var o *output
	cmd := &cobra.Command{
		Use:               "clusters [NAME...]",
		Short:             "Show what can be rewound, and how far",
		Long:              "Shows the AuroraClusters: whether they can be rewound, how far back, the latest backtrack, who holds the lock and who waits.",
		RunE:              func(cmd *cobra.Command, args []string) error { return s.clusters(cmd.Context(), o, args) },
		ValidArgsFunction: s.completeClusterFlag,
	}
	o = s.newOutput(cmd, true)
	return cmd
}

func (s *Session) clusters(ctx context.Context, o *output, names []string) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	var list v1alpha1.AuroraClusterList
	if len(names) == 0 {
		if err := c.List(ctx, &list); err != nil {
			return explain(err, "listing AuroraClusters")
		}
	}
	for _, name := range names {
		cluster, err := s.cluster(ctx, name)
		if err != nil {
			return err
		}
		list.Items = append(list.Items, *cluster)
	}
	if !o.forPeople() {
		return o.object(&list)
	}
	if len(list.Items) == 0 {
		return fmt.Errorf("there is no AuroraCluster: whoever runs the platform creates one for each Aurora cluster")
	}
	all, err := s.backtracks(ctx, "")
	if apierrors.IsForbidden(err) {
		fmt.Fprintln(s.ErrOut, "note: you may not list AuroraBacktracks, so WAITING is not known")
	} else if err != nil {
		return err
	}
	var rows [][]string
	for i := range list.Items {
		rows = append(rows, s.clusterRow(&list.Items[i], all))
	}
	return o.table([]column{
		{name: "NAME"}, {name: "STATUS"}, {name: "WINDOW"}, {name: "EARLIEST"}, {name: "LAST BACKTRACK"}, {name: "ACTIVE"}, {name: "WAITING"},
		{"AURORA CLUSTER", true}, {"ENDPOINT", true}, {"MESSAGE", true},
	}, rows)
}

func (s *Session) clusterRow(cluster *v1alpha1.AuroraCluster, all []v1alpha1.AuroraBacktrack) []string {
	status, message := clusterStatus(cluster)
	last, active := "-", "-"
	for _, entry := range cluster.Status.Backtracks {
		if entry.ID != "" {
			last = fmt.Sprintf("to %s, %s", entry.BacktrackTo, s.ago(entry.RequestedAt.Time()))
		}
	}
	if holder := cluster.Status.ActiveBacktrack; holder != nil {
		active = holder.Namespace + "/" + holder.Name
	}
	return []string{
		cluster.Name, status, s.window(cluster), s.earliest(cluster), last, active, or(strings.Join(waiting(cluster, all), ",")),
		cluster.Spec.DBClusterIdentifier, or(cluster.Status.Endpoint), message,
	}
}

// clusterStatus is RDS's word for a cluster that is ready, else the reason why it is not.
func clusterStatus(cluster *v1alpha1.AuroraCluster) (status, message string) {
	ready := meta.FindStatusCondition(cluster.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
		return "Unknown", "the operator has not looked at it yet"
	case ready.Status == metav1.ConditionTrue:
		return or(cluster.Status.ClusterStatus), ready.Message
	}
	return ready.Reason, ready.Message
}

// window is how far back the cluster reaches now, of how far it is meant to.
func (s *Session) window(cluster *v1alpha1.AuroraCluster) string {
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
func (s *Session) earliest(cluster *v1alpha1.AuroraCluster) string {
	at := cluster.Status.EarliestBacktrackTime.Time()
	if at.IsZero() {
		return "-"
	}
	at = at.Add(time.Second - time.Nanosecond).Truncate(time.Second)
	return fmt.Sprintf("%s (%s)", timeline.Typed(at), s.ago(at))
}

// waiting names the objects that wait for the cluster, in the order of their queue.
func waiting(cluster *v1alpha1.AuroraCluster, all []v1alpha1.AuroraBacktrack) []string {
	var queue []*v1alpha1.AuroraBacktrack
	for i := range all {
		if b := &all[i]; b.Spec.ClusterRef.Name == cluster.Name && b.Status.QueuePosition != nil && !finished(b) {
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
