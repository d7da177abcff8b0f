package backtrack

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
	"github.com/aurora-backtrack/operator/controllers/claim"
	"github.com/aurora-backtrack/operator/controllers/fact"
	"github.com/aurora-backtrack/operator/controllers/lock"
	"github.com/aurora-backtrack/operator/controllers/rds"
)

// pureProcess is one operator that reconciles one object at a time, a decision or a write at a turn.
type pureProcess struct {
	m     *pureModel
	f     *steps.Facts
	saved *v1alpha1.AuroraBacktrack
	todo  []func() error // what is left of the action under way, a write each
	then  *steps.Decision

	polled  rds.Observation
	history map[types.UID]time.Time // when it was read last for each object
}

func (p *pureProcess) die() {
	if p.f != nil {
		if p.history == nil {
			p.history = map[types.UID]time.Time{}
		}
		p.history[p.f.Object.UID] = p.f.LastHistory
	}
	p.f, p.todo, p.then = nil, nil, nil
}

// reconcile takes one object as far as it goes now.
func (p *pureProcess) reconcile(name string) {
	p.begin(name)
	for p.f != nil {
		p.turn()
	}
}

func (p *pureProcess) begin(name string) {
	b := p.m.objects[name]
	if b == nil {
		return
	}
	p.f = &steps.Facts{CallTimeout: callTime, Settings: DefaultSettings(), Object: b.DeepCopy(), Now: p.m.now, LastHistory: p.history[b.UID]}
	p.saved = b.DeepCopy()
	if !p.f.Finished() {
		begin(p.f)
	}
}

// turn makes one decision, or one write of the action under way. The process may die at any of them.
func (p *pureProcess) turn() {
	m := p.m
	if m.deadly && m.rand.IntN(150) == 0 {
		m.note("a process dies")
		p.die()
		return
	}
	if p.f == nil {
		names := []string{"a", "b", "c"}
		p.begin(names[m.rand.IntN(3)])
		return
	}
	f := p.f
	if f.Finished() {
		p.retire()
		return
	}
	if len(p.todo) > 0 {
		next := p.todo[0]
		p.todo = p.todo[1:]
		if err := next(); err != nil {
			p.end(steps.Failed(err))
			return
		}
		if len(p.todo) == 0 && p.then != nil {
			d := boundedAfter(f, *p.then)
			p.then = nil
			p.conclude(d)
		}
		return
	}
	m.decisions++
	f.Now = m.now
	d := decide(f)
	if d.Kind == steps.Act {
		p.then = d.Then
		p.todo = p.actions(d.Do)
		return
	}
	p.conclude(d)
}

func (p *pureProcess) conclude(d steps.Decision) {
	switch d.Kind {
	case steps.Need:
		p.read(d.Fact)
	case steps.Again:
	default:
		steps.Record(p.f, d)
		if d.Kind != steps.Continue {
			p.end(d)
		}
	}
}

// end writes the status.
func (p *pureProcess) end(d steps.Decision) {
	if d.Kind == steps.Wait && d.After <= 0 {
		p.m.fail("a wait of %s: %+v", d.After, d)
	}
	if d.Kind == steps.Wait {
		p.m.waited[d.Condition+"/"+d.Reason] = true
	}
	summarize(p.f, d)
	p.m.note("%s %s: %v %s %s %v", p.f.Object.Name, p.f.Object.UID, d.Kind, d.Condition, d.Reason, d.Err)
	if err := p.persist(); err != nil {
		if stored := p.m.objects[p.f.Object.Name]; stored == nil || stored.UID != p.f.Object.UID || stored.Status.StartedAt == "" || stored.Status.CompletedAt != "" {
			p.m.resume(p.f.Object.UID)
		}
	}
	p.die()
}

func (p *pureProcess) persist() error {
	if equality.Semantic.DeepEqual(p.f.Object.Status, p.saved.Status) {
		return nil
	}
	written := p.saved.DeepCopy()
	written.Status = *p.f.Object.Status.DeepCopy()
	if err := p.m.writeObject(written); err != nil {
		return err
	}
	p.saved, p.f.Object = written, written.DeepCopy()
	return nil
}

// retire resumes what still carries the object's mark, and lets it go.
func (p *pureProcess) retire() {
	m, b := p.m, p.f.Object
	m.resume(b.UID)
	if stored := m.objects[b.Name]; stored != nil && stored.UID == b.UID && controllerutil.ContainsFinalizer(stored, v1alpha1.Finalizer) {
		if stored.DeletionTimestamp != nil {
			delete(m.objects, b.Name)
		} else {
			m.edit(b.Name, func(b *v1alpha1.AuroraBacktrack) { controllerutil.RemoveFinalizer(b, v1alpha1.Finalizer) })
		}
	} else if stored != nil && stored.UID == b.UID && stored.DeletionTimestamp != nil {
		delete(m.objects, b.Name)
	}
	p.die()
}

