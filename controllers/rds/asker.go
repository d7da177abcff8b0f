package rds

import (
	"context"
	"time"

	"github.com/aurora-backtrack/operator/api/v1alpha1"
)

// singlesTime is how long clusters are asked for one at a time after IAM refused the call for several. Then it is tried again.
const singlesTime = 10 * time.Minute

// query is a question about one watched cluster.
type query struct {
	name   string
	target Target
	alone  bool // it is kept out of calls for several
	watch  *watch
}

// asker puts questions to RDS, together where that is allowed.
type asker struct {
	together func(ctx context.Context, identifiers []string) ([]Cluster, error)
	single   func(ctx context.Context, target Target) ([]Cluster, error)
}

// ask answers each of at most 100 queries, and reports whether IAM denied the call for several.
func (a asker) ask(ctx context.Context, queries []query, singles bool, answered func(query, answer)) (denied bool) {
	var group []query
	for _, q := range queries {
		if singles || q.alone {
			a.askSingle(ctx, q, answered)
		} else {
			group = append(group, q)
		}
	}
	return a.askGroup(ctx, group, answered)
}

func (a asker) askSingle(ctx context.Context, q query, answered func(query, answer)) {
	if ctx.Err() != nil {
		return
	}
	singleDescribes.Inc()
	clusters, err := a.single(ctx, q.target)
	if ctx.Err() != nil {
		return // the operator stops; that says nothing about the cluster
	}
	answered(q, answerFor(q.target.Identifier, clusters, err))
}

// askGroup asks in one call. When RDS rejects it, one of the identifiers is to blame: the halves are asked for themselves,
// and so on, until it stands alone and the others have their answers.
func (a asker) askGroup(ctx context.Context, group []query, answered func(query, answer)) (denied bool) {
	identifiers := distinct(group)
	if len(identifiers) == 0 || ctx.Err() != nil {
		return false
	}
	clusters, err := a.together(ctx, identifiers)
	switch {
	case len(identifiers) > 1 && IsReason(err, v1alpha1.ReasonAccessDenied):
		for _, q := range group {
			a.askSingle(ctx, q, answered)
		}
		return true
	case len(identifiers) > 1 && rejected(err):
		half := len(group) / 2
		first := a.askGroup(ctx, group[:half], answered)
		return a.askGroup(ctx, group[half:], answered) || first
	case ctx.Err() != nil:
		return false // as above
	}
	for _, q := range group {
		answered(q, answerFor(q.target.Identifier, clusters, err))
	}
	return false
}

// distinct gives the identifiers, each once: two AuroraClusters can name the same Aurora cluster.
func distinct(group []query) []string {
	identifiers, seen := make([]string, 0, len(group)), make(map[string]bool, len(group))
	for _, q := range group {
		if !seen[q.target.Identifier] {
			seen[q.target.Identifier] = true
			identifiers = append(identifiers, q.target.Identifier)
		}
	}
	return identifiers
}

func rejected(err error) bool { return IsReason(err, v1alpha1.ReasonRejected) }
