package rds

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	local "github.com/aurora-backtrack/operator/hack/aurora"
)

// night is a Provider whose pollers run, in a bubble of its own time, and who was woken.
type night struct {
	*world
	*Provider

	mu    sync.Mutex
	woken map[string]int
}

// newNight watches the clusters, which are there.
func newNight(w *world, change ...func(*Options)) *night {
	bounded := func(o *Options) { o.RequestsPerSecond, o.Burst = 8, 40 }
	n := &night{world: w, Provider: w.provider(append([]func(*Options){bounded}, change...)...), woken: map[string]int{}}
	n.Subscribe(func(name string) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.woken[name]++
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Start(ctx) }()
	w.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.Error(err)
		}
	})
	return n
}

func (n *night) watch(identifiers ...string) {
	for _, identifier := range identifiers {
		n.Watch(named(identifier), 0)
	}
}

func named(identifier string) Target {
	return Target{Identifier: identifier, Session: "of-" + identifier}
}

// pass lets the time pass, and gives how many were woken in it.
func (n *night) pass(d time.Duration) int {
	n.mu.Lock()
	n.woken = map[string]int{}
	n.mu.Unlock()
	n.rds.ClearCalls()
	time.Sleep(d)
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.woken)
}

func (n *night) latest(identifier string) Observation {
	n.Helper()
	seen, ok := n.Latest(named(identifier))
	if !ok {
		n.Errorf("nothing is known of %s", identifier)
	}
	return seen
}

func bubble(t *testing.T, do func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { do(memoryWorld(t, local.Options{})) })
}

// memoryWorld is a world without a socket.
func memoryWorld(t testing.TB, options local.Options) *world {
	t.Helper()
	w := newWorld(t, options)
	w.socket.Close()
	w.config.BaseEndpoint, w.config.HTTPClient = aws.String("http://rds.local"), w.rds.Client()
	return w
}

func (w *world) edit(identifier string, change func(*local.Cluster)) {
	w.Helper()
	if err := w.rds.EditCluster(identifier, change); err != nil {
		w.Fatal(err)
	}
}
