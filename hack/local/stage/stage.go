// Package stage is what a driver of the local cloud has in hand: Kubernetes as a person and a program see it, RDS as
// AWS's own SDK sees it, the database behind a cluster, a voice to tell of what happens, and patience with bounds.
package stage

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// Patience bounds a single wait.
const Patience = 2 * time.Minute

// Until asks again and again until it holds, for at most Patience. An error of the question ends it at once.
func Until(ctx context.Context, what string, holds func() (bool, error)) error {
	return Within(ctx, Patience, what, holds)
}

// Within is Until with a bound of its own. When the time is over, the error says what was waited for.
func Within(ctx context.Context, limit time.Duration, what string, holds func() (bool, error)) error {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		ok, err := holds()
		if err != nil {
			return fmt.Errorf("waiting until %s: %w", what, err)
		}
		if ok {
			return nil
		}
		if Pass(within, 50*time.Millisecond) == nil {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting until %s: %w", what, ctx.Err())
		}
		return fmt.Errorf("waited %s and it did not come to be that %s", limit, what)
	}
}

// Pass lets time pass: a person's minutes are a driver's seconds.
func Pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Voice tells of what happens.
type Voice struct{ Out io.Writer }

// Say begins a scene.
func (v Voice) Say(format string, args ...any) { fmt.Fprintf(v.Out, "\n== "+format+"\n", args...) }

// Tell is a line within a scene.
func (v Voice) Tell(format string, args ...any) { fmt.Fprintf(v.Out, "   "+format+"\n", args...) }

// Quote shows what somebody else said, line by line.
func (v Voice) Quote(text string) {
	fmt.Fprintln(v.Out, "     "+strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n     "))
}
