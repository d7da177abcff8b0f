package rds

import (
	"cmp"
	"context"
	"sync"
	"time"
)

const (
	defaultRest = time.Minute
	minRest     = 10 * time.Second
)

// Watcher keeps RDS's latest answer about every watched cluster. It has a poller for each identity and Region, which asks
// about the clusters that are due together, and it wakes its subscribers when something changed that a person or a rule
// looks at. It asks between Start and the end of Start's context; without Start, whenever Poll is called.
type Watcher struct {
	sessions *sessions
	options  Options

	mu          sync.Mutex
	pollers     map[sessionKey]*poller
	watched     map[string]Target // by Target.Session
	subscribers map[int]func(string)
	lastID      int
	ctx         context.Context // Start's; nil while nothing runs
	running     sync.WaitGroup
}

func newWatcher(sessions *sessions, options Options) *Watcher {
	return &Watcher{sessions: sessions, options: options, pollers: map[sessionKey]*poller{}, watched: map[string]Target{}, subscribers: map[int]func(string){}}
}

// Start runs the pollers until the context ends. The manager does it on the leader.
func (w *Watcher) Start(ctx context.Context) error {
	w.mu.Lock()
	w.ctx = ctx
	for _, p := range w.pollers {
		w.run(p)
	}
	w.mu.Unlock()
	<-ctx.Done()
	w.mu.Lock()
	w.ctx = nil
	w.mu.Unlock()
	w.running.Wait()
	return nil
}

// Poll asks about everything that is due now and returns when it is answered. It is for tests with a clock of their own.
func (w *Watcher) Poll(ctx context.Context) {
	w.mu.Lock()
	pollers := make([]*poller, 0, len(w.pollers))
	for _, p := range w.pollers {
		pollers = append(pollers, p)
	}
	w.mu.Unlock()
	for _, p := range pollers {
		p.round(ctx, RankActive)
		p.round(ctx, RankRest)
	}
}

// NextPoll is when Poll has something to ask or to offer next; ok is false while nothing is watched.
func (w *Watcher) NextPoll() (next time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.pollers {
		for _, lane := range lanes {
			if at, found := p.next(lane); found && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
	}
	return next, ok
}

// Subscribe calls wake with the name (Target.Session) of every watched cluster about which something changed that a person
// or a rule looks at: its first answer, its status, identity or settings, the earliest time in steps, that RDS stopped or
// began to answer, and that its history is due. wake must not block; putting the name into a work queue is meant.
func (w *Watcher) Subscribe(wake func(name string)) (unsubscribe func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastID++
	id := w.lastID
	w.subscribers[id] = wake
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.subscribers, id)
	}
}

// Watch has RDS asked about the target at the interval (0: a minute; 10 s at the least) until Unwatch. Doing it again
// changes nothing but the interval. A watch is known by Target.Session, the AuroraCluster's name: one with another target
// takes the place of the earlier one.
func (w *Watcher) Watch(target Target, every time.Duration) {
	every = max(cmp.Or(every, defaultRest), minRest)
	w.mu.Lock()
	defer w.mu.Unlock()
	if old, ok := w.watched[target.Session]; ok && old != target {
		w.remove(old)
	}
	w.watched[target.Session] = target
	p := w.poller(target)
	p.add(target, every)
}

// Unwatch ends the watch of that name, and whatever is kept for it.
func (w *Watcher) Unwatch(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if target, ok := w.watched[name]; ok {
		w.remove(target)
		delete(w.watched, name)
	}
}

// Urgent has RDS asked about a watched target at the interval of PollInterval: a rewind began at that time and is expected to
// take so long (ExpectedDuration; 0: not known). It holds until Rest, or for six hours.
func (w *Watcher) Urgent(target Target, begun time.Time, expected time.Duration) {
	w.with(target, func(p *poller) { p.urgent(target.Session, &rewind{begun, expected}) })
}

// Rest ends Urgent.
func (w *Watcher) Rest(target Target) {
	w.with(target, func(p *poller) { p.urgent(target.Session, nil) })
}

// Latest gives what is known of a watched target; ok is false while there is neither an answer nor an error.
func (w *Watcher) Latest(target Target) (seen Observation, ok bool) {
	w.with(target, func(p *poller) { seen, ok = p.latest(target.Session) })
	return seen, ok
}

// HistoryDue reports whether it is the watched target's turn to have its history read: its status hints at a backtrack, or
// it has not been read for long. Turns at rest come at a rate that does not grow with the number of clusters, 12 a minute
// in an account and Region, and at most one in five minutes for a cluster. History takes the turn.
func (w *Watcher) HistoryDue(target Target) (due bool) {
	w.with(target, func(p *poller) { due = p.historyDue(target.Session) })
	return due
}

// HintHistory makes the target's history due, and wakes the subscribers: somebody saw in it what the ledger does not have.
func (w *Watcher) HintHistory(target Target) {
	hinted := false
	w.with(target, func(p *poller) { hinted = p.hintHistory(target.Session) })
	if hinted {
		w.wake(target.Session)
	}
}

func (w *Watcher) historyRead(target Target, begun time.Time) {
	w.with(target, func(p *poller) { p.historyRead(target.Session, begun) })
}

// with calls do with the poller that watches the target, if one does.
func (w *Watcher) with(target Target, do func(*poller)) {
	w.mu.Lock()
	p := w.pollers[w.shared(target)]
	watched := w.watched[target.Session] == target
	w.mu.Unlock()
	if watched && p != nil {
		do(p)
	}
}

// shared is the key of the session that the targets of one identity and Region share.
func (w *Watcher) shared(target Target) sessionKey {
	key := w.sessions.key(target)
	key.name = ""
	return key
}

func (w *Watcher) wake(name string) {
	w.mu.Lock()
	wakes := make([]func(string), 0, len(w.subscribers))
	for _, wake := range w.subscribers {
		wakes = append(wakes, wake)
	}
	w.mu.Unlock()
	for _, wake := range wakes {
		wake(name)
	}
}

// The following are called with the lock held.

func (w *Watcher) poller(target Target) *poller {
	key := w.shared(target)
	if p, ok := w.pollers[key]; ok {
		return p
	}
	session := w.sessions.get(Target{Region: target.Region, RoleARN: target.RoleARN, ExternalID: target.ExternalID})
	p := newPoller(w.options, session.account, asker{
		together: func(ctx context.Context, identifiers []string) ([]Cluster, error) {
			return describeClusters(ctx, session, identifiers)
		},
		single: func(ctx context.Context, target Target) ([]Cluster, error) {
			return describeClusters(ctx, w.sessions.get(target), []string{target.Identifier})
		},
	}, w.wake)
	w.pollers[key] = p
	if w.ctx != nil {
		w.run(p)
	}
	return p
}

// run starts a poller's lanes.
func (w *Watcher) run(p *poller) {
	ctx, cancel := context.WithCancel(w.ctx)
	p.cancel = cancel
	for _, lane := range lanes {
		w.running.Go(func() { p.run(ctx, lane) })
	}
}

// remove takes a target from its poller, and ends the poller of which it was the last.
func (w *Watcher) remove(target Target) {
	key := w.shared(target)
	p := w.pollers[key]
	if p == nil {
		return
	}
	w.sessions.close(target)
	if p.remove(target.Session) == 0 {
		if p.cancel != nil {
			p.cancel()
		}
		delete(w.pollers, key)
	}
}
