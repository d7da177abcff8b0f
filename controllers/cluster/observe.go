package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/policy"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// patience is for how long a cluster stays Ready while RDS does not answer.
const patience = 5 * time.Minute

// observe fills the status from what the poller knows, and returns what there is to tell once it is written, and after what
// time to look again; zero: when something changes.
func (r *Reconciler) observe(ctx context.Context, cluster *v1alpha1.AuroraCluster, freed bool) ([]event.News, time.Duration, error) {
	target := rds.TargetOf(cluster)
	seen, known := r.RDS.Latest(target)
	switch {
	case !known: // the first answer wakes this reconciler
		return nil, 0, nil
	case seen.Err != nil:
		return nil, r.trouble(cluster, seen, seen.Err), nil
	}
	observed := seen.Cluster
	copyInto(&cluster.Status, observed)
	cluster.Status.ObservedAt = v1alpha1.NewTimestamp(seen.At)
	if reason, message := observed.Unsupported(); reason != "" {
		r.ready(cluster, metav1.ConditionFalse, reason, message, true)
		return nil, 0, nil
	}
	older, err := r.olderTwin(ctx, cluster)
	if err != nil {
		return nil, 0, err
	}
	if older != "" {
		r.ready(cluster, metav1.ConditionFalse, v1alpha1.ReasonDuplicateTarget, fmt.Sprintf("AuroraCluster %s already stands for Aurora cluster %s: delete one of the two", older, observed.Identifier), true)
		return nil, 0, nil
	}
	news := r.warnings(cluster)
	if freed || r.historyDue(cluster) {
		history, err := r.RDS.History(rds.WithRank(ctx, rds.RankRest), target)
		if err != nil { // it stays due
			r.trouble(cluster, seen, err)
			return nil, refreshInterval(cluster), nil
		}
		elsewhere := claim.Merge(cluster, history, r.Clock.Now())
		news = append(news, external(cluster, elsewhere)...)
	}
	restarted, err := r.restartAfterExternal(ctx, cluster)
	if err != nil { // what RDS says is written down all the same
		log.FromContext(ctx).Error(err, "restarting after a backtrack that was made elsewhere; it is tried again")
	}
	news = append(news, restarted...)
	if _, err := policy.Windows(cluster.Spec.Policy.Windows, r.Clock.Now()); err != nil {
		r.ready(cluster, metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, "spec."+err.Error(), true)
		return news, 0, nil
	}
	r.ready(cluster, metav1.ConditionTrue, v1alpha1.ReasonReady, fmt.Sprintf("Aurora cluster %s can be backtracked", observed.Identifier), false)
	return news, 0, nil
}

// historyDue reports whether the history is to be read now: RDS gives it for one cluster a call only. Once an object of ours
// has asked RDS it reads the history itself, and hints at what the ledger does not have.
func (r *Reconciler) historyDue(cluster *v1alpha1.AuroraCluster) bool {
	return !holderAskedRDS(cluster) && (underWay(cluster, r.Clock.Now()) || r.RDS.HistoryDue(rds.TargetOf(cluster)))
}

// holderAskedRDS reports whether the ledger has a call of the object that holds the lock.
func holderAskedRDS(cluster *v1alpha1.AuroraCluster) bool {
	holder := cluster.Status.ActiveBacktrack
	return holder != nil && slices.ContainsFunc(cluster.Status.Backtracks, func(e v1alpha1.LedgerEntry) bool {
		return e.RequestedBy != nil && *e.RequestedBy == *holder
	})
}

func copyInto(status *v1alpha1.AuroraClusterStatus, observed rds.Cluster) {
	status.DBClusterResourceID = observed.ResourceID
	status.ClusterStatus = observed.Status
	status.EngineVersion = observed.EngineVersion
	status.Endpoint = observed.Endpoint
	status.Port = observed.Port
	status.BacktrackWindow = observed.BacktrackWindow
	status.EarliestBacktrackTime = v1alpha1.NewTimestamp(observed.Earliest)
	status.BacktrackConsumedChangeRecords = observed.ChangeRecords
}

