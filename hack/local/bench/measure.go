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
	// From `kubectl apply`: to the last patch that pauses a dependent (0 if none does), to RDS's yes, and to Succeeded.
	toPaused, toCall, toEnd time.Duration
	// From the cluster's being available again: to the operator's look at it that led on, and from then to the last patch of a
	// dependent.
	toLook, toPatch time.Duration
	// idle and most are the resident memory of the leading manager before and during the rewind, in bytes.
	idle, most int64
	// rds, reads and writes are the operator's calls to RDS and to the API server, without those for its Lease.
	rds, reads, writes int
}

// String is the measure in a line.
func (m measure) String() string {
	return fmt.Sprintf("%s to the call, %s from available to the next look, %s to the last patch, %s in all; %d MiB, then up to %d MiB; %d RDS calls, %d reads and %d writes of the API",
		seconds(m.toCall), seconds(m.toLook), seconds(m.toPatch), seconds(m.toEnd), m.idle>>20, m.most>>20, m.rds, m.reads, m.writes)
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
	available, err := b.available(ctx, s, applied)
	if err != nil {
		return m, err
	}
	span := span{applied, available, ended}
	resumes, err := b.apiCalls(s, span, &m)
	if err != nil {
		return m, err
	}
	return m, b.rdsCalls(ctx, s, span, resumes, &m)
}

// span is the time that a rewind took, and when in it the cluster was available again.
type span struct{ applied, available, ended time.Time }

// rdsCalls reads the local Aurora's log. The bench itself asks RDS nothing while a rewind runs. The look at the cluster
// that led to the patches is the last one before them.
func (b *bench) rdsCalls(ctx context.Context, s scenario, in span, resumes patches, m *measure) error {
	calls, err := b.rds.Calls(ctx, in.applied)
	if err != nil {
		return err
	}
	accepted, look := 0, in.available
	for _, call := range calls {
		if call.Time.After(in.ended) {
			break
		}
		m.rds++
		switch {
		case call.Operation == "BacktrackDBCluster" && call.Done():
			accepted++
			m.toCall = call.Time.Sub(in.applied)
		case call.Time.After(in.available) && call.Time.Before(resumes.first):
			look = call.Time
		}
	}
	if accepted != 1 {
		return fmt.Errorf("RDS accepted %d backtracks of %s, want 1", accepted, s.name)
	}
	m.toLook, m.toPatch = look.Sub(in.available), resumes.last.Sub(look)
	return nil
}

// patches are those that bring dependents back: when the first was received and the last answered.
type patches struct{ first, last time.Time }

// apiCalls reads the API server's audit log.
func (b *bench) apiCalls(s scenario, in span, m *measure) (resumes patches, err error) {
	requests, err := stage.Requests(b.cloud, stage.Operator, in.applied)
	if err != nil {
		return resumes, err
	}
	patched := map[string]bool{}
	for _, q := range requests {
		switch {
		case q.Answered.After(in.ended) || strings.HasPrefix(q.Resource, "coordination.k8s.io/"):
			continue
		case q.Verb == "get" || q.Verb == "list" || q.Verb == "watch":
			m.reads++
			continue
		}
		m.writes++
		if q.Resource != "apps/deployments" || q.Verb != "patch" {
			continue
		}
		if q.Received.Before(in.available) {
			m.toPaused = q.Answered.Sub(in.applied)
			continue
		}
		if len(patched) == 0 {
			resumes.first = q.Received
		}
		resumes.last, patched[q.Name] = q.Answered, true
	}
	if len(patched) != s.deployments {
		return resumes, fmt.Errorf("%d Deployments were patched after the cluster was available, want %d", len(patched), s.deployments)
	}
	return resumes, nil
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
