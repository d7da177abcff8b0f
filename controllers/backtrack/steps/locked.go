package steps

import (
	"fmt"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/lock"
)

// WakeCount is how many objects at the head of the queue hear of a change at their AuroraCluster. The others look for
// themselves now and then, so that a long queue costs little.
const WakeCount = 10

// Locked gets the cluster's lock for the object, or says where in the queue it stands. Each of two AuroraClusters of one
// Aurora cluster is locked before the other's lock is read, so at most one of two objects finds the way free.
func Locked(f *Facts, cluster *v1alpha1.AuroraCluster) Decision {
	if isUndo(f) {
		return lockedFor(f, cluster)
	}
	holds := lock.Holds(cluster, lock.Reference(f.Object))
	if holds && f.Started() && !f.LockTaken {
		return Passed()
	}
	if !f.Lock.Read() {
		return Needed(Lock)
	}
	if err := f.Lock.Err(); err != nil {
		return Failed(err)
	}
	view := f.Lock.Value()
	holder := cluster.Status.ActiveBacktrack
	switch {
	case view.SameTarget != nil && holds && (f.Started() || lock.Outranks(view.SameTarget, cluster)):
		return Doing(ReleaseLock) // the one that stands for the Aurora cluster waits with its lock; the other gives way
	case view.SameTarget != nil:
		return wait(WorkloadPoll, v1alpha1.ReasonQueued, fmt.Sprintf("AuroraCluster %s names the same Aurora cluster and is being rewound", view.SameTarget.Name))
	case holds:
		return Passed()
	case view.HolderGone:
		return Doing(ClearHolder)
	case holder == nil && view.Position <= 1:
		return Doing(TakeLock)
	}
	f.Object.Status.QueuePosition = &view.Position
	message := fmt.Sprintf("number %d in the queue for AuroraCluster %s", view.Position, cluster.Name)
	if holder != nil {
		message += fmt.Sprintf(", which AuroraBacktrack %s/%s holds", holder.Namespace, holder.Name)
	}
	return wait(queuePoll(view.Position), v1alpha1.ReasonQueued, message)
}

// queuePoll is how long an object of the queue waits for its next look by itself. Those at the head are woken; the
// further back one stands, the less there is to see.
func queuePoll(position int32) time.Duration {
	return min(watchedPoll*time.Duration(1+position/WakeCount), 10*time.Minute)
}
