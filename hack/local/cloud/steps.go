package cloud

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// step is one thing that is done on the way up.
type step struct {
	what string
	do   func(context.Context) error
	// progress says how far it is; nil where that is not known.
	progress func() string
}

// run does the steps one after the other and says which one it is at, out of how many, and how long each took. A step
// that takes long is heard of again and again, so that nobody thinks that nothing happens.
func run(ctx context.Context, out io.Writer, steps []step) error {
	speaker := &speaker{out: out}
	for i, step := range steps {
		prefix := fmt.Sprintf("[%d/%d] %s", i+1, len(steps), step.what)
		started := time.Now()
		stop := speaker.repeat(prefix, started, step.progress)
		err := step.do(ctx)
		stop()
		if err != nil {
			return err
		}
		speaker.say("%s: %s%s", prefix, elapsed(started), with(step.progress))
	}
	return nil
}

// speaker keeps lines whole that two goroutines write.
type speaker struct {
	mu  sync.Mutex
	out io.Writer
}

func (s *speaker) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// repeat says after a second that the step goes on, and then every 15 seconds.
func (s *speaker) repeat(prefix string, started time.Time, progress func() string) (stop func()) {
	done := make(chan struct{})
	var finished sync.WaitGroup
	finished.Go(func() {
		again := time.NewTimer(time.Second)
		defer again.Stop()
		for {
			select {
			case <-done:
				return
			case <-again.C:
				s.say("%s … (%s%s)", prefix, elapsed(started), with(progress))
				again.Reset(15 * time.Second)
			}
		}
	})
	return func() { close(done); finished.Wait() }
}

// with puts progress behind something else.
func with(progress func() string) string {
	if progress == nil {
		return ""
	}
	return ", " + progress()
}

func elapsed(since time.Time) string {
	d := time.Since(since)
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
