package backtrack

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

// mishap is what happens to a process at one moment of a look.
type mishap int

const (
	nothing mishap = iota
	stalls         // it stands still there, until somebody lets it go on
	dies
	conflicts
	fails
	mishaps // how many there are
)

// actor is a process whose looks can be broken into.
type actor struct {
	*process
	fuse   int // moments until the mishap
	mishap mishap
	// stallAt tells at which moments to stand still, besides the mishap.
	stallAt func(moment) bool

	// A look that stands still waits for a word on let, and says on still that it does, on done that it is over.
	inFlight bool
	let      chan error
	still    chan struct{}
	done     chan struct{}
}

// newActor starts a process.
func (s *witness) newActor() *actor {
	a := &actor{let: make(chan error), still: make(chan struct{}), done: make(chan struct{})}
	a.process = s.start(a.hook, crashSettings())
	return a
}

// hook runs in the look's goroutine.
func (a *actor) hook(m moment) error {
	if a.stallAt != nil && a.stallAt(m) {
		a.still <- struct{}{}
		return <-a.let
	}
	a.fuse--
	if a.mishap == nothing || a.fuse >= 0 {
		return nil
	}
	mishap := a.mishap
	a.mishap = nothing
	switch mishap {
	case stalls:
		a.still <- struct{}{}
		return <-a.let
	case dies:
		return errDead
	case conflicts, fails:
		return m.mishap(mishap)
	case nothing, mishaps: // no mishap is under way
	}
	return nil
}

// mishap is what the caller is told at the moment.
func (m moment) mishap(kind mishap) error {
	isRDS := !strings.Contains(m.What, " ")
	switch {
	case isRDS && kind == fails:
		return errServer
	case isRDS && m.After:
		return io.ErrUnexpectedEOF
	case isRDS:
		return syscall.ECONNRESET
	case m.After:
		return context.DeadlineExceeded
	case kind == conflicts:
		return apierrors.NewConflict(schema.GroupResource{Resource: "things"}, "it", errors.New("somebody wrote"))
	}
	return apierrors.NewInternalError(errors.New("etcd is away"))
}

// look begins a look at the first item that is due, if there is one, with the mishap ahead.
func (a *actor) look(kind mishap, fuse int) {
	if a.inFlight {
		a.goOn(nil, kind, fuse)
		return
	}
	i, due, any := a.next()
	if !any || due.After(a.clock.Now()) {
		return
	}
	a.mishap, a.fuse, a.inFlight = kind, fuse, true
	go func() {
		a.reconcile(i)
		a.done <- struct{}{}
	}()
	a.wait()
}

// looks does what is due, look by look, until one stands still, and gives the time at which more will be due.
func (a *actor) looks() time.Time {
	for range 100 {
		_, due, any := a.next()
		switch {
		case a.inFlight || !any:
			return a.clock.Now().Add(time.Second)
		case due.After(a.clock.Now()):
			return due
		}
		a.look(nothing, 0)
	}
	return a.clock.Now().Add(time.Millisecond)
}

// goOn lets a look that stands still go on, or ends it there.
func (a *actor) goOn(err error, kind mishap, fuse int) {
	if a.inFlight {
		a.mishap, a.fuse = kind, fuse
		a.let <- err
		a.wait()
	}
}

// wait waits until the look stands still or is over.
func (a *actor) wait() {
	select {
	case <-a.still:
	case <-a.done:
		a.inFlight, a.mishap = false, nothing
	}
}

// stop kills the process, wherever it is.
func (a *actor) stop() {
	a.goOn(errDead, nothing, 0)
	a.end()
}
