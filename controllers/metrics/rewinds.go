package metrics

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// rewinds is what the AuroraBacktracks of one AuroraCluster come to.
type rewinds struct {
	approval bool // the AuroraCluster asks for it
	active   tally
	waiting  map[string]*tally    // by reason
	paused   map[string]*tally    // by run
	finished map[string]time.Time // the latest end, by reason
}

func newRewinds(approval v1alpha1.Approval) *rewinds {
	asks := approval != "" && approval != v1alpha1.ApprovalNone
	return &rewinds{approval: asks, waiting: map[string]*tally{}, paused: map[string]*tally{runActive: {}, runEnded: {}}, finished: map[string]time.Time{}}
}

// add takes one object in.
func (r *rewinds) add(b *v1alpha1.AuroraBacktrack) {
	run := runActive
	switch {
	case b.Status.CompletedAt != "":
		run = runEnded
		r.addEnd(b)
	case b.Status.StartedAt != "":
		r.active.add(1, b.Status.StartedAt.Time())
	default:
		r.addWaiting(b)
	}
	r.paused[run].add(pausedBy(b), pausingSince(b))
}

func (r *rewinds) addEnd(b *v1alpha1.AuroraBacktrack) {
	succeeded := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionSucceeded)
	if succeeded == nil {
		return
	}
	reason, at := endReason(succeeded.Reason), b.Status.CompletedAt.Time()
	if at.After(r.finished[reason]) {
		r.finished[reason] = at
	}
}

func (r *rewinds) addWaiting(b *v1alpha1.AuroraBacktrack) {
	reason := v1alpha1.ReasonWaiting // nobody has looked at it yet
	if admitted := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionAdmitted); admitted != nil {
		reason = waitReason(admitted.Reason)
	}
	if reason == v1alpha1.ReasonSuspended && r.approval {
		reason = v1alpha1.ReasonApprovalRequired // who approves lifts the suspension
	}
	since := b.CreationTimestamp.Time
	if startable := b.Status.StartableSince.Time(); startable.After(since) {
		since = startable
	}
	if r.waiting[reason] == nil {
		r.waiting[reason] = &tally{}
	}
	r.waiting[reason].add(1, since)
}

func (r *rewinds) samples(cluster string, now time.Time) []sample {
	all := r.active.samples(active, activeAge, now, cluster)
	for _, run := range []string{runActive, runEnded} {
		all = append(all, r.paused[run].samples(paused, pausedAge, now, cluster, run)...)
	}
	for _, reason := range slices.Sorted(maps.Keys(r.waiting)) {
		all = append(all, r.waiting[reason].samples(waiting, waitingAge, now, cluster, reason)...)
	}
	for _, reason := range slices.Sorted(maps.Keys(r.finished)) {
		all = append(all, sample{lastFinished, unix(r.finished[reason]), []string{cluster, reason}})
	}
	return all
}

// pausedBy counts the workloads that the object is pausing, or has paused, and has not brought back.
func pausedBy(b *v1alpha1.AuroraBacktrack) int {
	n := 0
	for i := range b.Status.Dependents {
		if state := b.Status.Dependents[i].State; state == v1alpha1.DependentPausing || state == v1alpha1.DependentPaused {
			n++
		}
	}
	return n
}

// pausingSince is when the object began to pause: when its preflight had passed, else when it started.
func pausingSince(b *v1alpha1.AuroraBacktrack) time.Time {
	passed := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionPreflightPassed)
	if passed != nil && passed.Status == metav1.ConditionTrue {
		return passed.LastTransitionTime.Time
	}
	return b.Status.StartedAt.Time()
}

// ForCache gives what is read here of an AuroraBacktrack and is worth memory in the cache: of the dependents, that they are
// paused. kept has the conditions Admitted, or Succeeded once it ended.
func ForCache(b, kept *v1alpha1.AuroraBacktrack) {
	if b.Status.CompletedAt == "" {
		kept.Status.StartedAt, kept.Status.StartableSince = b.Status.StartedAt, b.Status.StartableSince
	}
	if n := pausedBy(b); n > 0 {
		kept.Status.StartedAt = b.Status.StartedAt
		kept.Status.Dependents = make([]v1alpha1.DependentStatus, n)
		for i := range kept.Status.Dependents {
			kept.Status.Dependents[i].State = v1alpha1.DependentPaused
		}
		if c := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionPreflightPassed); c != nil {
			kept.Status.Conditions = append(kept.Status.Conditions, metav1.Condition{Type: c.Type, Status: c.Status, LastTransitionTime: c.LastTransitionTime})
		}
	}
}
