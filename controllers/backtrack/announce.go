package backtrack

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// recent bounds how old an end may be to be announced by a process that did not see it.
const recent = 10 * time.Minute

// announce reports each transition as an event, after the write that made it true.
func (r *Reconciler) announce(ctx context.Context, s *store) {
	object := s.saved
	if object.Status.CompletedAt != "" && r.Clock.Now().Sub(object.Status.CompletedAt.Time()) > recent {
		return
	}
	for _, c := range object.Status.Conditions {
		if !newsworthy(c) {
			continue
		}
		kind := corev1.EventTypeNormal
		if c.Status == metav1.ConditionFalse {
			kind = corev1.EventTypeWarning
		}
		r.Events.Announce(ctx, object, "AuroraBacktrack", event.News{Type: kind, Subject: c.Type, Order: order(c), Reason: c.Reason, Message: c.Message})
	}
	for _, w := range s.woken {
		r.Events.Announce(ctx, object, "AuroraBacktrack", event.News{
			Type: corev1.EventTypeWarning, Subject: w.Kind + "/" + w.Namespace + "/" + w.Name, Reason: v1alpha1.ReasonDependentWoken, Message: workload.RedactText(w.Message(), nil, object.Namespace, object.UID),
		})
	}
	if cancelTooLate(object) {
		r.Events.Announce(ctx, object, "AuroraBacktrack", event.News{Type: corev1.EventTypeWarning, Subject: "Cancel", Reason: v1alpha1.ReasonCancelTooLate, Message: "RDS was asked before the cancel; the run goes on to its end"})
	}
}

// newsworthy leaves out the conditions that only mirror another one, and steps that are not due yet. A failure is told by
// the step that it comes from.
func newsworthy(c metav1.Condition) bool {
	switch c.Type {
	case v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled:
		return false
	case v1alpha1.ConditionSucceeded:
		return c.Status == metav1.ConditionTrue
	case v1alpha1.ConditionPreflightPassed:
		if c.Reason == v1alpha1.ReasonSuspended { // Admitted tells it
			return false
		}
	}
	return c.Reason != v1alpha1.ReasonWaiting && c.Reason != v1alpha1.ReasonNotReached
}

// order puts the news of one reconciliation into the order of the lifecycle, and what came of a step behind what it waited for.
func order(c metav1.Condition) int {
	n := slices.IndexFunc(lifecycle, func(s step) bool { return s.condition == c.Type })
	if n < 0 {
		n = len(lifecycle) // Succeeded
	}
	if c.Status == metav1.ConditionUnknown {
		return 2 * n
	}
	return 2*n + 1
}
