package backtrack

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

func init() {
	ctrl.SetLogger(logr.Discard())
	debug.SetGCPercent(1200) // thousands of short lives in little memory: less time for the collector
}

// process is an operator with its work queue: it looks at an object only when something says so, a watch or
// what its last look asked for. Its cache can lag behind.
type process struct {
	*operator
	queue map[item]time.Time // when each is due
	// lag is what the cache holds while it lags, and missed what the watches will tell once it does not.
	lag    fakeapi.Snapshot
	missed []change
	// changed are AuroraClusters whose queues are to be woken.
	changed []*v1alpha1.AuroraCluster
	// looksAt is the object that the process is looking at.
	looksAt types.UID
}

// item is one key of the work queue.
type item struct {
	cluster         bool
	namespace, name string
}

type change struct{ old, object fakeapi.Object }

// errRetry is how soon an object is looked at again after an error. The real queue begins with milliseconds
// and doubles; here that would be many looks at the same state.
const errRetry = time.Second

// newProcess starts a process: everything there is is due.
func (w *world) newProcess(line *wire, settings Settings) *process {
	p := &process{queue: map[item]time.Time{}}
	p.operator = w.assemble(line, func(live client.Client) client.Client { return &cache{Client: live, of: p} }, settings)
	for _, object := range w.server.Snapshot() {
		p.notice(change{nil, object})
	}
	w.processes = append(w.processes, p)
	return p
}

// told hands a change to every living process. It is called under the server's lock.
func (w *world) told(old, object fakeapi.Object) {
	for _, p := range w.processes {
		if p.lag != nil {
			p.missed = append(p.missed, change{old, object})
			continue
		}
		p.notice(change{old, object})
	}
}

// end kills the process for good.
func (p *process) end() {
	p.wire.kill()
	p.world.processes = slices.DeleteFunc(p.world.processes, func(other *process) bool { return other == p })
}

// freeze lets the cache lag from now on, until thaw.
func (p *process) freeze() {
	if p.lag == nil {
		p.lag = p.server.Snapshot()
	}
}

func (p *process) thaw() {
	missed := p.missed
	p.lag, p.missed = nil, nil
	for _, c := range missed {
		p.notice(c)
	}
}

// notice puts into the queue what the controllers' watches would.
func (p *process) notice(c change) {
	switch kindOf(c) {
	case "AuroraBacktrack":
		old, object := typed[v1alpha1.AuroraBacktrack](p.world, c)
		if wakesObject(old, object) {
			b := cmp.Or(object, old)
			p.want(item{namespace: b.Namespace, name: b.Name}, p.clock.Now())
		}
	case "AuroraCluster":
		old, object := typed[v1alpha1.AuroraCluster](p.world, c)
		cluster := cmp.Or(object, old)
		if wakesCluster(old, object) {
			p.want(item{cluster: true, name: cluster.Name}, p.clock.Now())
		}
		if wakesQueue(old, object) {
			p.changed = append(p.changed, cluster)
		}
	}
}

// wakesObject reports whether the controller of AuroraBacktracks looks at the object after the change: what the
// operator itself writes brings nothing new.
func wakesObject(old, object *v1alpha1.AuroraBacktrack) bool {
	return old == nil || object == nil || old.Generation != object.Generation ||
		object.DeletionTimestamp != nil || len(object.Status.Conditions) == 0
}

// wakesCluster reports whether the controller of AuroraClusters looks at the AuroraCluster after the change.
func wakesCluster(old, object *v1alpha1.AuroraCluster) bool {
	return old == nil || object == nil || old.Generation != object.Generation ||
		(old.Status.ActiveBacktrack == nil) != (object.Status.ActiveBacktrack == nil)
}

// wakesQueue reports whether the change of an AuroraCluster may let an AuroraBacktrack go on that waits for it.
func wakesQueue(old, object *v1alpha1.AuroraCluster) bool {
	return old == nil || object == nil || old.Generation != object.Generation ||
		old.Status.ActiveBacktrack != nil && object.Status.ActiveBacktrack == nil || readyState(old) != readyState(object)
}

func readyState(c *v1alpha1.AuroraCluster) string {
	ready := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil {
		return ""
	}
	return fmt.Sprint(ready.Status, ready.Reason, ready.ObservedGeneration)
}

// mostWoken is how many objects at the head of a queue hear of a change at their AuroraCluster.
const mostWoken = 10

