package backtrack

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// rewinds are what this process knows of the objects that it follows at RDS. Nothing rests on it but when RDS is asked.
type rewinds struct {
	mu      sync.Mutex
	objects map[types.NamespacedName]*rewind
	polled  map[string]types.NamespacedName // the object whose backtrack is under way, by the AuroraCluster's name
}

// rewind is what is known of one object.
type rewind struct {
	uid      types.UID
	history  time.Time     // when it read its cluster's history last
	expected time.Duration // how long its backtrack may take; 0: not known
	target   *rds.Target   // that the poller asks about at short intervals for it; nil when none
}

// of gives what is known of the object. The caller has the lock.
func (r *rewinds) of(b *v1alpha1.AuroraBacktrack) *rewind {
	if r.objects == nil {
		r.objects, r.polled = map[types.NamespacedName]*rewind{}, map[string]types.NamespacedName{}
	}
	key := client.ObjectKeyFromObject(b)
	if known := r.objects[key]; known != nil && known.uid == b.UID {
		return known
	} else if known != nil { // an earlier object of the name
		known.uid, known.history = b.UID, time.Time{}
		return known
	}
	r.objects[key] = &rewind{uid: b.UID}
	return r.objects[key]
}

// noteHistory notes when the object's reconciliation read the history, and what it says of how long a rewind takes.
func (r *rewinds) noteHistory(b *v1alpha1.AuroraBacktrack, at time.Time, expected time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.of(b)
	known.history, known.expected = at, expected
}

// lastHistory is when the object's reconciliation read the history last; zero when this process has not.
func (r *rewinds) lastHistory(b *v1alpha1.AuroraBacktrack) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.objects[client.ObjectKeyFromObject(b)]; known != nil && known.uid == b.UID {
		return known.history
	}
	return time.Time{}
}

// begin notes that the poller asks about the target for the object, and gives how long its backtrack may take.
func (r *rewinds) begin(b *v1alpha1.AuroraBacktrack, target rds.Target) (expected time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.of(b)
	known.target = &target
	r.polled[target.Session] = client.ObjectKeyFromObject(b)
	return known.expected
}

// end notes that nothing is polled for the object any more, and gives what was, unless another object took its place.
func (r *rewinds) end(name types.NamespacedName, forget bool) (target rds.Target, polled bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.objects[name]
	if known == nil {
		return rds.Target{}, false
	}
	if known.target != nil && r.polled[known.target.Session] == name {
		target, polled = *known.target, true
		delete(r.polled, target.Session)
	}
	known.target = nil
	if forget {
		delete(r.objects, name)
	}
	return target, polled
}

// following gives the object whose backtrack of the AuroraCluster is under way, and its target.
func (r *rewinds) following(cluster string) (name types.NamespacedName, target rds.Target, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name, ok = r.polled[cluster]; !ok || r.objects[name] == nil || r.objects[name].target == nil {
		return name, rds.Target{}, false
	}
	return name, *r.objects[name].target, true
}

// poll has the poller ask at short intervals while the object's backtrack is under way, and no longer.
func (r *Reconciler) poll(f *steps.Facts) {
	cluster, known := f.Cluster.Get()
	switch {
	case !steps.UnderWay(f):
		r.endPolling(client.ObjectKeyFromObject(f.Object), f.Finished())
	case known:
		target := rds.TargetOf(cluster)
		r.RDS.Urgent(target, f.Object.Status.Claim.ClaimedAt.Time(), r.rewinds.begin(f.Object, target))
	}
}

func (r *Reconciler) endPolling(name types.NamespacedName, forget bool) {
	if target, polled := r.rewinds.end(name, forget); polled {
		r.RDS.Rest(target)
	}
}

// Polled gives the object that is to be reconciled when the pollers have news of the AuroraCluster. That its backtrack has
// begun is none.
func (r *Reconciler) Polled(cluster string) (request ctrl.Request, ok bool) {
	name, target, ok := r.rewinds.following(cluster)
	if !ok {
		return ctrl.Request{}, false
	}
	if seen, known := r.RDS.Latest(target); known && seen.Err == nil && seen.Cluster.Backtracking() {
		return ctrl.Request{}, false
	}
	return ctrl.Request{NamespacedName: name}, true
}
