package rds

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// mostPerCall is how many clusters one DescribeDBClusters answers for: RDS's limit on a filter's values.
const mostPerCall = 100

// Describe asks what RDS says about the cluster now. Calls that come in while one is under way go together in
// the next. A cluster that RDS does not know gives an Error with reason DBClusterNotFound.
func (p *Provider) Describe(ctx context.Context, target Target) (Cluster, error) {
	return p.session(target).batch.get(ctx, target.Identifier)
}

func (p *Provider) describe(ctx context.Context, s *session, identifiers []string) ([]Cluster, error) {
	const operation = "DescribeDBClusters"
	input := &rds.DescribeDBClustersInput{}
	if len(identifiers) == 1 { // allowed to a policy that names the one cluster
		input.DBClusterIdentifier = aws.String(identifiers[0])
	} else {
		input.Filters = []types.Filter{{Name: aws.String("db-cluster-id"), Values: identifiers}}
		input.MaxRecords = aws.Int32(mostPerCall)
	}
	var clusters []Cluster
	err := p.call(ctx, s, operation, func(ctx context.Context) error {
		pages := rds.NewDescribeDBClustersPaginator(s.client, input)
		var markers markers
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			if err := markers.next(page.Marker); err != nil {
				return err
			}
			for i := range page.DBClusters {
				clusters = append(clusters, clusterOf(&page.DBClusters[i]))
			}
		}
		return nil
	})
	return clusters, err
}

func clusterOf(c *types.DBCluster) Cluster {
	return Cluster{
		Identifier:      Clean(aws.ToString(c.DBClusterIdentifier)),
		ResourceID:      cut(Clean(aws.ToString(c.DbClusterResourceId)), 256),
		Status:          cut(strings.ToLower(Clean(aws.ToString(c.Status))), 256),
		Engine:          cut(Clean(aws.ToString(c.Engine)), 256),
		EngineVersion:   cut(Clean(aws.ToString(c.EngineVersion)), 256),
		EngineMode:      cut(Clean(aws.ToString(c.EngineMode)), 256),
		Endpoint:        Clean(aws.ToString(c.Endpoint)),
		Port:            aws.ToInt32(c.Port),
		BacktrackWindow: aws.ToInt64(c.BacktrackWindow),
		Earliest:        aws.ToTime(c.EarliestBacktrackTime).UTC(),
		ChangeRecords:   aws.ToInt64(c.BacktrackConsumedChangeRecords),
	}
}

// batch gathers the questions that come in while an answer is awaited and asks them together.
type batch struct {
	describe func(ctx context.Context, identifiers []string) ([]Cluster, error)
	mu       sync.Mutex
	asking   bool
	waiting  []question
}

type question struct {
	identifier string
	answer     chan<- answer // has room for one
}

type answer struct {
	cluster Cluster
	err     error
}

func (b *batch) get(ctx context.Context, identifier string) (Cluster, error) {
	reply := make(chan answer, 1)
	b.mu.Lock()
	b.waiting = append(b.waiting, question{identifier, reply})
	if !b.asking {
		b.asking = true
		go b.run(context.WithoutCancel(ctx)) // one caller's end must not take the others' answers with it
	}
	b.mu.Unlock()
	select {
	case a := <-reply:
		return a.cluster, a.err
	case <-ctx.Done():
		return Cluster{}, classify("DescribeDBClusters", ctx.Err())
	}
}

// run asks round after round until nobody waits. Each call is bounded by the Provider's time-out.
func (b *batch) run(ctx context.Context) {
	for {
		b.mu.Lock()
		round := b.waiting[:min(len(b.waiting), mostPerCall)]
		b.waiting = b.waiting[len(round):]
		b.asking = len(round) > 0
		b.mu.Unlock()
		if len(round) == 0 {
			return
		}
		b.answer(ctx, round)
	}
}

func (b *batch) answer(ctx context.Context, round []question) {
	identifiers := make([]string, 0, len(round))
	seen := map[string]bool{}
	for _, q := range round {
		if !seen[q.identifier] {
			seen[q.identifier] = true
			identifiers = append(identifiers, q.identifier)
		}
	}
	clusters, err := b.describe(ctx, identifiers)
	if len(identifiers) > 1 && IsReason(err, v1alpha1.ReasonAccessDenied) {
		b.answerEach(ctx, round) // a policy that names single clusters denies the filtered call
		return
	}
	found := map[string]Cluster{}
	for _, c := range clusters {
		found[strings.ToLower(c.Identifier)] = c
	}
	for _, q := range round {
		c, ok := found[q.identifier]
		if err == nil && !ok {
			q.answer <- answer{err: notFound(q.identifier)}
			continue
		}
		q.answer <- answer{c, err}
	}
}

func (b *batch) answerEach(ctx context.Context, round []question) {
	for _, q := range round {
		clusters, err := b.describe(ctx, []string{q.identifier})
		if err == nil && len(clusters) == 0 {
			err = notFound(q.identifier)
		}
		if err != nil {
			q.answer <- answer{err: err}
			continue
		}
		q.answer <- answer{cluster: clusters[0]}
	}
}

func notFound(identifier string) error {
	return &Error{
		Operation: "DescribeDBClusters", Reason: v1alpha1.ReasonDBClusterNotFound, Code: "DBClusterNotFoundFault",
		Message: fmt.Sprintf("DBCluster %s not found.", identifier), Refused: true,
	}
}
