package main

import "errors"

// The exit codes.
const (
	exitDone       = 0
	exitError      = 1  // an error; nothing was changed
	exitChanges    = 2  // changes or drift, where it was asked for
	exitRefused    = 3  // the plan is stale, the digest differs, a file is not formatted or not rendered
	exitLocked     = 4  // another linkspan holds the lock
	exitUndone     = 5  // applied, then undone
	exitUndoFailed = 6  // the undo failed
	exitUsage      = 64 // EX_USAGE of sysexits.h
)

// exit is an error that ends the program with a code. A nil err ends it
// without a word, when everything has been said already.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// codeOf returns the exit code of an error: its own, or 1.
func codeOf(err error) int {
	var e exit
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.code
	}
	return exitError
}

// usage marks an error as a mistake on the command line.
func usage(err error) error { return exit{code: exitUsage, err: err} }

// said ends the program with a code after diagnostics have been shown.
func said(code int) error { return exit{code: code} }
