package engine

import (
	"errors"
	"time"

	"linkspan/core/engine/journal"
)

// ErrNothingPending says that no apply waits to be confirmed.
var ErrNothingPending = errors.New("no apply waits to be confirmed; `linkspan history` shows how the last one ended")

// Confirm keeps the apply that waits for it.
func Confirm(store journal.Store) (*journal.Run, error) {
	return pending(store, func(run *journal.Run) error {
		if err := run.Append(journal.Record{Kind: journal.KindConfirmed}, true); err != nil {
			return err
		}
		return forget(run)
	})
}

// Extend gives the apply that waits to be confirmed a new deadline.
func Extend(store journal.Store, d time.Duration) (*journal.Run, error) {
	return pending(store, func(run *journal.Run) error {
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
func Recover(store journal.Store, chosen func(*journal.Run) bool, undo func(*journal.Run) error) ([]*journal.Run, error) {
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
		if state := run.State(); state == journal.Done || state == journal.Undone || !chosen(run) {
			continue
		}
		errs = append(errs, undo(run))
		done = append(done, run)
	}
	if len(all) > 0 {
		if last := all[len(all)-1]; last.State() == journal.Done {
			errs = append(errs, forget(last))
		}
	}
	return done, errors.Join(errs...)
}
