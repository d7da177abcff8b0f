package rds

import (
	"cmp"
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// Provider asks RDS. It is safe for use by several goroutines. Its Describe, History and Backtrack ask when they are called,
// under the rank of their context; what its Watcher keeps is shared.
type Provider struct {
	*Watcher

	options  Options
	sessions *sessions
}

// NewProvider makes a Provider.
func NewProvider(options Options) *Provider {
	options.CallTimeout = cmp.Or(options.CallTimeout, 30*time.Second)
	options.PollInterval = cmp.Or(options.PollInterval, defaultPoll)
	if options.Timers == nil {
		options.Timers = clock.RealClock{}
	}
	sessions := newSessions(options)
	return &Provider{Watcher: newWatcher(sessions, options), options: options, sessions: sessions}
}

// Metrics shows the budgets of the Provider.
func (p *Provider) Metrics() prometheus.Collector { return budgetCollector{p.sessions.snapshot} }

// CallTimeout is how long one call may take: after it, a call that was begun has certainly left or failed.
func (p *Provider) CallTimeout() time.Duration { return p.options.CallTimeout }

// Skew is RDS's clock minus ours, from the Date header of its latest answer in the target's account and Region, to the
// second. It is zero before the first answer.
func (p *Provider) Skew(target Target) time.Duration {
	return time.Duration(p.sessions.get(target).account.skew.Load())
}

// Describe asks what RDS says about the cluster now. Calls of one rank that come in while one is under way go together in
// the next. A cluster that RDS does not know gives an Error with reason DBClusterNotFound.
func (p *Provider) Describe(ctx context.Context, target Target) (Cluster, error) {
	return p.sessions.get(target).batches[rankOf(ctx)].get(ctx, target.Identifier)
}

// History is every backtrack that RDS lists for the cluster, oldest first. A new record may take a while to
// be listed; the design assumes at most two minutes.
func (p *Provider) History(ctx context.Context, target Target) ([]v1alpha1.BacktrackRecord, error) {
	begun := p.options.Clock.Now()
	records, err := describeBacktracks(ctx, p.sessions.get(target), target.Identifier)
	if err != nil {
		return nil, err
	}
	p.historyRead(target, begun)
	sort.SliceStable(records, func(i, j int) bool {
		return records[i].RequestedAt.Time().Before(records[j].RequestedAt.Time())
	})
	return records, nil
}

// Backtrack asks RDS for the rewind, exactly once: the SDK's retries are off, because BacktrackDBCluster has
// no idempotency token and every retry may be a second rewind. It has the highest rank. An Error that is Refused certainly
// had no effect; any other error leaves open whether RDS accepted.
func (p *Provider) Backtrack(ctx context.Context, target Target, request Request) (v1alpha1.BacktrackRecord, error) {
	return backtrackCluster(WithRank(ctx, RankCall), p.sessions.get(target), target.Identifier, request)
}

func (t Target) String() string {
	if t.Region == "" {
		return t.Identifier
	}
	return fmt.Sprintf("%s in %s", t.Identifier, t.Region)
}
