package backtrack

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/ledger"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

const (
	// slow is how often something is looked at again that a watch also reports.
	slow = 30 * time.Second
	// replan is how often the plan of a suspended object is made anew.
	replan = 5 * time.Minute
)

// admit decides whether the object may run at all, and takes the cluster's lock for it.
func (x *run) admit(ctx context.Context) outcome {
	out := x.enqueue(ctx)
	ref := ledger.Reference(x.object)
	if out.kind == wait && out.reason != v1alpha1.ReasonQueued && !x.started() && x.cluster != nil && ledger.Holds(x.cluster, ref) {
		// A lock from before its status was taken away. What waits for something else keeps nobody waiting.
		if err := x.unlock(ctx, ref); err != nil {
			return failed(err)
		}
	}
	return out
}

// enqueue checks what must be so before the object may take the lock, and takes it.
func (x *run) enqueue(ctx context.Context) outcome {
	if out := x.wellFormed(); out.kind != goOn {
		return out
	}
	if out, replay := x.replay(ctx); replay { // before all else: what came true is not denied, whatever is withdrawn since
		return out
	}
	if out := x.stillWanted(ctx); out.kind != goOn {
		return out
	}
	if x.object.Spec.Suspend && !x.started() {
		return x.suspended(ctx)
	}
	if out := x.mayStartNow(ctx); out.kind != goOn {
		return out
	}
	if out := x.takeLock(ctx); out.kind != goOn {
		return out
	}
	if !x.started() {
		x.object.Status.StartedAt = v1alpha1.NewTimestamp(x.now())
	}
	x.object.Status.QueuePosition = nil
	return done(v1alpha1.ReasonAdmitted, "may rewind AuroraCluster "+x.cluster.Name+", and took its lock")
}

// wellFormed guards against what admission would have refused, had it been asked.
func (x *run) wellFormed() outcome {
	if _, err := x.object.Spec.BacktrackTo.Parse(); err != nil {
		return halted(v1alpha1.ReasonInvalidSpec, "spec.backtrackTo: "+err.Error())
	}
	if x.object.Spec.StartDeadline != "" {
		if _, err := x.object.Spec.StartDeadline.Parse(); err != nil {
			return halted(v1alpha1.ReasonInvalidSpec, "spec.startDeadline: "+err.Error())
		}
	}
	return done("", "")
}

// stillWanted checks what may be withdrawn until RDS is asked: it is looked at first, and again right before
// the call.
func (x *run) stillWanted(ctx context.Context) outcome {
	spec := x.object.Spec
	switch {
	case !x.object.DeletionTimestamp.IsZero():
		return halted(v1alpha1.ReasonDeleted, "deleted before RDS was asked; the database was not touched")
	case spec.Cancel:
		return halted(v1alpha1.ReasonCancelled, "cancelled before RDS was asked; the database was not touched")
	case spec.StartDeadline != "" && x.now().After(spec.StartDeadline.Time()):
		return halted(v1alpha1.ReasonExpired, fmt.Sprintf("spec.startDeadline %s has passed; the database was not touched: create a new AuroraBacktrack if it is still wanted", spec.StartDeadline))
	}
	cluster, err := x.auroraCluster(ctx)
	if err != nil {
		return failed(err)
	}
	if cluster == nil && x.started() {
		return halted(v1alpha1.ReasonClusterNotFound, fmt.Sprintf("AuroraCluster %s was deleted before RDS was asked; the database was not touched", spec.ClusterRef.Name))
	}
	if cluster == nil || (!cluster.DeletionTimestamp.IsZero() && !x.started()) {
		return waiting(slow, v1alpha1.ReasonClusterNotFound, fmt.Sprintf("spec.clusterRef.name: there is no AuroraCluster %q; create it, or create a new AuroraBacktrack with the right name (kubectl get auroraclusters)", spec.ClusterRef.Name))
	}
	allowed, err := x.Workloads.NamespaceAllowed(ctx, cluster, x.object.Namespace)
	if err != nil {
		return failed(err)
	}
	if !allowed {
		return halted(v1alpha1.ReasonNamespaceNotAllowed, fmt.Sprintf("AuroraCluster %s does not allow namespace %s to rewind it: whoever runs the platform can add it to spec.allowedNamespaces", cluster.Name, x.object.Namespace))
	}
	return done("", "")
}

// mayStartNow checks what only delays the start.
func (x *run) mayStartNow(ctx context.Context) outcome {
	if out := x.approved(ctx); out.kind != goOn {
		return out
	}
	if out := x.insideWindow(); out.kind != goOn {
		return out
	}
	return x.clusterReady()
}

// clusterReady waits until the AuroraCluster is Ready. Where it never will be, because the Aurora cluster
// can't backtrack, the preflight says so and ends the run.
func (x *run) clusterReady() outcome {
	ready := meta.FindStatusCondition(x.cluster.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil || ready.ObservedGeneration != x.cluster.Generation:
		return waiting(slow, v1alpha1.ReasonClusterNotReady, fmt.Sprintf("AuroraCluster %s has not been looked at yet", x.cluster.Name))
	case ready.Status == metav1.ConditionTrue,
		ready.Reason == v1alpha1.ReasonEngineNotSupported,
		ready.Reason == v1alpha1.ReasonBacktrackNotEnabled:
		return done("", "")
	}
	return waiting(slow, v1alpha1.ReasonClusterNotReady, fmt.Sprintf("AuroraCluster %s is not Ready (%s): %s", x.cluster.Name, ready.Reason, ready.Message))
}

// suspended checks everything, shows the plan, touches nothing and waits.
func (x *run) suspended(ctx context.Context) outcome {
	message := "suspended by spec.suspend"
	if c := meta.FindStatusCondition(x.object.Status.Conditions, v1alpha1.ConditionAdmitted); c == nil || c.Reason != v1alpha1.ReasonSuspended {
		// RDS is asked in the next look, which has its turn when nothing is under way: a crowd of plans holds nobody up.
		return waiting(time.Millisecond, v1alpha1.ReasonSuspended, message+"; its plan is being made")
	}
	found, after := x.clusterReady(), replan
	if found.kind == goOn {
		found = x.examine(ctx)
	}
	switch found.kind {
	case goOn:
		message += "; the preflight would pass: " + x.object.Status.Plan.Summary
	case wait:
		after = slow
		fallthrough
	case halt:
		message += fmt.Sprintf("; the preflight would not pass now (%s): %s", found.reason, found.message)
	case fault:
		return found
	}
	x.set(v1alpha1.ConditionPreflightPassed, metav1.ConditionUnknown, v1alpha1.ReasonSuspended, message)
	return waiting(after, v1alpha1.ReasonSuspended, message)
}

// rdsTrouble turns an error of RDS into a wait that names it.
func (x *run) rdsTrouble(err error) outcome {
	message, _ := rds.Explain(err)
	return waiting(x.backOff(), rds.ReasonOf(err), "RDS: "+message)
}

// backOff grows with the time that the object has been trying: an eighth of it, between the polling interval
// and a minute. It needs no counter and survives a restart of the operator.
func (x *run) backOff() time.Duration {
	began := x.since(v1alpha1.ConditionAdmitted)
	if began.IsZero() {
		began = x.object.CreationTimestamp.Time
	}
	return min(max(x.now().Sub(began)/8, x.Settings.Poll), time.Minute)
}
