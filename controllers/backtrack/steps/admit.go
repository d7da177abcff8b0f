package steps

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// Admit decides whether the object may run at all, and takes the cluster's lock for it.
func Admit(f *Facts) Decision {
	d := admit(f)
	if d.Kind != Wait || d.Reason == v1alpha1.ReasonQueued || f.Started() {
		return d
	}
	// A lock from before the status was taken away. What waits for something else keeps nobody waiting.
	if c := f.Cluster.Value(); c != nil && lock.Holds(c, lock.Reference(f.Object)) {
		return Doing(ReleaseLock)
	}
	return d
}

func admit(f *Facts) Decision {
	if d := WellFormed(f); d.Kind != Continue {
		return d
	}
	cluster, d := ClusterOf(f)
	switch {
	case d.Kind != Continue:
		return d
	case cluster == nil || (!cluster.DeletionTimestamp.IsZero() && !f.Started() && !isUndo(f)):
		return wait(watchedPoll, v1alpha1.ReasonClusterNotFound, fmt.Sprintf(
			"spec.clusterRef.name: there is no AuroraCluster %q; create it, or create a new AuroraBacktrack with the right name (kubectl get auroraclusters)", f.Object.Spec.ClusterRef.Name))
	}
	if f.Object.Spec.Suspend && !f.Started() {
		return suspended(f, cluster)
	}
	for _, check := range []func(*Facts, *v1alpha1.AuroraCluster) Decision{mayStart, ClusterReady, Locked} {
		if d := check(f, cluster); d.Kind != Continue {
			return d
		}
	}
	if !f.Started() {
		f.Object.Status.StartedAt = v1alpha1.NewTimestamp(f.Now)
	}
	f.Object.Status.QueuePosition = nil
	if isUndo(f) {
		return done(v1alpha1.ReasonAdmitted, fmt.Sprintf("brings the data of AuroraCluster %s forward again, under the lock of AuroraBacktrack %s", cluster.Name, f.Object.Spec.UndoOf.Name))
	}
	return done(v1alpha1.ReasonAdmitted, "may rewind AuroraCluster "+cluster.Name+", and took its lock")
}

// WellFormed guards against what admission would have refused, had it been asked.
func WellFormed(f *Facts) Decision {
	if _, err := f.Object.Spec.BacktrackTo.Parse(); err != nil {
		return Halted(v1alpha1.ReasonInvalidSpec, "spec.backtrackTo: "+err.Error())
	}
	if f.Object.Spec.StartDeadline != "" {
		if _, err := f.Object.Spec.StartDeadline.Parse(); err != nil {
			return Halted(v1alpha1.ReasonInvalidSpec, "spec.startDeadline: "+err.Error())
		}
	}
	return Passed()
}

// ClusterReady waits until the AuroraCluster is Ready. Where it never will be, because the Aurora cluster
// can't backtrack, the preflight says so and ends the run.
func ClusterReady(_ *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	ready := meta.FindStatusCondition(cluster.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil || ready.ObservedGeneration != cluster.Generation:
		return wait(watchedPoll, v1alpha1.ReasonClusterNotReady, fmt.Sprintf("AuroraCluster %s has not been observed yet", cluster.Name))
	case ready.Status == metav1.ConditionTrue,
		ready.Reason == v1alpha1.ReasonEngineNotSupported,
		ready.Reason == v1alpha1.ReasonBacktrackNotEnabled:
		return Passed()
	}
	return wait(watchedPoll, v1alpha1.ReasonClusterNotReady, fmt.Sprintf("AuroraCluster %s is not Ready (%s): %s", cluster.Name, ready.Reason, ready.Message))
}

// suspended checks everything, shows the plan, touches nothing and waits.
func suspended(f *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	message := "suspended by spec.suspend"
	if c := meta.FindStatusCondition(f.Object.Status.Conditions, v1alpha1.ConditionAdmitted); c == nil || c.Reason != v1alpha1.ReasonSuspended {
		// RDS is asked in the next reconciliation, which has its turn when nothing is under way: suspended objects cannot
		// starve an active rewind.
		return wait(time.Millisecond, v1alpha1.ReasonSuspended, message+"; its plan is being made")
	}
	found, after := ClusterReady(f, cluster), replanInterval
	if found.Kind == Continue {
		found = examine(f, cluster)
	}
	switch found.Kind {
	case Continue:
		message += "; the preflight would pass: " + f.Object.Status.Plan.Summary
	case Wait:
		after = watchedPoll
		fallthrough
	case Halt:
		message += fmt.Sprintf("; the preflight would not pass now (%s): %s", found.Reason, found.Message)
	case Fault, Need, Act, Again, End:
		return found
	}
	SetCondition(f, v1alpha1.ConditionPreflightPassed, metav1.ConditionUnknown, v1alpha1.ReasonSuspended, message)
	return wait(after, v1alpha1.ReasonSuspended, message)
}
