package engine

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// LockedError says who is at work on the host.
type LockedError struct{ Holder string }

func (e *LockedError) Error() string {
	return fmt.Sprintf("another linkspan is at work: %s; nothing was changed", e.Holder)
}

// How long a lock is tried for. A guard takes it for a moment to look whether its
// run is over, so that it is waited for; one that undoes keeps it longer.
const (
	patience      = 100 * time.Millisecond
	guardPatience = 5 * time.Second
	lockPause     = 5 * time.Millisecond
)

// ofGuard begins what the file says while a guard has the lock.
const ofGuard = "guard, "

// lock takes the host's lock: flock on a file in the state directory, which
// the kernel gives back when the holder dies. The file says who holds it.
func lock(stateDir string) (unlock func(), err error) {
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	f, err := lockFile(stateDir)
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(lockPause) {
		err := flock(f, unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			sayHolder(f, "")
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", f.Name(), err), f.Close())
		}
		holder, waited := holderOf(f.Name()), time.Since(began)
		if waited > guardPatience || waited > patience && !strings.HasPrefix(holder, ofGuard) {
			f.Close()
			return nil, &LockedError{Holder: holder}
		}
	}
}

func holderOf(path string) string {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return "one that has not yet said who it is"
	}
	return strings.TrimSpace(string(text))
}

// waitForLock takes the host's lock for a guard, as soon as nobody else has it.
func waitForLock(stateDir string) (unlock func(), err error) {
	f, err := lockFile(stateDir)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", f.Name(), err), f.Close())
	}
	sayHolder(f, ofGuard)
	return func() { f.Close() }, nil
}

func lockFile(stateDir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(stateDir, "lock"), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	return f, nil
}

func flock(f *os.File, how int) error {
	for {
		if err := unix.Flock(int(f.Fd()), how); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// sayHolder writes down who has the lock. On a full disk nobody is named: that is
// no reason to keep an undo from its work.
func sayHolder(f *os.File, as string) {
	who := fmt.Sprintf("uid %d", os.Getuid())
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	f.Truncate(0) // else what is written names who had it last as well
	fmt.Fprintf(f, "%spid %d, user %s, `%s`, since %s\n", as, os.Getpid(), who, strings.Join(os.Args, " "), time.Now().Format(time.RFC3339))
}