// waitingFor gives the objects that hear of a change at the AuroraCluster, as far as the process's cache knows them.
func (p *process) waitingFor(cluster string) []item {
	var list v1alpha1.AuroraBacktrackList
	if err := p.backtracks.Client.List(context.Background(), &list, client.MatchingFields{"spec.clusterRef.name": cluster}); err != nil {
		p.t.Fatal(err)
	}
	list.Items = slices.DeleteFunc(list.Items, func(b v1alpha1.AuroraBacktrack) bool { return b.Status.CompletedAt != "" })
	slices.SortFunc(list.Items, func(a, b v1alpha1.AuroraBacktrack) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	var items []item
	for _, b := range list.Items[:min(mostWoken, len(list.Items))] {
		items = append(items, item{namespace: b.Namespace, name: b.Name})
	}
	return items
}

func kindOf(c change) any {
	if c.object == nil {
		return c.old["kind"]
	}
	return c.object["kind"]
}

// typed decodes both sides of a change; nil stays nil. What is decoded is kept by the world until the object
// changes, and is not to be written to.
func typed[T any](w *world, c change) (old, object *T) {
	decode := func(from fakeapi.Object) *T {
		if from == nil {
			return nil
		}
		uid, version := from.Identity()
		if known, ok := w.decoded[uid]; ok && known.version == version {
			return known.object.(*T)
		}
		into := new(T)
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from, into); err != nil {
			panic(err)
		}
		return into
	}
	old, object = decode(c.old), decode(c.object)
	if object != nil {
		uid, version := c.object.Identity()
		w.decoded[uid] = decoded{version, object}
	}
	return old, object
}

// decoded is the newest version of an object that somebody looked at.
type decoded struct {
	version string
	object  any
}

// want makes the item due at the time, or earlier if it is so already.
func (p *process) want(i item, at time.Time) {
	if due, there := p.queue[i]; !there || at.Before(due) {
		p.queue[i] = at
	}
}

// next gives the item that is due first; ties go by kind and name.
func (p *process) next() (first item, due time.Time, any bool) {
	changed := p.changed
	p.changed = nil
	for _, cluster := range changed {
		for _, waiting := range p.waitingFor(cluster.Name) {
			p.want(waiting, p.clock.Now())
		}
	}
	for i, at := range p.queue {
		if !any || at.Before(due) || (at.Equal(due) && i.before(first)) {
			first, due, any = i, at, true
		}
	}
	return first, due, any
}

func (i item) before(other item) bool {
	if i.cluster != other.cluster {
		return i.cluster
	}
	return cmp.Or(cmp.Compare(i.namespace, other.namespace), cmp.Compare(i.name, other.name)) < 0
}

// reconcile looks at the item and puts it back into the queue as its look asked for.
func (p *process) reconcile(i item) {
	delete(p.queue, i)
	p.looksAt = p.uidOf(i)
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: i.namespace, Name: i.name}}
	look := p.backtracks.Reconcile
	if i.cluster {
		look = p.clusters.Reconcile
	}
	result, err := look(context.Background(), request)
	switch {
	case !p.wire.alive():
	case err != nil:
		p.want(i, p.clock.Now().Add(errRetry))
	case result.RequeueAfter > 0:
		p.want(i, p.clock.Now().Add(result.RequeueAfter))
	}
}

// uidOf gives the UID that the item's name stands for now.
func (p *process) uidOf(i item) types.UID {
	b := &v1alpha1.AuroraBacktrack{}
	if i.cluster || p.world.api.Get(context.Background(), types.NamespacedName{Namespace: i.namespace, Name: i.name}, b) != nil {
		return ""
	}
	return b.UID
}

// work does what is due, and gives the time at which more will be. It is bounded: an item that asks to be
// looked at again at once has to let time pass.
func (p *process) work() time.Time {
	for range 100 {
		i, due, any := p.next()
		if !p.wire.alive() {
			return p.clock.Now()
		}
		if !any {
			return p.clock.Now().Add(time.Minute)
		}
		if due.After(p.clock.Now()) {
			return due
		}
		p.reconcile(i)
	}
	return p.clock.Now().Add(time.Millisecond)
}

// cache is a client that reads our own kinds from the process's cache.
type cache struct {
	client.Client
	of *process
}

func (c *cache) reader(o runtime.Object) client.Reader {
	gvk, err := c.GroupVersionKindFor(o)
	switch {
	case err != nil || gvk.Group != v1alpha1.GroupVersion.Group:
		return c.Client
	case c.of.lag != nil:
		return c.of.server.ReaderOf(c.of.lag)
	}
	return c.of.world.api // no wire is between a process and its cache
}

func (c *cache) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	return c.reader(o).Get(ctx, key, o, options...)
}

func (c *cache) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return c.reader(list).List(ctx, list, options...)
}
