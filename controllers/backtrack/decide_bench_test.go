package backtrack

import (
	"testing"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/controllers/backtrack/steps"
)

// newBenchModel is a model in which nothing fails, with one object that waits for nobody.
func newBenchModel() *pureModel {
	m := newPureModel(nil, 1, 1)
	m.deadly = false
	m.create("a")
	m.objects["a"].Spec.Suspend = false
	return m
}

// BenchmarkDecide is one decision on facts that are all known, while the backtrack is under way: what every look costs.
func BenchmarkDecide(b *testing.B) {
	m := newBenchModel()
	p := m.processes[0]
	for range 100 {
		if m.objects["a"].Status.Backtrack != nil {
			break
		}
		p.reconcile("a")
		m.now = m.now.Add(time.Second)
	}
	p.begin("a")
	p.f.Now = m.now
	d := decide(p.f)
	for d.Kind == steps.Need || d.Kind == steps.Again {
		p.conclude(d)
		d = decide(p.f)
	}
	if d.Kind != steps.Wait || d.Condition != v1alpha1.ConditionBacktracked {
		b.Fatalf("it decided %+v, want to wait for the backtrack", d)
	}
	b.ReportAllocs()
	for b.Loop() {
		decide(p.f)
	}
}

// BenchmarkRewindDecided is all decisions of one rewind with a Deployment that is paused, from its creation to its end.
func BenchmarkRewindDecided(b *testing.B) {
	decisions := 0
	b.ReportAllocs()
	for b.Loop() {
		m := newBenchModel()
		m.drain()
		decisions = m.decisions
		if m.objects["a"].Status.CompletedAt == "" {
			b.Fatal("it did not end")
		}
	}
	b.ReportMetric(float64(decisions), "decisions/op")
}
