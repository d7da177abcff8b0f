package workload

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// maxConflicts is how often a write that met a newer object is tried in one round.
const maxConflicts = 5

// conflictBackoff is how long a write that met a newer object waits before the next try.
var conflictBackoff = wait.Backoff{Steps: maxConflicts, Duration: 5 * time.Millisecond, Factor: 2, Jitter: 0.5}

// change calls f with the target as it was read, and again with what was read anew when f's write met a
// newer object, a bounded number of times.
func change(ctx context.Context, c client.Client, t *target, f func() error) error {
	stale := false
	return retry.RetryOnConflict(conflictBackoff, func() error {
		if stale {
			t.readAgain(ctx, c)
			if t.presence != present {
				return t.err
			}
		}
		stale = true
		return f()
	})
}