func (p *pureProcess) read(name steps.Name) {
	m, f := p.m, p.f
	switch name {
	case steps.Cluster:
		f.Cluster = fact.Known(m.cluster.DeepCopy())
	case steps.NamespaceAllowed:
		f.NamespaceAllowed = fact.Known(true)
	case steps.Lock:
		f.Lock = fact.Known(p.view())
	case steps.Observed:
		f.Observed = fact.Of(m.describe())
	case steps.Polled:
		f.Polled = p.poll()
	case steps.History:
		f.HistoryAt = m.now
		f.History = fact.Of(m.history())
		if f.History.Err() == nil {
			f.LastHistory = m.now
		}
	case steps.Dependents:
		f.Dependents = fact.Known(steps.Found{Dependents: []v1alpha1.DependentStatus{
			{Kind: "Deployment", Namespace: "game", Name: "worker", Strategy: v1alpha1.StrategyPause, State: v1alpha1.DependentPending},
		}})
	case steps.Verifiable:
		f.Verifiable = fact.Known(steps.Obstacle{Message: map[bool]string{true: "no right"}[m.rand.IntN(20) == 0], Passing: m.rand.IntN(2) == 0})
	case steps.Check:
		f.Check = fact.Of(m.look(f.Object))
	case steps.LeftPaused:
		var left []v1alpha1.DependentStatus
		if m.pausedBy == f.Object.UID {
			left = append(left, v1alpha1.DependentStatus{Name: "worker"})
		}
		f.LeftPaused = fact.Known(left)
	case steps.SafetyCopy:
		f.SafetyCopy = m.describeCopy(steps.PlannedCopy(f).Identifier)
	case steps.Approval:
		f.Approval = fact.Known("")
	case steps.Undo, steps.Undoes:
		m.t.Fatal("no object of the model asks for an undo, or is one")
	}
}

// poll gives what the poller knows, which it may have asked for a while ago.
func (p *pureProcess) poll() fact.Fact[rds.Observation] {
	if m := p.m; p.polled.At.IsZero() || m.rand.IntN(2) == 0 {
		cluster, err := m.describe()
		if err != nil {
			return fact.Unknown[rds.Observation](err)
		}
		p.polled = rds.Observation{Cluster: cluster, At: m.now, Backtracking: p.polled.Backtracking}
		if cluster.Backtracking() {
			p.polled.Backtracking = m.now
		}
	}
	return fact.Known(p.polled)
}

func (p *pureProcess) view() lock.View {
	m, c, b := p.m, p.f.Cluster.Value(), p.f.Object
	gone := false
	if holder := c.Status.ActiveBacktrack; holder != nil {
		other := m.objects[holder.Name]
		gone = other == nil || other.UID != holder.UID || other.Status.CompletedAt != ""
	}
	var all []v1alpha1.AuroraBacktrack
	for _, o := range m.objects {
		all = append(all, *o)
	}
	return lock.View{Position: lock.Position(c, b, all, m.now), HolderGone: gone}
}

// changeCluster changes the AuroraCluster as the process knows it.
func (p *pureProcess) changeCluster(anyway bool, change func(*v1alpha1.AuroraCluster) bool) error {
	c := p.f.Cluster.Value()
	if c == nil || anyway {
		c = p.m.cluster
	}
	c = c.DeepCopy()
	if !change(c) {
		return nil
	}
	if err := p.m.writeCluster(c); err != nil {
		p.f.Cluster = fact.Fact[*v1alpha1.AuroraCluster]{}
		return err
	}
	p.f.Cluster = fact.Known(c)
	return nil
}

// ask is RDS receiving the call, and its answer getting lost, or not.
func (p *pureProcess) ask(wish string) {
	m, f := p.m, p.f
	if m.now.Sub(f.Object.Status.Claim.ClaimedAt.Time()) >= callTime {
		f.Called = fact.Unknown[bool](steps.ErrClaimTooSlow)
		return
	}
	passing := &rds.Error{Operation: "BacktrackDBCluster", Reason: v1alpha1.ReasonClusterNotAvailable, Code: "InvalidDBClusterStateFault", Message: "busy", Refused: true, Passing: true}
	if m.refusing || m.underWay() != nil {
		f.Called = fact.Unknown[bool](passing)
		return
	}
	if m.lossy && m.rand.IntN(2) == 0 {
		f.Called = fact.Unknown[bool](errSilent) // lost on its way
		return
	}
	p.checkCopied()
	record := m.rewind(f.Object.Spec.BacktrackTo.Time(), wish)
	if m.lossy {
		f.Called = fact.Unknown[bool](errSilent) // the answer is lost
		return
	}
	f.Called = fact.Known(true)
	f.Object.Status.Backtrack = &record
}

func wishOf(b *v1alpha1.AuroraBacktrack) string { return fmt.Sprint(b.Name, " ", claim.Hash(b.Spec)) }
