package rds

import (
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// poller asks about the clusters of one identity and Region, those that are due together. It has two lanes, one for the
// clusters at rest and one for those with a rewind under way, so that a long round of the former delays no rewind.
type poller struct {
	asker   asker
	account *account
	clock   clock.PassiveClock
	timers  clock.Clock
	least   time.Duration     // the polling interval of a rewind that is alone
	wake    func(name string) // called without locks
	epoch   time.Time         // what is due together is due at multiples of its interval from here

	mu           sync.Mutex
	watches      map[string]*watch // by Target.Session
	singlesUntil time.Time         // until when clusters are asked for one at a time
	changed      [2]chan struct{}  // by rank: a lane's next due time may have changed
	cancel       context.CancelFunc
}

// lanes are the ranks that a poller asks under.
var lanes = [2]Rank{RankRest, RankActive}

// retryInterval is how soon RDS is asked again about a cluster at rest when it did not answer.
const retryInterval = 10 * time.Second

// gatherTime is how long a cluster that is new waits for others, to be asked about together.
const gatherTime = 200 * time.Millisecond

// run asks about what is due in one lane until the context ends.
func (p *poller) run(ctx context.Context, lane Rank) {
	for ctx.Err() == nil {
		var fires <-chan time.Time
		stop := func() bool { return true }
		if next, found := p.next(lane); found {
			timer := p.timers.NewTimer(max(next.Sub(p.clock.Now()), 0))
			fires, stop = timer.C(), timer.Stop
		}
		select {
		case <-ctx.Done():
		case <-p.changed[lane]:
		case <-fires:
			p.round(ctx, lane)
		}
		stop()
	}
}

// round asks about what is due in one lane now.
func (p *poller) round(ctx context.Context, lane Rank) {
	now := p.clock.Now()
	due, singles := p.take(lane, now)
	ctx = WithRank(ctx, lane)
	for group := range slices.Chunk(due, maxClustersPerCall) {
		denied := p.asker.ask(ctx, group, singles, func(q query, a answer) { p.answered(q, now, a) })
		if denied && !singles {
			singles = true
			p.mu.Lock()
			p.singlesUntil = now.Add(singlesTime)
			p.mu.Unlock()
		}
		if ctx.Err() != nil {
			return
		}
		now = p.clock.Now()
	}
	if lane == RankRest {
		p.offerHistory(now)
	}
}

// next is when something in the lane is due.
func (p *poller) next(lane Rank) (next time.Time, found bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	consider := func(at time.Time) {
		if !found || at.Before(next) {
			next, found = at, true
		}
	}
	for _, w := range p.watches {
		if w.rank() != lane {
			continue
		}
		at := w.due
		if w.asked.IsZero() && lane == RankRest {
			at = at.Add(gatherTime)
		}
		consider(at)
		if lane == RankRest && !w.history.due && !w.seen.At.IsZero() {
			read := w.history.read.Add(historyInterval)
			if turn := p.account.history.at(); turn.After(read) {
				read = turn
			}
			consider(read)
		}
	}
	return next, found
}

// take gives what is due in the lane and when each is due next.
func (p *poller) take(lane Rank, now time.Time) (due []query, singles bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	singles = now.Before(p.singlesUntil)
	load := p.load(singles)
	for name, w := range p.watches {
		if w.rank() != lane || w.due.After(now) {
			continue
		}
		if w.rewind != nil && now.Sub(w.rewind.begun) >= maxBacktrack {
			w.rewind, w.due = nil, now // nobody said that it is over
			p.notify(RankRest)
			continue
		}
		due = append(due, query{name: name, target: w.target, alone: w.alone, watch: w})
		switch {
		case w.rewind != nil:
			w.due = p.tick(now.Add(PollInterval(load, now.Sub(w.rewind.begun), w.rewind.expected)))
		case singles && load.Rate > 0: // half of the budget at the most
			w.due = p.after(now, max(w.every, seconds(float64(len(p.watches))/(load.Rate*pollShare))))
		default:
			w.due = p.after(now, w.every)
		}
	}
	return due, singles
}

// load is called with the lock held.
func (p *poller) load(singles bool) Load {
	load := Load{Single: singles, Least: p.least}
	load.Rate, load.Left = p.account.budget.left()
	for _, w := range p.watches {
		if w.rank() == RankActive {
			load.UnderWay++
		}
	}
	return load
}

// after is the next multiple of the interval: clusters with the same interval become due together.
func (p *poller) after(now time.Time, interval time.Duration) time.Time {
	return p.epoch.Add((now.Sub(p.epoch)/interval + 1) * interval)
}

// tick is the first multiple of the least interval from then on: rewinds with about the same interval are due together. What
// is a little late for one multiple is not put off to the next.
func (p *poller) tick(then time.Time) time.Time {
	return p.epoch.Add((then.Sub(p.epoch) + p.least*3/4).Truncate(p.least))
}

// answered takes in an answer, and wakes who looks at what it changed.
func (p *poller) answered(q query, asked time.Time, a answer) {
	p.mu.Lock()
	w := p.watches[q.name]
	news := false
	if w == q.watch { // and not another one of its name by now
		news, w.alone = w.apply(asked, a), rejected(a.err)
		if a.err != nil && !isLasting(a.err) && w.rewind == nil && asked.After(p.singlesUntil) {
			w.due = earlier(w.due, asked.Add(retryInterval))
		}
	}
	p.mu.Unlock()
	if news {
		p.wake(q.name)
	}
}

// offerHistory wakes the cluster whose history was not read for the longest, when it is time for one.
func (p *poller) offerHistory(now time.Time) {
	p.mu.Lock()
	var next *watch
	var name string
	for n, w := range p.watches {
		due := !w.history.due && !w.seen.At.IsZero() && now.Sub(w.history.read) >= historyInterval && w.rank() == RankRest
		if due && (next == nil || w.history.read.Before(next.history.read) || w.history.read.Equal(next.history.read) && n < name) {
			next, name = w, n
		}
	}
	offer := next != nil && p.account.history.take(now)
	if offer {
		next.history.due, next.history.read = true, now
	}
	p.mu.Unlock()
	if offer {
		p.wake(name)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// notify makes a lane look again when something is due. It never blocks.
func (p *poller) notify(lane Rank) {
	select {
	case p.changed[lane] <- struct{}{}:
	default:
	}
}
