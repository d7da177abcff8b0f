package harness

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Interruption is what happens to a process at one moment of a look.
type Interruption int

// The interruptions; Interruptions is how many there are.
const (
	NoInterruption Interruption = iota
	Stalls                      // it stands still there, until somebody lets it go on
	Dies
	Conflicts
	Fails
	Interruptions // how many there are
)

// SteppedProcess is a process whose looks can be broken into.
type SteppedProcess struct {
	*Process
	fuse         int // moments until the mishap
	interruption Interruption
	// stallAt tells at which moments to stand still, besides the mishap.
	stallAt func(Moment) bool

	// A look that stands still waits for a word on let, and says on still that it does, on done that it is over.
	InFlight bool
	let      chan error
	still    chan struct{}
	done     chan struct{}
}

// NewSteppedProcess starts a process.
func (s *Checker) NewSteppedProcess() *SteppedProcess {
	a := &SteppedProcess{let: make(chan error), still: make(chan struct{}), done: make(chan struct{})}
	a.Process = s.StartProcess(a.hook, ScenarioSettings())
	return a
}

// hook runs in the look's goroutine.
func (a *SteppedProcess) hook(m Moment) error {
	if a.stallAt != nil && a.stallAt(m) {
		a.still <- struct{}{}
		return <-a.let
	}
	a.fuse--
	if a.interruption == NoInterruption || a.fuse >= 0 {
		return nil
	}
	mishap := a.interruption
	a.interruption = NoInterruption
	switch mishap {
	case Stalls:
		a.still <- struct{}{}
		return <-a.let
	case Dies:
		return ErrKilled
	case Conflicts, Fails:
		return m.failure(mishap)
	case NoInterruption, Interruptions: // no mishap is under way
	}
	return nil
}

// failure is what the caller is told at the moment.
func (m Moment) failure(kind Interruption) error {
	isRDS := !strings.Contains(m.What, " ")
	switch {
	case isRDS && kind == Fails:
		return ErrServerError
	case isRDS && m.After:
		return io.ErrUnexpectedEOF
	case isRDS:
		return syscall.ECONNRESET
	case m.After:
		return context.DeadlineExceeded
	case kind == Conflicts:
		return apierrors.NewConflict(schema.GroupResource{Resource: "things"}, "it", errors.New("somebody wrote"))
	}
	return apierrors.NewInternalError(errors.New("etcd is away"))
}

// Step begins a look at the first item that is due, if there is one, with the mishap ahead.
func (a *SteppedProcess) Step(kind Interruption, fuse int) {
	if a.InFlight {
		a.Continue(nil, kind, fuse)
		return
	}
	i, due, any := a.Next()
	if !any || due.After(a.Clock.Now()) {
		return
	}
	a.interruption, a.fuse, a.InFlight = kind, fuse, true
	go func() {
		a.Reconcile(i)
		a.done <- struct{}{}
	}()
	a.wait()
}

// StepAll does what is due, look by look, until one stands still, and gives the time at which more will be due.
func (a *SteppedProcess) StepAll() time.Time {
	for range 100 {
		_, due, any := a.Next()
		switch {
		case a.InFlight || !any:
			return a.Clock.Now().Add(time.Second)
		case due.After(a.Clock.Now()):
			return due
		}
		a.Step(NoInterruption, 0)
	}
	return a.Clock.Now().Add(time.Millisecond)
}

// Continue lets a look that stands still go on, or ends it there.
func (a *SteppedProcess) Continue(err error, kind Interruption, fuse int) {
	if a.InFlight {
		a.interruption, a.fuse = kind, fuse
		a.let <- err
		a.wait()
	}
}

// wait waits until the look stands still or is over.
func (a *SteppedProcess) wait() {
	select {
	case <-a.still:
	case <-a.done:
		a.InFlight, a.interruption = false, NoInterruption
	}
}

// Stop kills the process, wherever it is.
func (a *SteppedProcess) Stop() {
	a.Continue(ErrKilled, NoInterruption, 0)
	a.End()
}
