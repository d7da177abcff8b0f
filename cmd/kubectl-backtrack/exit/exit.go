// Package exit has the exit codes of the plugin, and the errors that carry one.
package exit

import (
	"context"
	"errors"
	"fmt"

	"github.com/aurora-backtrack/operator/controllers/line"
)

// The exit codes of every command.
const (
	Succeeded   = 0   // succeeded, or AlreadyApplied
	NotAsked    = 1   // it could not be asked for, or was not wanted
	Ended       = 2   // it ended without success
	TimedOut    = 3   // it has not ended in time; it goes on
	Unknown     = 4   // OutcomeUnknown: RDS may have rewound the data
	NeedsPerson = 5   // it waits for a person
	Interrupted = 130 // by Ctrl-C; what was begun goes on
)

// MostMessage bounds, in bytes, how much of a message of others is shown.
const MostMessage = 2000

// ErrReported is for an ending that has been reported already.
var ErrReported = errors.New("reported")

// codedError is an error with an exit code of its own.
type codedError struct {
	code int
	err  error
}

func (e codedError) Error() string { return e.err.Error() }

func (e codedError) Unwrap() error { return e.err }

// With gives an error an exit code.
func With(code int, err error) error { return codedError{code, err} }

// Errorf is fmt.Errorf with an exit code.
func Errorf(code int, format string, args ...any) error {
	return With(code, fmt.Errorf(format, args...))
}

// CodeOf is the exit code for what a command returned.
func CodeOf(err error) int {
	var with codedError
	switch {
	case err == nil:
		return Succeeded
	case errors.As(err, &with):
		return with.code
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	}
	return NotAsked
}

// Line is an error as it is shown: what others wrote is cleaned.
func Line(err error) string { return "error: " + line.Clean(err.Error(), MostMessage) }
