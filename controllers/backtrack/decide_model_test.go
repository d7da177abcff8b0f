package backtrack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// TestDecideModel lets anything happen in any order around the pure decision, for at least a million decisions: two
// processes that die between any two writes, answers of RDS that are lost or late, objects that are changed, wiped, replaced
// and deleted. After each the invariants hold; then the faults stop, and everything comes to its end. A failure prints
// its seed. It stands beside TestModel, which drives the reconcilers against an API server, a thousand times slower.
func TestDecideModel(t *testing.T) {
	const (
		shards    = 4
		decisions = 1_000_000
	)
	for shard := range uint64(shards) {
		t.Run(fmt.Sprintf("shard %d", shard+1), func(t *testing.T) {
			t.Parallel()
			wanted := decisions / shards
			if testing.Short() {
				wanted /= 20
			}
			total, ends := 0, map[string]int{}
			for run := uint64(0); total < wanted; run++ {
				m := newPureModel(t, shard, run)
				m.live(300)
				m.drain()
				total += m.decisions
				for reason, n := range m.ends {
					ends[reason] += n
				}
				for wait := range m.waited {
					_, reason, _ := strings.Cut(wait, "/")
					if _, row := waits[wait]; !row && waits["any/"+reason].given == nil {
						t.Fatalf("%s is waited for and has no row in docs/states.md", wait)
					}
				}
			}
			t.Logf("%d decisions; ends: %v", total, ends)
			for _, reason := range []string{v1alpha1.ReasonSucceeded, v1alpha1.ReasonAlreadyApplied, v1alpha1.ReasonCancelled, v1alpha1.ReasonOutcomeUnknown, v1alpha1.ReasonExpired, v1alpha1.ReasonVerificationFailed, v1alpha1.ReasonVerificationInconclusive, v1alpha1.ReasonCopyTimedOut, v1alpha1.ReasonCopyFailed} {
				if !testing.Short() && ends[reason] == 0 {
					t.Errorf("the model never came to the end %s, so it proves nothing about it", reason)
				}
			}
		})
	}
}

// live lets processes, people and RDS act in turn.
func (m *pureModel) live(steps int) {
	for range steps {
		switch m.rand.IntN(10) {
		case 0:
			m.people()
		case 1:
			m.now = m.now.Add([]time.Duration{time.Second, 5 * time.Second, 40 * time.Second, 4 * time.Minute, 20 * time.Minute}[min(m.rand.IntN(12)/2, 4)])
		default:
			p := m.processes[m.rand.IntN(len(m.processes))]
			for range m.rand.IntN(12) {
				p.turn()
			}
		}
		m.check()
	}
}

// people change, create and take away objects, and rewind in the console.
func (m *pureModel) people() {
	name := []string{"a", "b", "c"}[m.rand.IntN(3)]
	b := m.objects[name]
	if b == nil {
		m.create(name)
		return
	}
	if b.Status.CompletedAt != "" { // the watch after the end has run before anybody takes it away
		m.resume(b.UID)
	}
	switch m.rand.IntN(10) {
	case 0:
		m.edit(name, func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true })
	case 1:
		m.edit(name, func(b *v1alpha1.AuroraBacktrack) { b.Spec.Suspend = !b.Spec.Suspend })
	case 2: // a restore without status
		m.edit(name, func(b *v1alpha1.AuroraBacktrack) { b.Status = v1alpha1.AuroraBacktrackStatus{ObservedGeneration: -1} })
	case 3:
		m.remove(name)
	case 4: // taken away by force, and put back as GitOps does
		spec := b.Spec
		delete(m.objects, name)
		m.create(name)
		m.objects[name].Spec = spec
	case 5:
		m.lossy = m.rand.IntN(3) == 0
	case 6:
		m.silent = m.rand.IntN(4) == 0
	case 7:
		m.refusing = m.rand.IntN(3) == 0
	case 8:
		if m.underWay() == nil {
			m.rewind(m.now.Add(-50*time.Minute), "console")
		}
	case 9: // somebody deletes its Job
		delete(m.checks, b.UID)
	}
}

// drain stops the faults and lets everything come to its end.
func (m *pureModel) drain() {
	m.lossy, m.silent, m.refusing, m.deadly = false, false, false, false
	for _, p := range m.processes {
		p.die()
	}
	for range 20_000 {
		open := false
		for _, name := range slices.Sorted(maps.Keys(m.objects)) {
			b := m.objects[name]
			if b.Spec.Suspend && b.Status.StartedAt == "" && !b.Spec.Cancel {
				m.edit(name, func(b *v1alpha1.AuroraBacktrack) { b.Spec.Cancel = true })
			}
			if b.Status.CompletedAt == "" || b.DeletionTimestamp != nil {
				open = true
				m.processes[0].reconcile(name)
				m.check()
			}
		}
		m.clearVanished()
		if !open && m.cluster.Status.ActiveBacktrack == nil {
			for name := range m.objects { // what a deposed process paused late is resumed by the watch after the end
				m.processes[0].reconcile(name)
			}
			if m.pausedBy != "" {
				m.fail("at rest, and the worker is still paused by %s", m.pausedBy)
			}
			return
		}
		m.now = m.now.Add(7 * time.Second)
	}
	m.fail("it never came to rest")
}

// check holds the invariants.
func (m *pureModel) check() {
	for wish, n := range m.accepted {
		if n > 1 && wish != "console" {
			m.fail("RDS accepted %d calls for one wish, %s", n, wish)
		}
	}
	for name, b := range m.objects {
		before := m.seen[b.UID]
		m.seen[b.UID] = slices.Clone(b.Status.Conditions)
		if len(b.Status.Conditions) == 0 {
			continue
		}
		for _, old := range before {
			if !slices.Contains(v1alpha1.StepConditions, old.Type) && old.Type != v1alpha1.ConditionSucceeded {
				continue
			}
			now := meta.FindStatusCondition(b.Status.Conditions, old.Type)
			if old.Status != metav1.ConditionUnknown && (now == nil || now.Status != old.Status) {
				m.fail("%s of %s went from %s to %v", old.Type, name, old.Status, now)
			}
		}
	}
}

func (m *pureModel) fail(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("shard %d, run %d: %s\n%s", m.shard, m.run, fmt.Sprintf(format, args...), strings.Join(m.told[max(0, len(m.told)-400):], "\n"))
}
