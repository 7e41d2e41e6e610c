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

// lock takes the host's lock: flock on a file in the state directory, which
// the kernel gives back when the holder dies. The file says who holds it.
func lock(stateDir string) (unlock func(), err error) {
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	path := filepath.Join(stateDir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		holder, readErr := os.ReadFile(path)
		if readErr != nil || len(holder) == 0 {
			holder = []byte("one that has not yet said who it is")
		}
		return nil, &LockedError{Holder: strings.TrimSpace(string(holder))}
	}
	if err := errors.Join(f.Truncate(0), writeHolder(f)); err != nil {
		f.Close()
		return nil, fmt.Errorf("state directory: %w", err)
	}
	return func() { f.Close() }, nil
}

func writeHolder(f *os.File) error {
	who := fmt.Sprintf("uid %d", os.Getuid())
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	_, err := fmt.Fprintf(f, "pid %d, user %s, `%s`, since %s\n", os.Getpid(), who, strings.Join(os.Args, " "), time.Now().Format(time.RFC3339))
	return err
}
