package rds

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

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
		go b.run(context.WithoutCancel(ctx)) // a caller that ends must not end the others' call
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
		round := b.waiting[:min(len(b.waiting), maxClustersPerCall)]
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
	answers := describeEach(ctx, identifiers, b.describe)
	for _, q := range round {
		q.answer <- answers[q.identifier]
	}
}

// describeEach asks about several clusters and gives each its own answer. One call serves them all where that is allowed;
// IAM denies it to a policy that names single clusters, and RDS refuses it when it objects to one of the identifiers.
func describeEach(ctx context.Context, identifiers []string, describe func(context.Context, []string) ([]Cluster, error)) map[string]answer {
	answers := make(map[string]answer, len(identifiers))
	clusters, err := describe(ctx, identifiers)
	if len(identifiers) > 1 && (IsReason(err, v1alpha1.ReasonAccessDenied) || IsReason(err, v1alpha1.ReasonRejected)) {
		for _, identifier := range identifiers {
			singleDescribes.Inc()
			clusters, err := describe(ctx, []string{identifier})
			answers[identifier] = answerFor(identifier, clusters, err)
		}
		return answers
	}
	for _, identifier := range identifiers {
		answers[identifier] = answerFor(identifier, clusters, err)
	}
	return answers
}

// answerFor picks the answer for one cluster out of that for several. An answer that leaves it out means that there is none.
func answerFor(identifier string, clusters []Cluster, err error) answer {
	if err != nil {
		return answer{err: err}
	}
	for _, c := range clusters {
		if strings.EqualFold(c.Identifier, identifier) {
			return answer{cluster: c}
		}
	}
	return answer{err: &Error{
		Operation: "DescribeDBClusters", Reason: v1alpha1.ReasonDBClusterNotFound, Code: "DBClusterNotFoundFault",
		Message: fmt.Sprintf("DBCluster %s not found.", identifier), Refused: true,
	}}
}
