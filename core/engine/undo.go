package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"linkspan/core/backend"
	"linkspan/core/engine/journal"
	"linkspan/core/files"
	"linkspan/core/process"
)

// Restorer gives the backend that can restore a snapshot. It depends on nothing
// that may have gone since the snapshot was taken. Who calls it calls done when
// the snapshot is restored.
type Restorer func(journal.Snapshot) (b backend.Applier, done func(), err error)

// Undoer puts back what a run has changed, from its journal alone: the program
// that made the run may have died, and its definition be gone.
type Undoer struct {
	// Applier gives the backend that can restore a snapshot, and what ends it.
	Applier  Restorer
	Services Services // nil leaves services alone
	// Hooks gives the run's hooks, without the definitions; nil has none.
	Hooks    func(*journal.Run) (Hooks, error)
	Progress func(step string) // nil is silent
	// KeepChanged leaves files as they are that someone else has written
	// meanwhile; else each is an error.
	KeepChanged bool
	// Dead tells that the program that made the run is another one than this. It has
	// ended, but its plugins may still be at the operation that they had in hand, and
	// its hooks' commands at work.
	Dead bool
	Why  string // the reason that Recover gives, where a run has none yet
}

// finishTime is how long plugins are waited for that finish what they have in hand:
// they give themselves half a minute.
const finishTime = 35 * time.Second

// Undo puts everything back and says so in the journal. It can be called again
// after a failure, and from another process, until it has succeeded. It goes
// on after an error, so that as much as possible is as before.
func (u Undoer) Undo(ctx context.Context, run *journal.Run, why string) error {
	if u.Dead {
		outlast(run)
	}
	// A journal that takes nothing any more is no reason to leave the host as it is.
	noted := run.Append(journal.Record{Kind: journal.KindUndoing, Why: why}, true)
	if err := u.putBack(ctx, run); err != nil {
		return errors.Join(noted, err, run.Append(journal.Record{Kind: journal.KindFailed, Why: err.Error()}, true))
	}
	if err := run.Append(journal.Record{Kind: journal.KindUndone, Why: why}, true); err != nil {
		return fmt.Errorf("everything is as before, but the journal does not take it: %w", err)
	}
	return nil
}

// outlast waits until nothing of the program that made a run is at work any more: its
// plugins finish what they have in hand, and nothing is to be restored under them.
func outlast(run *journal.Run) {
	process.Await(run.Plugins(), finishTime)
	process.EndAll()
}

func (u Undoer) putBack(ctx context.Context, run *journal.Run) error {
	boot, err := journal.BootID()
	if err != nil {
		return err
	}
	errs := append(u.restore(ctx, run, run.Rebooted(boot)), u.putFilesBack(run, boot))
	errs = append(errs, u.restart(ctx, run, boot)...)
	if run.Begin().RollbackOf == 0 {
		if err := u.onRollback(ctx, run); err != nil {
			u.tell(fmt.Sprintf("on_rollback: %v", err)) // what a hook thinks of an undo does not stop it
		}
	}
	return errors.Join(errs...)
}

func (u Undoer) putFilesBack(run *journal.Run, boot string) error {
	u.tell(fmt.Sprintf("putting %s back", files.Count(len(run.Begin().Files.Files))))
	set, err := setOf(run, boot)
	if err != nil {
		return err
	}
	if u.KeepChanged {
		set.KeepChanged()
	}
	return set.Undo()
}

// restart restarts what the run has restarted in this boot. What has started since
// the host rebooted has started from what was there then: from the old files, if
// this is the boot's own recover, which runs before.
func (u Undoer) restart(ctx context.Context, run *journal.Run, boot string) (errs []error) {
	if u.Services == nil {
		return nil
	}
	for _, service := range run.BegunIn(boot, "restart ") {
		r := restartAs(run.Begin().Plan, service)
		u.tell(r.How())
		if err := u.Services.Restart(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("restarting %s: %w", service, err))
		}
	}
	return errs
}

// onRollback tells the run's hooks that everything has been put back.
func (u Undoer) onRollback(ctx context.Context, run *journal.Run) error {
	if u.Hooks == nil {
		return nil
	}
	hooks, err := u.Hooks(run)
	if err != nil || hooks == nil {
		return err
	}
	return hooks.Run(ctx, HookEvent{Phase: "on_rollback", Plan: run.Begin().Plan, Reason: run.Why(), Journal: runHooks{run}})
}

// restore gives each backend that had begun its snapshot back, the last first.
// After a reboot the kernel has nothing of what it had, before or after: the
// network's start makes it anew, from the files.
func (u Undoer) restore(ctx context.Context, run *journal.Run, rebooted bool) []error {
	begun := make(map[string]bool)
	for _, name := range run.Begun("backend ") {
		begun[name] = true
	}
	var errs []error
	for _, s := range slices.Backward(run.Begin().Snapshots) {
		if !begun[s.Backend] || rebooted && s.Volatile {
			continue
		}
		if err := u.restoreOne(ctx, run, s); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func (u Undoer) restoreOne(ctx context.Context, run *journal.Run, s journal.Snapshot) error {
	u.tell("restoring what " + s.Backend + " had changed")
	applier, done, err := u.Applier(s)
	if err == nil {
		err = backend.Restore(ctx, applier, s.Data, warner(run, s.Backend, u.tell))
		done()
	}
	if err != nil {
		return fmt.Errorf("backend %q: restore: %w", s.Backend, err)
	}
	return nil
}

func (u Undoer) tell(step string) {
	if u.Progress != nil {
		u.Progress(step)
	}
}

// runName is a run's part of the names of temporary files.
func runName(id int) string { return fmt.Sprintf("%06d", id) }
