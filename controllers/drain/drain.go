// Package drain brings the operator to rest before it is uninstalled: no rewind is under way, nothing is paused, and no
// manager starts another one.
package drain

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

const (
	// interval is how often the objects are listed.
	interval = time.Second
	// deposedWithin is how long a manager that has lost its Lease may go on: controller-runtime's renew deadline of 10 s,
	// and the termination of the process.
	deposedWithin = 15 * time.Second
	// held is for how long the Lease is taken: long enough to delete the managers afterwards. If nobody does, one of them
	// leads again.
	held = time.Minute
)

// Drainer drains an operator. Its client must not read from a cache.
type Drainer struct {
	Client client.Client
	Clock  clock.WithTicker
	// Namespaces are the ones that the operator watches; none are all.
	Namespaces []string
	// Lease is the operator's leader election.
	Lease types.NamespacedName
	// Identity is what holds the Lease once the operator is at rest.
	Identity string
	// Out is told what is waited for, whenever that changes.
	Out io.Writer

	taken time.Time // when it took the Lease; zero while it does not hold it
	said  string
}

// Run cancels what has not asked RDS yet, and waits until all rewinds have come to their end and have brought back what
// they paused. Then it takes the managers' Lease, so that none of them begins another rewind, and looks once more.
// Suspended objects stay as they are: they hold nothing. An error says what was still under way when the context ended.
func (d *Drainer) Run(ctx context.Context) error {
	ticker := d.Clock.NewTicker(interval)
	defer ticker.Stop()
	waitsFor := ""
	for {
		atRest, now := d.step(ctx)
		if atRest {
			return nil
		}
		if ctx.Err() == nil || waitsFor == "" { // otherwise it only says that the time is over
			waitsFor = now
		}
		select {
		case <-ctx.Done():
			return d.gaveUp(ctx, waitsFor)
		case <-ticker.C():
		}
	}
}

// step looks at everything once and does what is next. It returns what it waits for, unless the operator is at rest.
func (d *Drainer) step(ctx context.Context) (atRest bool, waitsFor string) {
	busy, err := d.round(ctx)
	switch {
	case err != nil:
		busy = []string{err.Error()}
	case len(busy) > 0 && !d.taken.IsZero():
		// Something began before the managers noticed that they no longer lead. One of them has to end it.
		if err := d.release(ctx); err != nil {
			busy = append(busy, err.Error())
		} else {
			d.taken = time.Time{}
		}
	case len(busy) == 0 && d.taken.IsZero():
		if err := d.take(ctx); err != nil {
			busy = []string{err.Error()}
		} else {
			d.taken = d.Clock.Now()
		}
	case len(busy) == 0 && d.Clock.Since(d.taken) >= deposedWithin:
		d.say("nothing is paused, and no manager leads")
		return true, ""
	}
	if len(busy) == 0 {
		busy = []string{fmt.Sprintf("the managers to notice that they no longer lead, %s", deposedWithin)}
	}
	waitsFor = strings.Join(busy, "; ")
	d.say("waiting for %s", waitsFor)
	return false, waitsFor
}

// gaveUp gives the Lease back, so that what is under way goes on.
func (d *Drainer) gaveUp(ctx context.Context, waitsFor string) error {
	if !d.taken.IsZero() {
		again, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = d.release(again) // it runs out by itself
	}
	return fmt.Errorf("still waiting for %s: %w", waitsFor, ctx.Err())
}

// round looks at all objects, cancels those that have not finished, and returns what is not at rest.
func (d *Drainer) round(ctx context.Context) ([]string, error) {
	objects, err := d.backtracks(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing AuroraBacktracks: %w", err)
	}
	var busy []string
	for i := range objects {
		object := &objects[i]
		if !underWay(object) {
			continue
		}
		line := fmt.Sprintf("AuroraBacktrack %s/%s (%s)", object.Namespace, object.Name, reason(object))
		if cancellable(object) {
			patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"cancel":true}}`))
			if err := d.Client.Patch(ctx, object, patch); client.IgnoreNotFound(err) != nil {
				line += fmt.Sprintf(", which can't be cancelled: %v", err)
			}
		}
		busy = append(busy, line)
	}
	var clusters v1alpha1.AuroraClusterList
	if err := d.Client.List(ctx, &clusters); err != nil {
		return nil, fmt.Errorf("listing AuroraClusters: %w", err)
	}
	for i := range clusters.Items {
		// Also a holder that is gone: what it paused is brought back before the lock is free.
		if holder := clusters.Items[i].Status.ActiveBacktrack; holder != nil {
			busy = append(busy, fmt.Sprintf("AuroraCluster %s (locked by %s/%s)", clusters.Items[i].Name, holder.Namespace, holder.Name))
		}
	}
	return busy, nil
}

func (d *Drainer) backtracks(ctx context.Context) ([]v1alpha1.AuroraBacktrack, error) {
	namespaces := d.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{""}
	}
	var all []v1alpha1.AuroraBacktrack
	for _, namespace := range namespaces {
		var list v1alpha1.AuroraBacktrackList
		if err := d.Client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
			return nil, err //nolint:wrapcheck // the caller says what was listed
		}
		all = append(all, list.Items...)
	}
	return all, nil
}

// underWay reports whether the operator has something left to do for the object. The finalizer is there from before the
// lock is taken until nothing that the object paused is left.
func underWay(object *v1alpha1.AuroraBacktrack) bool {
	return slices.Contains(object.Finalizers, v1alpha1.Finalizer) || !finished(object) && !object.Spec.Suspend
}

func cancellable(object *v1alpha1.AuroraBacktrack) bool {
	return !finished(object) && !object.Spec.Cancel && object.DeletionTimestamp.IsZero()
}

func finished(object *v1alpha1.AuroraBacktrack) bool { return object.Status.CompletedAt != "" }

// reason is where the object stands.
func reason(object *v1alpha1.AuroraBacktrack) string {
	for _, condition := range object.Status.Conditions {
		if condition.Type == v1alpha1.ConditionSucceeded {
			return condition.Reason
		}
	}
	return "not begun"
}

func (d *Drainer) say(format string, arguments ...any) {
	if text := fmt.Sprintf(format, arguments...); text != d.said {
		d.said = text
		fmt.Fprintln(d.Out, text)
	}
}
