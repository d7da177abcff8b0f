// Package backtrack reconciles AuroraBacktracks: facts → recover → guards → one step → write. lifecycle.go is the list of
// steps, and decide.go says in which order the layers speak.
package backtrack

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/event"
	"github.com/aurora-backtrack/operator/controllers/metrics"
	"github.com/aurora-backtrack/operator/controllers/rds"
	"github.com/aurora-backtrack/operator/controllers/verification"
	"github.com/aurora-backtrack/operator/controllers/workload"
)

// Settings are the lengths of time that the lifecycle goes by.
type Settings = steps.Settings

// DefaultSettings are the operator's defaults.
func DefaultSettings() Settings { return steps.DefaultSettings() }

// Reconciler takes AuroraBacktracks through their lifecycle.
type Reconciler struct {
	Client    client.Client // reads from the cache, writes to the API server
	Live      client.Reader // reads from the API server
	RDS       *rds.Provider
	Workloads *workload.Workloads
	// Verification checks the data where spec.verify asks for it.
	Verification *verification.Runner
	Clock        clock.PassiveClock
	Events       *event.Announcer
	Settings     Settings

	hidden  hiddenNames
	rewinds rewinds
}

// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=aurorabacktracks,verbs=get;list;watch;patch;delete
// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=aurorabacktracks/status,verbs=patch
// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=auroraclusters,verbs=get;list;watch
// +kubebuilder:rbac:groups=aurora-backtrack.io,resources=auroraclusters/status,verbs=patch

// Reconcile takes one object as far as it goes now.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	object := &v1alpha1.AuroraBacktrack{}
	// Every reconciliation starts from a live read: a step taken on a lagging cache could pause what is already resumed.
	if err := r.Live.Get(ctx, request.NamespacedName, object); err != nil {
		if apierrors.IsNotFound(err) {
			r.Events.ForgetName(request.NamespacedName)
			r.hidden.forget(request.NamespacedName)
			r.endPolling(request.NamespacedName, true)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err) //nolint:wrapcheck // says what it was doing itself
	}
	ctx = log.IntoContext(ctx, log.FromContext(ctx).WithValues("cluster", object.Spec.ClusterRef.Name))
	f := &steps.Facts{Now: r.Clock.Now(), CallTimeout: r.RDS.CallTimeout(), Settings: r.Settings, Object: object, LastHistory: r.rewinds.lastHistory(object)}
	s := &store{client: r.Client, live: r.Live, facts: f, saved: object.DeepCopy(), names: &r.hidden}
	result, err := r.reconcile(ctx, s)
	result.Priority = priority(f)
	return result, err
}

func (r *Reconciler) reconcile(ctx context.Context, s *store) (ctrl.Result, error) {
	retirer := &retirer{Reconciler: r, store: s}
	if s.facts.Finished() {
		r.poll(s.facts)
		return retirer.retire(ctx)
	}
	r.reveal(ctx, s)
	begin(s.facts)
	d := r.run(ctx, &performer{Reconciler: r, store: s})
	r.poll(s.facts)
	summarize(s.facts, d)
	if err := r.write(ctx, s); err != nil {
		return retryLater(ctx, s, err)
	}
	r.announce(ctx, s)
	if s.facts.Finished() {
		metrics.CountEnd(s.facts.Object)
		return retirer.retire(ctx)
	}
	switch d.Kind {
	case steps.Wait:
		return ctrl.Result{RequeueAfter: d.After}, nil
	case steps.Fault:
		return retryLater(ctx, s, d.Err)
	default: // a verdict is unwound in the next reconciliation
		return ctrl.Result{RequeueAfter: time.Millisecond}, nil
	}
}

// mostTurns bounds how many decisions one reconciliation makes. A whole rewind takes about thirty.
const mostTurns = 100

// run decides, reads and acts until there is something to wait for, or an end.
func (r *Reconciler) run(ctx context.Context, a *performer) steps.Decision {
	f := a.facts
	for range mostTurns {
		f.Now = r.Clock.Now()
		d := decide(f)
		if d.Kind == steps.Act {
			if err := a.do(ctx, d.Do); err != nil {
				d = steps.Failed(err)
			} else if d.Then == nil {
				continue
			} else {
				d = boundedAfter(f, *d.Then)
			}
		}
		switch d.Kind {
		case steps.Need:
			r.read(ctx, f, d.Fact)
		case steps.Again:
		default:
			steps.Record(f, d)
			if d.Kind != steps.Continue {
				return d
			}
		}
	}
	return steps.Failed(fmt.Errorf("no decision after %d turns", mostTurns))
}

// The priorities of an object's next reconciliation.
const (
	priorityUnderWay = 1
	priorityWaiting  = -1
)

// priority of the object's next reconciliation. A rewind that is under way goes before whatever waits: however many wait, and
// however long RDS's rate makes them take. It is said each time, because a result that says nothing keeps the
// priority that it came with, which after a restart of the operator is the lowest.
func priority(f *steps.Facts) *int {
	if f.Started() && !f.Finished() {
		return ptr.To(priorityUnderWay)
	}
	return ptr.To(priorityWaiting)
}
