package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Trusted checks an opened file that will be run as sshd's StrictModes checks
// a file (safe_path in OpenSSH's misc.c): it is a regular file that belongs to
// root or to this user, nobody else may write it, and the same holds for every
// directory above it, so that nobody else can put another file in its place.
// When linkspan runs as root, "this user" is root. path is the name by which f
// was opened; where a symlink leads is checked as well.
func Trusted(path string, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is no regular file, but %s", info.Mode().Type())
	}
	if err := trustedEntry(path, info); err != nil {
		return err
	}
	// Where the name leads, and where the opened file lies: a symlink has both.
	real, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return err
	}
	if strings.HasSuffix(real, " (deleted)") {
		return errors.New("it was removed or replaced just now; try again")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	for _, p := range []string{absolute, real} {
		if err := trustedAbove(p); err != nil {
			return err
		}
	}
	return nil
}

// trustedAbove checks every directory above a path.
func trustedAbove(path string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if err := trustedEntry(dir, info); err != nil {
			return err
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// trustedEntry checks the owner and the mode of one file or directory. In a
// sticky directory, as /tmp is, others cannot replace what is not theirs.
func trustedEntry(path string, info fs.FileInfo) error {
	owner := -1
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(st.Uid)
	}
	if owner != 0 && owner != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d, who could put any program there; `chown root %s`", path, owner, path)
	}
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("%s may be written by others (mode %04o); `chmod go-w %s`", path, info.Mode().Perm(), path)
	}
	return nil
}
