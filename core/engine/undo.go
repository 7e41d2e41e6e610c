package engine

import (
	"context"
	"errors"
	"fmt"

	"linkspan/core/backend"
	"linkspan/core/engine/journal"
	"linkspan/core/files"
)

// Undoer puts back what a run has changed, from its journal alone: the program
// that made the run may have died, and its definition be gone.
type Undoer struct {
	// Applier gives a backend that can restore its snapshots.
	Applier  func(name string) (backend.Applier, error)
	Services Services          // nil leaves services alone
	Hooks    Hooks             // nil has none
	Progress func(step string) // nil is silent
}

// Undo puts everything back and says so in the journal. It can be called again
// after a failure, and from another process, until it has succeeded. It goes
// on after an error, so that as much as possible is as before.
func (u Undoer) Undo(ctx context.Context, run *journal.Run, why string) error {
	if err := run.Append(journal.Record{Kind: journal.KindUndoing, Why: why}, true); err != nil {
		return err
	}
	err := u.putBack(ctx, run)
	if err != nil {
		return errors.Join(err, run.Append(journal.Record{Kind: journal.KindFailed, Why: err.Error()}, true))
	}
	return run.Append(journal.Record{Kind: journal.KindUndone, Why: why}, true)
}

func (u Undoer) putBack(ctx context.Context, run *journal.Run) error {
	b := run.Begin()
	errs := u.restore(ctx, run)
	u.tell(fmt.Sprintf("putting %s back", files.Count(len(b.Files.Files))))
	set, err := files.Resume(b.Root, runName(run.ID), b.Files)
	if err == nil {
		err = set.Undo()
	}
	errs = append(errs, err)
	if u.Services != nil {
		for _, service := range run.Begun("restart ") {
			u.tell("restarting " + service)
			if err := u.Services.Restart(ctx, service); err != nil {
				errs = append(errs, fmt.Errorf("restarting %s: %w", service, err))
			}
		}
	}
	if u.Hooks != nil && b.RollbackOf == 0 {
		if err := u.Hooks.Run(ctx, HookEvent{Phase: "on_rollback", Plan: b.Plan, Reason: run.Why()}); err != nil {
			u.tell(fmt.Sprintf("on_rollback: %v", err)) // what a hook thinks of an undo does not stop it
		}
	}
	return errors.Join(errs...)
}

// restore gives each backend that had begun its snapshot back, the last first.
func (u Undoer) restore(ctx context.Context, run *journal.Run) []error {
	begun := make(map[string]bool)
	for _, name := range run.Begun("backend ") {
		begun[name] = true
	}
	var errs []error
	snapshots := run.Begin().Snapshots
	for i := len(snapshots) - 1; i >= 0; i-- {
		s := snapshots[i]
		if !begun[s.Backend] {
			continue
		}
		u.tell("restoring what " + s.Backend + " had changed")
		applier, err := u.Applier(s.Backend)
		if err == nil {
			err = applier.Restore(ctx, s.Data)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("backend %q: restore: %w", s.Backend, err))
		}
	}
	return errs
}

func (u Undoer) tell(step string) {
	if u.Progress != nil {
		u.Progress(step)
	}
}

// runName is a run's part of the names of temporary files.
func runName(id int) string { return fmt.Sprintf("%06d", id) }
