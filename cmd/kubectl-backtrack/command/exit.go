package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/aurora-backtrack/operator/controllers/line"
)

// The exit codes of every command.
const (
	exitSucceeded    = 0   // succeeded, or AlreadyApplied
	exitNotAsked     = 1   // it could not be asked for, or was not wanted
	exitEnded        = 2   // it ended without success
	exitTimedOut     = 3   // it has not ended in time; it goes on
	exitUnknown      = 4   // OutcomeUnknown: RDS may have rewound the data
	exitNeedsPerson  = 5   // it waits for a person
	exitInterrupted  = 130 // by Ctrl-C; what was begun goes on
	mostErrorMessage = 2000
)

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }

func (e exitError) Unwrap() error { return e.err }

func exitf(code int, format string, args ...any) error {
	return exitError{code, fmt.Errorf(format, args...)}
}

// codeOf is the exit code for what a command returned.
func codeOf(err error) int {
	var with exitError
	switch {
	case err == nil:
		return exitSucceeded
	case errors.As(err, &with):
		return with.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimedOut
	}
	return exitNotAsked
}

// oneLine is an error as it is shown: what others wrote is cleaned.
func oneLine(err error) string { return "error: " + line.Clean(err.Error(), mostErrorMessage) }
