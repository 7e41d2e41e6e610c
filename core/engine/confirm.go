package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"linkspan/core/engine/journal"
	"linkspan/core/files"
)

// ErrNothingPending says that no apply waits to be confirmed.
var ErrNothingPending = errors.New("no apply waits to be confirmed; `linkspan history` shows how the last one ended")

// Confirm keeps the apply that waits for it. It tells of what it could not remove
// then.
func Confirm(store journal.Store, tell func(string)) (*journal.Run, error) {
	return pending(store, func(run *journal.Run) error {
		b := run.Begin()
		set, err := files.Resume(b.Root, runName(run.ID), b.Files)
		if err != nil {
			return err
		}
		if err := run.Append(journal.Record{Kind: journal.KindConfirmed}, true); err != nil {
			return err
		}
		stays(set, store, tell)
		return nil
	})
}

// Extend gives the apply that waits to be confirmed a new deadline, and another
// guard if nobody watches over it any more.
func Extend(store journal.Store, d time.Duration, guard Guard) (*journal.Run, error) {
	return pending(store, func(run *journal.Run) error {
		if !Guarded(store.StateDir(), run.ID) {
			if err := guard.Arm(context.Background(), run.ID); err != nil {
				return fmt.Errorf("arming the undo again: %w", err)
			}
		}
		at, err := journal.DeadlineIn(d)
		if err != nil {
			return err
		}
		return run.Append(journal.Record{Kind: journal.KindDeadline, Deadline: &at}, true)
	})
}

// pending does something to the run that waits, with the lock held.
func pending(store journal.Store, do func(*journal.Run) error) (*journal.Run, error) {
	unlock, err := lock(store.StateDir())
	if err != nil {
		return nil, err
	}
	defer unlock()
	open, err := store.Open()
	if err != nil {
		return nil, err
	}
	for _, run := range open {
		if run.State() == journal.Pending {
			if left, err := TimeLeft(run); err != nil || left == 0 {
				return run, errors.Join(errors.New("its time is over, and it is being undone"), err)
			}
			return run, do(run)
		}
	}
	return nil, ErrNothingPending
}

// Recover undoes the runs that are not over and are chosen, with the host's
// lock held, and removes what the last one may have left when it was cut off
// after its end. It returns the runs that it has tried to undo.
func (u Undoer) Recover(ctx context.Context, store journal.Store, chosen func(*journal.Run) bool) ([]*journal.Run, error) {
	if all, err := store.All(); len(all) == 0 {
		return nil, err // nothing was ever done here, so not even a lock is made
	}
	unlock, err := lock(store.StateDir())
	if err != nil {
		return nil, err
	}
	defer unlock()
	all, err := store.All()
	errs := []error{err}
	var done []*journal.Run
	for _, run := range all {
		if run.Over() || !chosen(run) {
			continue
		}
		errs = append(errs, u.Undo(ctx, run, cmp.Or(run.Why(), u.Why)))
		done = append(done, run)
	}
	if len(all) > 0 {
		if last := all[len(all)-1]; last.State() == journal.Done {
			errs = append(errs, forget(last, u.tell))
		}
	}
	return done, errors.Join(errs...)
}
