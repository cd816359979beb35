package commands

import (
	"context"
	"errors"
	"slices"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/upload"
)

// The exit codes are a promise: docs/exit-codes.md explains each.
const (
	ExitOK          = 0   // in sync, or all changes applied
	ExitFailure     = 1   // any other failure
	ExitUsage       = 2   // usage or configuration
	ExitPartial     = 3   // finished, but some changes failed or entries were quarantined
	ExitPending     = 4   // changes pending (sync --dry-run --exit-code)
	ExitWithheld    = 5   // removals withheld by a limit; the rest is applied
	ExitUnexpected  = 6   // the plan is not the one expected (--expect, --approve)
	ExitSource      = 10  // a source could not be read completely
	ExitTarget      = 11  // the target could not be reached, refused us, or its list could not be proven
	ExitLocked      = 12  // another run holds the lock, or is at work on another host
	ExitInterrupted = 130 // interrupted; what was applied stands
)

// precedence orders the codes for a run to which several apply: the one that
// asks for a person comes first.
var precedence = []int{
	ExitUsage, ExitLocked, ExitUnexpected, ExitTarget, ExitSource, ExitWithheld,
	ExitPartial, ExitInterrupted, ExitFailure, ExitPending, ExitOK,
}

// worst returns the code that stands for all of them.
func worst(codes ...int) int {
	for _, code := range precedence {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return ExitOK
}

// A Failure is an error with its exit code and a hint. Commands return it
// where they know better than exitCode does.
type Failure struct {
	Code int
	Err  error
	Hint string
	// Told is true when the error was shown already; only the code counts.
	Told bool
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// usage is a failure of the command line or the configuration.
func usage(err error, hint string) error {
	return &Failure{Code: ExitUsage, Err: err, Hint: hint}
}

// ended ends a command with a code whose cause was shown already.
func ended(code int) error {
	if code == ExitOK {
		return nil
	}
	return &Failure{Code: code, Err: errors.New("see above"), Told: true}
}

// hinter is an error that knows what to do about it.
type hinter interface{ Hint() string }

// failureOf maps an error to its exit code and hint: the one place that does.
func failureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	f = &Failure{Code: ExitFailure, Err: err}
	var h hinter
	if errors.As(err, &h) {
		f.Hint = h.Hint()
	}
	var gone *upload.Unavailable
	var problems *config.Problems
	var unanswered *ask.Unanswered
	switch {
	case errors.Is(err, context.Canceled):
		f.Code, f.Err = ExitInterrupted, errors.New("interrupted")
	case errors.As(err, &gone):
		f.Code, f.Hint = ExitTarget, gone.Hint
	case errors.As(err, &problems), errors.As(err, &unanswered):
		f.Code = ExitUsage
	}
	return f
}