// trouble writes down that RDS did not say anything about the cluster. What passes by itself leaves a cluster Ready that RDS
// answered for a short while ago. It gives after what time that is no longer so; zero: it is not so now.
func (r *Reconciler) trouble(cluster *v1alpha1.AuroraCluster, seen rds.Observation, err error) time.Duration {
	reason := rds.ReasonOf(err)
	message, stalled := rds.Explain(err)
	answered := seen.At
	if answered.IsZero() { // by an earlier process, which did not write each answer down
		answered = seen.ErrSince
	}
	left := patience - r.Clock.Now().Sub(answered)
	if !stalled && left > 0 && meta.IsStatusConditionTrue(cluster.Status.Conditions, v1alpha1.ConditionReady) {
		r.put(cluster, v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message)
		return left
	}
	r.ready(cluster, metav1.ConditionFalse, reason, message, stalled)
	return 0
}

// ready writes the root condition and its two companions.
func (r *Reconciler) ready(cluster *v1alpha1.AuroraCluster, status metav1.ConditionStatus, reason, message string, stalled bool) {
	cluster.Status.ObservedGeneration = cluster.Generation
	r.put(cluster, v1alpha1.ConditionReady, status, reason, message)
	// A condition that stays is not removed and added again: its time would change, and with it the status, every time.
	companion := ""
	switch {
	case stalled:
		companion = v1alpha1.ConditionStalled
	case status != metav1.ConditionTrue:
		companion = v1alpha1.ConditionReconciling
	}
	for _, condition := range []string{v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		if condition == companion {
			r.put(cluster, condition, metav1.ConditionTrue, reason, message)
		} else {
			meta.RemoveStatusCondition(&cluster.Status.Conditions, condition)
		}
	}
}

func (r *Reconciler) put(cluster *v1alpha1.AuroraCluster, condition string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&cluster.Status.Conditions, metav1.Condition{
		Type: condition, Status: status, Reason: reason, Message: rds.CleanLine(message),
		ObservedGeneration: cluster.Generation, LastTransitionTime: metav1.NewTime(r.Clock.Now()),
	})
}

// olderTwin gives the name of an older AuroraCluster that stands for the same Aurora cluster.
func (r *Reconciler) olderTwin(ctx context.Context, cluster *v1alpha1.AuroraCluster) (string, error) {
	var list v1alpha1.AuroraClusterList
	if err := r.Client.List(ctx, &list); err != nil {
		return "", fmt.Errorf("listing AuroraClusters: %w", err)
	}
	for i := range list.Items {
		other := &list.Items[i]
		if other.UID != cluster.UID && lock.SameTarget(other, cluster) && lock.Outranks(other, cluster) {
			return other.Name, nil
		}
	}
	return "", nil
}

// warnings are what a careful person would want to know about the object.
func (r *Reconciler) warnings(cluster *v1alpha1.AuroraCluster) []event.News {
	selector := cluster.Spec.AllowedNamespaces.Selector
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) > 0 {
		return nil
	}
	return []event.News{{
		Type: corev1.EventTypeWarning, Subject: fmt.Sprintf("generation/%d", cluster.Generation), Reason: v1alpha1.ReasonAllNamespaces,
		Message: "spec.allowedNamespaces.selector is {}: every namespace may rewind this cluster",
	}}
}

// tell announces the news, and the Ready condition when it changed.
func (r *Reconciler) tell(ctx context.Context, cluster *v1alpha1.AuroraCluster, news []event.News) {
	if ready := meta.FindStatusCondition(cluster.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		kind := corev1.EventTypeNormal
		if ready.Status != metav1.ConditionTrue {
			kind = corev1.EventTypeWarning
		}
		subject := fmt.Sprintf("Ready/%d", ready.LastTransitionTime.Unix())
		news = append(news, event.News{Type: kind, Subject: subject, Reason: ready.Reason, Message: ready.Message})
	}
	for _, n := range news {
		r.Events.Announce(ctx, cluster, "AuroraCluster", n)
	}
}
