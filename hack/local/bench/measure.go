package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// measure is what one rewind cost.
type measure struct {
	// toCall is from `kubectl apply` to RDS's yes, toPatch from the cluster's being available again to the last patch of a
	// dependent, toEnd from `kubectl apply` to Succeeded.
	toCall, toPatch, toEnd time.Duration
	// idle and most are the resident memory of the leading manager before and during the rewind, in bytes.
	idle, most int64
	// rds, reads and writes are the operator's calls to RDS and to the API server, without those for its Lease.
	rds, reads, writes int
}

// String is the measure in a line.
func (m measure) String() string {
	return fmt.Sprintf("%s to the call, %s from available to the last patch, %s in all; %d MiB, then up to %d MiB; %d RDS calls, %d reads and %d writes of the API",
		seconds(m.toCall), seconds(m.toPatch), seconds(m.toEnd), m.idle>>20, m.most>>20, m.rds, m.reads, m.writes)
}

// measure lets one rewind run and reads what was noted meanwhile.
func (b *bench) measure(ctx context.Context, s scenario, name string) (m measure, err error) {
	if err := stage.Pass(ctx, 2*time.Second); err != nil { // so that the ones before are over, memory and all
		return m, err
	}
	leader, err := b.leader(ctx)
	if err != nil {
		return m, err
	}
	if m.idle, err = resident(leader); err != nil {
		return m, err
	}
	rewind := stage.Rewind{Namespace: s.name, Name: name, Cluster: s.name, To: time.Now()}
	applied := time.Now()
	if err := b.kube.Apply(ctx, rewind.Manifest()); err != nil {
		return m, err
	}
	object, err := b.kube.Follow(ctx, 10*time.Minute, s.name, name, func(*v1alpha1.AuroraBacktrack) error {
		now, err := resident(leader)
		m.most = max(m.most, now)
		return err
	})
	if err != nil {
		return m, err
	}
	if !stage.Is(object, v1alpha1.ConditionSucceeded) {
		return m, fmt.Errorf("%s: %s", name, stage.Summary(object))
	}
	ended := time.Now()
	m.toEnd = ended.Sub(applied)
	if err := b.rdsCalls(ctx, s, applied, ended, &m); err != nil {
		return m, err
	}
	return m, b.apiCalls(ctx, s, applied, ended, &m)
}

// rdsCalls reads the local Aurora's log. The bench itself asks RDS nothing while a rewind runs.
func (b *bench) rdsCalls(ctx context.Context, s scenario, applied, ended time.Time, m *measure) error {
	calls, err := b.rds.Calls(ctx, applied)
	if err != nil {
		return err
	}
	accepted := 0
	for _, call := range calls {
		if call.Time.After(ended) {
			break
		}
		m.rds++
		if call.Operation == "BacktrackDBCluster" && call.Done() {
			accepted++
			m.toCall = call.Time.Sub(applied)
		}
	}
	if accepted != 1 {
		return fmt.Errorf("RDS accepted %d backtracks of %s, want 1", accepted, s.name)
	}
	return nil
}

// apiCalls reads the API server's audit log.
func (b *bench) apiCalls(ctx context.Context, s scenario, applied, ended time.Time, m *measure) error {
	available, err := b.available(ctx, s, applied)
	if err != nil {
		return err
	}
	requests, err := stage.Requests(b.cloud, stage.Operator, applied)
	if err != nil {
		return err
	}
	var last time.Time
	patched := map[string]bool{}
	for _, q := range requests {
		switch {
		case q.Answered.After(ended) || strings.HasPrefix(q.Resource, "coordination.k8s.io/"):
			continue
		case q.Verb == "get" || q.Verb == "list" || q.Verb == "watch":
			m.reads++
			continue
		}
		m.writes++
		if q.Resource == "apps/deployments" && q.Verb == "patch" && q.Received.After(available) {
			last, patched[q.Name] = q.Answered, true
		}
	}
	if len(patched) != s.deployments {
		return fmt.Errorf("%d Deployments were patched after the cluster was available, want %d", len(patched), s.deployments)
	}
	m.toPatch = last.Sub(available)
	return nil
}

// available is when RDS says that the backtrack was over, and with it that the cluster could be used again.
func (b *bench) available(ctx context.Context, s scenario, since time.Time) (time.Time, error) {
	events, err := b.rds.Client.DescribeEvents(ctx, &rds.DescribeEventsInput{
		SourceIdentifier: aws.String(s.name), SourceType: types.SourceTypeDbCluster, StartTime: aws.Time(since), EventCategories: []string{"backtrack"},
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the events of %s: %w", s.name, err)
	}
	for _, event := range events.Events {
		if strings.HasSuffix(aws.ToString(event.Message), "has completed.") {
			return aws.ToTime(event.Date), nil
		}
	}
	return time.Time{}, fmt.Errorf("no event of %s says that the backtrack has completed", s.name)
}
