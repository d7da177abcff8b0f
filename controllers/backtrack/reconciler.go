// Package backtrack reconciles AuroraBacktracks: it walks each through the list of steps in lifecycle.go.
package backtrack

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// Settings are the lengths of time that the lifecycle goes by.
type Settings struct {
	// Poll is how often RDS is asked while a rewind is under way.
	Poll time.Duration
	// Settle is how long RDS's history must stay empty, and the cluster idle, before a claim whose answer
	// was lost may be made again. AURORA.md: assume that a record is listed within two minutes.
	Settle time.Duration
	// Tolerance is how far the time that Aurora reached may lie from the time asked for. Aurora takes the
	// nearest consistent time.
	Tolerance time.Duration
}

// DefaultSettings are the operator's defaults.
func DefaultSettings() Settings {
	return Settings{Poll: 3 * time.Second, Settle: 2 * time.Minute, Tolerance: time.Minute}
}

// Reconciler walks AuroraBacktracks through their lifecycle.
type Reconciler struct {
	Client    client.Client // reads from the cache, writes to the API server
	Live      client.Reader // reads from the API server
	RDS       *rds.Provider
	Workloads *workload.Workloads
	Clock     clock.PassiveClock
	Events    *event.Announcer
	Settings  Settings
}

// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=aurorabacktracks,verbs=get;list;watch;patch;delete
// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=aurorabacktracks/status,verbs=patch
// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=auroraclusters,verbs=get;list;watch
// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=auroraclusters/status,verbs=patch

// Reconcile looks at one object and takes it as far as it goes now.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	object := &v1alpha1.AuroraBacktrack{}
	// Every walk starts from a live read: a step taken on a lagging cache could pause what is already resumed.
	if err := r.Live.Get(ctx, request.NamespacedName, object); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err) //nolint:wrapcheck // says what it was doing itself
	}
	ctx = log.IntoContext(ctx, log.FromContext(ctx).WithValues("cluster", object.Spec.ClusterRef.Name))
	x := r.newRun(object)
	result, err := x.lookAt(ctx)
	result.Priority = x.priority()
	return result, err
}

func (x *run) lookAt(ctx context.Context) (ctrl.Result, error) {
	if x.finished() {
		return x.retire(ctx)
	}
	x.begin()
	return x.conclude(ctx, x.walk(ctx))
}

// priority of the object's next look. A rewind that is under way goes before whatever waits: however many wait, and
// however long RDS's rate makes their looks take. It is said each time, because a look that says nothing keeps the
// priority that it came with, which after a restart of the operator is the lowest.
func (x *run) priority() *int {
	if x.started() && !x.finished() {
		return ptr.To(1)
	}
	return ptr.To(-1)
}

// conclude writes what the walk found, announces it, and says when to look again.
func (x *run) conclude(ctx context.Context, out outcome) (ctrl.Result, error) {
	x.summarize(out)
	if err := x.persist(ctx); err != nil {
		return x.again(ctx, errors.Join(err, x.undoneTooLate(ctx, err)))
	}
	x.announce(ctx)
	if x.finished() {
		x.countEnd()
		return x.retire(ctx)
	}
	switch out.kind {
	case wait:
		return ctrl.Result{RequeueAfter: x.untilDeadline(out.after)}, nil
	case fault:
		return x.again(ctx, out.err)
	case goOn, halt: // a verdict is unwound, and a success written down, in the next walk
	}
	return ctrl.Result{RequeueAfter: time.Millisecond}, nil
}

// untilDeadline shortens a wait that the startDeadline ends.
func (x *run) untilDeadline(after time.Duration) time.Duration {
	deadline := x.object.Spec.StartDeadline
	if deadline == "" || x.called() {
		return after
	}
	if left := deadline.Time().Sub(x.now()); left >= 0 && left < after {
		return left + time.Millisecond
	}
	return after
}

// undoneTooLate is for a process that stood still while another one led: it may have paused for an object that by
// then had come to its end, or was gone. Nobody else would look for that any more.
func (x *run) undoneTooLate(ctx context.Context, err error) error {
	if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		return nil
	}
	now := &v1alpha1.AuroraBacktrack{}
	err = x.Live.Get(ctx, client.ObjectKeyFromObject(x.object), now)
	if client.IgnoreNotFound(err) != nil {
		return err //nolint:wrapcheck // says what it was doing itself
	}
	if err == nil && now.UID == x.object.UID && now.Status.CompletedAt == "" {
		return nil
	}
	if _, err := x.Workloads.Resume(ctx, x.object.UID, x.object.Status.Dependents); err != nil {
		return fmt.Errorf("resuming what was paused too late: %w", err)
	}
	return nil
}

// again retries after an error. A conflict is no fault: somebody wrote in between, and the next walk sees it.
func (x *run) again(ctx context.Context, err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) || errors.Is(err, errLost) || errors.Is(err, errStale) {
		log.FromContext(ctx).V(1).Info("the object or its cluster changed meanwhile; looking again", "detail", err.Error())
		return ctrl.Result{RequeueAfter: 10 * time.Millisecond}, nil
	}
	if apierrors.IsNotFound(err) { // the object went while it was looked at
		return ctrl.Result{RequeueAfter: 10 * time.Millisecond}, nil
	}
	return ctrl.Result{}, fmt.Errorf("rewinding %s: %w", x.object.Spec.ClusterRef.Name, err)
}

var (
	// errLost says that the lock went to another object, or the AuroraCluster went.
	errLost = errors.New("the lock is not ours any more")
	// errStale says that somebody wrote the object since it was read.
	errStale = errors.New("the object changed meanwhile")
)
