package rds

import (
	"runtime"
	"testing"
	"time"

	"k8s.io/utils/clock"

	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// TestIdleCosts has 1,000 watched clusters: what is kept for each is small.
func TestIdleCosts(t *testing.T) {
	w := memoryWorld(t, local.Options{})
	names := numbered(1000)
	w.add(names...)
	p := w.provider()
	for _, name := range names {
		p.Watch(named(name), 0)
	}
	p.Poll(t.Context())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p2 := w.provider()
	for _, name := range names {
		p2.Watch(named(name), 0)
	}
	p2.Poll(t.Context())
	w.rds.ClearCalls()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+(4<<20) {
		t.Errorf("1,000 watched clusters take %d KiB", (after.HeapAlloc-before.HeapAlloc)>>10)
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(p2)
}

// BenchmarkRound asks about 1,000 clusters once: ten calls.
func BenchmarkRound(b *testing.B) {
	w := memoryWorld(b, local.Options{})
	names := numbered(1000)
	w.add(names...)
	now := &stepped{now: time.Now()}
	p := w.provider(func(o *Options) { o.Clock = now })
	for _, name := range names {
		p.Watch(named(name), 0)
	}
	for b.Loop() {
		p.Poll(b.Context())
		now.now = now.now.Add(time.Minute)
	}
}

// BenchmarkApply takes in an answer in which nothing changed.
func BenchmarkApply(b *testing.B) {
	w, at := &watch{}, dawn
	for b.Loop() {
		at = at.Add(time.Second)
		w.apply(at, answer{cluster: someCluster()})
	}
}

type stepped struct {
	clock.RealClock

	now time.Time
}

func (s *stepped) Now() time.Time { return s.now }
