package engine

import (
	"fmt"

	"linkspan/core/engine/journal"
)

// OpenRunError says that an earlier run is not over. Nothing was changed.
type OpenRunError struct{ Run *journal.Run }

func (e *OpenRunError) Error() string {
	b := e.Run.Begin()
	who := fmt.Sprintf("run %d of %s (%s, `%s`)", e.Run.ID, e.Run.Time().Local().Format("2006-01-02 15:04:05"), b.User, b.Command)
	switch e.Run.State() {
	case journal.Pending:
		return who + " waits to be confirmed; `linkspan confirm` keeps it, `linkspan rollback` undoes it; nothing was changed"
	case journal.UndoFailed:
		return who + " could not be undone: " + e.Run.Why() + "; mend that and run `linkspan rollback`; nothing was changed"
	}
	return who + " was cut off; `linkspan rollback` puts back what it changed, `linkspan rollback -resume` carries it on; nothing was changed now"
}

// UndoneError says that an apply failed and that everything was put back.
type UndoneError struct{ Cause error }

func (e *UndoneError) Error() string {
	return fmt.Sprintf("%v; everything was put back as it was", e.Cause)
}

func (e *UndoneError) Unwrap() error { return e.Cause }

// UndoFailedError says that an apply failed and that putting back failed too.
type UndoFailedError struct {
	Cause, Undo error
	Journal     string // the file that says what is left
}

func (e *UndoFailedError) Error() string {
	return fmt.Sprintf("%v; and putting everything back failed: %v; mend that and run `linkspan rollback` (the journal is %s)", e.Cause, e.Undo, e.Journal)
}

func (e *UndoFailedError) Unwrap() []error { return []error{e.Cause, e.Undo} }
