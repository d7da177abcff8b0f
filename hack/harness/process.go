package harness

import (
	"cmp"
	"context"
	"runtime/debug"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack"
	"github.com/aurora-backtrack/operator/hack/fakeapi"
)

func init() {
	ctrl.SetLogger(logr.Discard())
	debug.SetGCPercent(1200) // thousands of short lives in little memory: less time for the collector
}

// Process is an operator with its work queue: it looks at an object only when something says so, a watch or
// what its last look asked for. Its cache can lag behind.
type Process struct {
	*Operator
	queue map[Item]time.Time // when each is due
	// lag is what the cache holds while it lags, and missed what the watches will tell once it does not.
	Lag    fakeapi.Snapshot
	missed []objectChange
	// targets are the identifiers of the Aurora clusters that the AuroraClusters stand for, by their names.
	targets map[string]string
	// changed are the names of AuroraClusters whose queues are to be woken.
	changed []string
	// looksAt is the object that the process is looking at.
	looksAt types.UID
}

// Item is one key of the work queue, or the pollers.
type Item struct {
	Poll, Cluster   bool
	Namespace, Name string
}

type objectChange struct{ old, object fakeapi.Object }

// errRetry is how soon an object is looked at again after an error. The real queue begins with milliseconds
// and doubles; here that would be many looks at the same state.
const errRetry = time.Second

// NewProcess starts a process: everything there is is due.
func (env *Env) NewProcess(line *Connection, settings backtrack.Settings) *Process {
	p := &Process{queue: map[Item]time.Time{}, targets: map[string]string{}}
	p.Operator = env.assemble(line, func(live client.Client) client.Client { return &cache{Client: live, of: p} }, settings)
	for _, object := range env.Server.Snapshot() {
		p.notice(objectChange{nil, object})
	}
	env.processes = append(env.processes, p)
	return p
}

// notify hands a change to every living process. It is called under the server's lock.
func (env *Env) notify(old, object fakeapi.Object) {
	for _, p := range env.processes {
		if p.Lag != nil {
			p.missed = append(p.missed, objectChange{old, object})
			continue
		}
		p.notice(objectChange{old, object})
	}
}

// End kills the process for good.
func (p *Process) End() {
	p.Connection.Kill()
	p.Env.processes = slices.DeleteFunc(p.Env.processes, func(other *Process) bool { return other == p })
}

// want makes the item due at the time, or earlier if it is so already.
func (p *Process) want(i Item, at time.Time) {
	if due, there := p.queue[i]; !there || at.Before(due) {
		p.queue[i] = at
	}
}

// Next gives the item that is due first; ties go by kind and name.
func (p *Process) Next() (first Item, due time.Time, any bool) {
	changed := p.changed
	p.changed = nil
	for _, cluster := range changed {
		for _, waiting := range p.waitingFor(cluster) {
			p.want(waiting, p.Clock.Now())
		}
	}
	if at, ok := p.Clusters.RDS.NextPoll(); ok {
		first, due, any = Item{Poll: true}, at, true
	}
	for i, at := range p.queue {
		if !any || at.Before(due) || (at.Equal(due) && i.before(first)) {
			first, due, any = i, at, true
		}
	}
	return first, due, any
}

func (i Item) before(other Item) bool {
	switch {
	case i.Poll != other.Poll:
		return i.Poll
	case i.Cluster != other.Cluster:
		return i.Cluster
	}
	return cmp.Or(cmp.Compare(i.Namespace, other.Namespace), cmp.Compare(i.Name, other.Name)) < 0
}

// Reconcile looks at the item and puts it back into the queue as its look asked for.
func (p *Process) Reconcile(i Item) {
	if i.Poll {
		p.wakeWatched(p.Poll())
		return
	}
	delete(p.queue, i)
	p.looksAt = p.uidOf(i)
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: i.Namespace, Name: i.Name}}
	look := p.Backtracks.Reconcile
	if i.Cluster {
		look = p.Clusters.Reconcile
	}
	result, err := look(context.Background(), request)
	switch {
	case !p.Connection.Alive():
	case err != nil:
		p.want(i, p.Clock.Now().Add(errRetry))
	case result.RequeueAfter > 0:
		p.want(i, p.Clock.Now().Add(result.RequeueAfter))
	}
}

// wakeWatched makes due what the pollers have something to say of.
func (p *Process) wakeWatched(names []string) {
	for _, name := range names {
		p.want(Item{Cluster: true, Name: name}, p.Clock.Now())
		if request, ok := p.Backtracks.Polled(name); ok {
			p.want(Item{Namespace: request.Namespace, Name: request.Name}, p.Clock.Now())
		}
	}
}

// uidOf gives the UID that the item's name stands for now.
func (p *Process) uidOf(i Item) types.UID {
	b := &v1alpha1.AuroraBacktrack{}
	if i.Cluster || p.Env.API.Get(context.Background(), types.NamespacedName{Namespace: i.Namespace, Name: i.Name}, b) != nil {
		return ""
	}
	return b.UID
}

// Work does what is due, and gives the time at which more will be. It is bounded: an item that asks to be
// looked at again at once has to let time pass.
func (p *Process) Work() time.Time {
	for range 100 {
		i, due, any := p.Next()
		if !p.Connection.Alive() {
			return p.Clock.Now()
		}
		if !any {
			return p.Clock.Now().Add(time.Minute)
		}
		if due.After(p.Clock.Now()) {
			return due
		}
		p.Reconcile(i)
	}
	return p.Clock.Now().Add(time.Millisecond)
}
