package rds

import "context"

// Rank orders the requests that wait for a turn under the budget of an account and Region.
type Rank int

// The ranks, lowest first.
const (
	RankRest   Rank = iota // reads about clusters at which nothing happens
	RankActive             // reads that a rewind under way needs; the default
	RankCall               // BacktrackDBCluster and the reads right before it
)

const ranks = int(RankCall) + 1

func (r Rank) String() string {
	switch r {
	case RankCall:
		return "call"
	case RankRest:
		return "rest"
	case RankActive:
	}
	return "active"
}

type rankKey struct{}

// WithRank gives the requests that are made under the context a rank.
func WithRank(ctx context.Context, rank Rank) context.Context {
	return context.WithValue(ctx, rankKey{}, min(max(rank, RankRest), RankCall))
}

func rankOf(ctx context.Context) Rank {
	if rank, ok := ctx.Value(rankKey{}).(Rank); ok {
		return rank
	}
	return RankActive
}
