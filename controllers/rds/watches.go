package rds

import "time"

// What a Watcher asks of a poller about one of its watches.

func newPoller(options Options, account *account, asker asker, wake func(string)) *poller {
	return &poller{
		asker: asker, account: account, clock: options.Clock, timers: options.Timers, least: options.PollInterval, wake: wake,
		epoch: options.Clock.Now(), watches: map[string]*watch{},
		changed: [2]chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)},
	}
}

// add begins a watch, or gives the one there is another interval.
func (p *poller) add(target Target, every time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	w, ok := p.watches[target.Session]
	switch {
	case !ok:
		p.watches[target.Session] = &watch{target: target, every: every, due: now}
	case w.every == every:
		return
	default:
		w.every = every
		if w.rewind == nil && !w.asked.IsZero() {
			w.due = earlier(w.due, p.after(now, every))
		}
	}
	p.notify(RankRest)
}

// remove ends a watch and gives how many are left.
func (p *poller) remove(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.watches, name)
	return len(p.watches)
}

// urgent moves a watch to the lane of rewinds under way, or back when r is nil.
func (p *poller) urgent(name string, r *rewind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.watches[name]
	if w == nil || w.rewind == nil && r == nil {
		return
	}
	now, before := p.clock.Now(), w.rewind
	w.rewind = r
	switch {
	case r == nil:
		w.due = p.after(now, w.every)
		p.notify(RankRest)
	case before == nil:
		w.due = p.tick(now.Add(p.least / 4))
		p.notify(RankActive)
	}
}

func (p *poller) latest(name string) (Observation, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.watches[name]; w != nil {
		return w.seen, !w.asked.IsZero()
	}
	return Observation{}, false
}

func (p *poller) historyDue(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.watches[name]
	return w != nil && w.history.due
}

// historyRead takes the turn of a watch whose history was read, unless something hinted at a backtrack since that began.
func (p *poller) historyRead(name string, begun time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.watches[name]; w != nil {
		w.history.due, w.history.read = w.history.hinted.After(begun), begun
	}
}

// hintHistory makes the history of a watch due, and reports whether it was not.
func (p *poller) hintHistory(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.watches[name]
	if w == nil || w.history.due {
		return false
	}
	w.history.due, w.history.hinted = true, p.clock.Now()
	return true
}
