package command

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/cmd/kubectl-backtrack/outcome"
)

// condition sets a condition as the operator would.
func condition(b *v1alpha1.AuroraBacktrack, kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: b.Generation})
}

// waitsFor makes an object that waits, for a reason.
func waitsFor(reason, message string) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		condition(b, v1alpha1.ConditionAdmitted, metav1.ConditionUnknown, reason, message)
		condition(b, v1alpha1.ConditionPreflightPassed, metav1.ConditionUnknown, v1alpha1.ReasonWaiting, "waits for an earlier step")
		condition(b, v1alpha1.ConditionSucceeded, metav1.ConditionUnknown, reason, message)
	}
}

// suspended makes an object that is suspended and planned.
func suspended(b *v1alpha1.AuroraBacktrack) {
	b.Spec.Suspend = true
	examined("the preflight would pass")(b)
}

func examined(finding string) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		message := "suspended by spec.suspend; " + finding
		waitsFor(v1alpha1.ReasonSuspended, message)(b)
		condition(b, v1alpha1.ConditionPreflightPassed, metav1.ConditionUnknown, v1alpha1.ReasonSuspended, message)
		b.Status.Plan = &v1alpha1.Plan{
			BacktrackTo: b.Spec.BacktrackTo, Distance: "30m0s", Summary: "rewinds Aurora cluster aurora-game by 30m0s, pauses 1 workload meanwhile",
			ReachableUntil: b.Spec.BacktrackTo, Warnings: []string{"30m0s of writes are discarded"},
		}
		b.Status.Dependents = []v1alpha1.DependentStatus{{Kind: "Deployment", Namespace: b.Namespace, Name: "api", Strategy: v1alpha1.StrategyPause, Replicas: ptr.To(int32(2)), State: v1alpha1.DependentPending}}
	}
}

// ended makes an object that has come to its end.
func ended(status metav1.ConditionStatus, reason, message string) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		condition(b, v1alpha1.ConditionAdmitted, metav1.ConditionTrue, v1alpha1.ReasonAdmitted, "may rewind")
		condition(b, v1alpha1.ConditionSucceeded, status, reason, message)
		b.Status.CompletedAt = v1alpha1.NewTimestamp(time.Now())
	}
}

// recorded gives an object RDS's record.
func (w *world) recorded(id string, from, to v1alpha1.Timestamp) func(*v1alpha1.AuroraBacktrack) {
	return func(b *v1alpha1.AuroraBacktrack) {
		b.Status.Claim = &v1alpha1.Claim{ClaimedAt: from, BacktrackTo: to, Attempt: 1}
		b.Status.Backtrack = &v1alpha1.BacktrackRecord{ID: id, RequestedAt: from, BacktrackTo: to, BacktrackedFrom: from, Status: "completed"}
	}
}

// operates plays the operator for the test's namespace: it plans what is suspended, ends what is cancelled, and takes
// what runs to the end that is given, over the states before it.
func (w *world) operates(finding string, states ...func(*v1alpha1.AuroraBacktrack)) {
	w.Helper()
	ctx, done := w.Context(), make(chan struct{})
	w.Cleanup(func() { <-done })
	progress := map[string]int{}
	go func() {
		defer close(done)
		_ = wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			var list v1alpha1.AuroraBacktrackList
			if err := operator.List(ctx, &list, client.InNamespace(w.name)); err != nil {
				return false, nil //nolint:nilerr // the next round tries again
			}
			for i := range list.Items {
				b := &list.Items[i]
				switch {
				case outcome.Finished(b) || !b.DeletionTimestamp.IsZero() || w.ready != nil && !w.ready(b):
					continue
				case b.Spec.Cancel && b.Status.Claim == nil:
					ended(metav1.ConditionFalse, v1alpha1.ReasonCancelled, "cancelled before RDS was asked")(b)
				case b.Spec.Suspend && outcome.Planned(b):
					continue
				case b.Spec.Suspend:
					examined(finding)(b)
				case progress[b.Name] < len(states):
					states[progress[b.Name]](b)
					progress[b.Name]++
				default:
					continue
				}
				b.Status.ObservedGeneration = b.Generation
				_ = operator.Status().Update(ctx, b) // a conflict is looked at again
			}
			return false, nil
		})
	}()
}

// rewinds are the states of a run that succeeds.
func (w *world) rewinds() []func(*v1alpha1.AuroraBacktrack) {
	from := w.at(0)
	return []func(*v1alpha1.AuroraBacktrack){
		func(b *v1alpha1.AuroraBacktrack) {
			condition(b, v1alpha1.ConditionAdmitted, metav1.ConditionTrue, v1alpha1.ReasonAdmitted, "may rewind, and took the lock")
			condition(b, v1alpha1.ConditionPreflightPassed, metav1.ConditionTrue, v1alpha1.ReasonPassed, "every check passed")
			condition(b, v1alpha1.ConditionDependentsPaused, metav1.ConditionUnknown, v1alpha1.ReasonPausing, "pausing 1 workload")
			condition(b, v1alpha1.ConditionSucceeded, metav1.ConditionUnknown, v1alpha1.ReasonPausing, "pausing 1 workload")
			b.Status.StartedAt = from
			b.Status.Dependents = []v1alpha1.DependentStatus{{Kind: "Deployment", Namespace: b.Namespace, Name: "api", Strategy: v1alpha1.StrategyPause, State: v1alpha1.DependentPausing}}
		},
		func(b *v1alpha1.AuroraBacktrack) {
			condition(b, v1alpha1.ConditionDependentsPaused, metav1.ConditionTrue, v1alpha1.ReasonPaused, "1 workload is at zero")
			b.Status.Dependents[0].State = v1alpha1.DependentPaused
			w.recorded("bt-1", from, b.Spec.BacktrackTo)(b)
			b.Status.Backtrack.Status, b.Status.Backtrack.BacktrackedFrom = "applying", ""
		},
		func(b *v1alpha1.AuroraBacktrack) {
			w.recorded("bt-1", from, b.Spec.BacktrackTo)(b)
			b.Status.Dependents[0].State = v1alpha1.DependentReady
			ended(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "the data is rewound")(b)
		},
	}
}
