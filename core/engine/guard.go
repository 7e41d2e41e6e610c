package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/engine/journal"
)

// Guard arms the undo of a run before its first change.
type Guard interface {
	// Arm returns when a process of its own, which outlives this one and its
	// terminal, watches over the run (see Watch).
	Arm(ctx context.Context, run int) error
}

// watchPause is between two looks at a journal that waits to be confirmed.
const watchPause = 200 * time.Millisecond

// Watch is the guard's whole work: it waits until the program that makes the
// run has ended, however it ended, and undoes the run if it is unfinished, or
// when its deadline passes without a confirmation. It returns when the run is
// over.
func Watch(ctx context.Context, store journal.Store, id int, u Undoer) error {
	seen, err := watching(store.Path(id, "guard"))
	if err != nil {
		return err
	}
	defer seen.Close()
	defer os.Remove(store.Path(id, "guard")) // with its lock held; see watching
	for {
		unlock, err := waitForLock(store.StateDir())
		if err != nil {
			return err
		}
		over, err := decide(ctx, store, id, u)
		unlock()
		if over || err != nil {
			return err
		}
		if err := waitForDeadline(ctx, store, id); err != nil {
			return err
		}
	}
}

// decide looks at the run with the lock held; over says that nothing is left
// to watch.
func decide(ctx context.Context, store journal.Store, id int, u Undoer) (over bool, err error) {
	run, err := store.Peek(id)
	if errors.Is(err, journal.ErrNoRun) {
		return true, nil // it had changed nothing
	}
	if err != nil {
		return false, err
	}
	why := "the program died before it was done"
	switch run.State() {
	case journal.Unfinished:
	case journal.Pending:
		if left, err := TimeLeft(run); err != nil || left > 0 {
			return false, err
		}
		why = "nobody confirmed it in time"
	default:
		return true, nil
	}
	if run, err = store.Load(id); err != nil {
		return false, err
	}
	return true, u.Undo(ctx, run, why)
}

// waitForDeadline looks at the journal, without the lock, until its run is no
// longer pending or its time is over.
func waitForDeadline(ctx context.Context, store journal.Store, id int) error {
	for {
		run, err := store.Peek(id)
		if err != nil {
			return err
		}
		left, err := TimeLeft(run)
		if err != nil || left == 0 || run.State() != journal.Pending {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(min(left, watchPause)):
		}
	}
}

// TimeLeft is how long a run may still wait; one without a deadline may not.
func TimeLeft(run *journal.Run) (time.Duration, error) {
	d, ok := run.Deadline()
	if !ok {
		return 0, nil
	}
	return d.Left()
}

// watching makes the guard's file and locks it: as long as the lock is held, the
// guard lives. It waits for one that is about to end: of a run of that number that
// had changed nothing and was forgotten.
func watching(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, fmt.Errorf("guard: %w", err)
		}
		if err := flock(f, unix.LOCK_EX); err != nil {
			return nil, errors.Join(fmt.Errorf("guard: %w", err), f.Close())
		}
		if sameFile(f, path) {
			return f, nil
		}
		f.Close() // the other one has removed it
	}
}

// sameFile reports whether the path still leads to the open file.
func sameFile(f *os.File, path string) bool {
	have, err := f.Stat()
	there, statErr := os.Lstat(path)
	return err == nil && statErr == nil && os.SameFile(have, there)
}

// Guarded reports whether a guard watches over the run.
func Guarded(stateDir string, id int) bool {
	f, err := os.Open(journal.In(stateDir).Path(id, "guard"))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// WaitGuarded waits until a guard watches over the run.
func WaitGuarded(ctx context.Context, stateDir string, id int) error {
	for !Guarded(stateDir, id) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("no guard watches over run %d: %w", id, context.Cause(ctx))
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}
