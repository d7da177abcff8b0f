package rds

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// addTo makes every request of the stack wait for its turn under the budget: every page and every retry. It waits before it
// is signed, so that no signature ages in the queue.
func (b *budget) addTo(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("Budget", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		operation := middleware.GetOperationName(ctx)
		if err := b.acquire(ctx, rankOf(ctx)); err != nil {
			err = &noTurnError{err}
			requests.WithLabelValues(operation, codeLabel(classify(operation, err))).Inc()
			return middleware.FinalizeOutput{}, middleware.Metadata{}, err
		}
		out, metadata, err := next.HandleFinalize(ctx, in)
		classified := classify(operation, err)
		requests.WithLabelValues(operation, codeLabel(classified)).Inc()
		if isThrottle(classified) {
			throttles.WithLabelValues(operation).Inc()
			b.throttled()
		}
		return out, metadata, err
	}), "Retry", middleware.After)
}

// leaveThrottles is a retryer that leaves throttling to the budget, which makes everybody wait and not only the one who
// was refused.
type leaveThrottles struct{ aws.Retryer }

// IsErrorRetryable implements aws.Retryer.
func (r leaveThrottles) IsErrorRetryable(err error) bool {
	classified := classify("", err)
	var noTurn *noTurnError
	return !errors.As(err, &noTurn) && !isThrottle(classified) && r.Retryer.IsErrorRetryable(err)
}
