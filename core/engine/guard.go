package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	defer os.Remove(store.Path(id, "guard")) // who asks for it looks at its lock
	defer seen.Close()
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
	run, err := store.Load(id)
	if errors.Is(err, journal.ErrNoRun) {
		return true, nil // it had changed nothing
	}
	if err != nil {
		return false, err
	}
	switch run.State() {
	case journal.Unfinished:
		return true, u.Undo(ctx, run, "the program died before it was done")
	case journal.Pending:
		left, err := TimeLeft(run)
		if err != nil || left > 0 {
			return false, err
		}
		return true, u.Undo(ctx, run, "nobody confirmed it in time")
	}
	return true, nil
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

// watching makes the guard's file and locks it: as long as the lock is held,
// the guard lives.
func watching(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("guard: another one watches already: %w", err), f.Close())
	}
	_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	return f, err
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

// waitForLock takes the host's lock as soon as nobody else has it.
func waitForLock(stateDir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(stateDir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", f.Name(), err), f.Close())
		}
		return func() { f.Close() }, nil
	}
}
