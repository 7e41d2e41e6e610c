package fault

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// watched are the system calls that can be watched, by name: those that make,
// write, rename, link, remove, sync, lock or dress a file, or send to the kernel.
var watched = map[string]int{
	"openat": unix.SYS_OPENAT, "write": unix.SYS_WRITE, "pwrite64": unix.SYS_PWRITE64, "fsync": unix.SYS_FSYNC,
	"syncfs": unix.SYS_SYNCFS, "renameat": unix.SYS_RENAMEAT, "renameat2": unix.SYS_RENAMEAT2, "linkat": unix.SYS_LINKAT,
	"unlinkat": unix.SYS_UNLINKAT, "mkdirat": unix.SYS_MKDIRAT, "fchmod": unix.SYS_FCHMOD, "fchmodat": unix.SYS_FCHMODAT,
	"fchown": unix.SYS_FCHOWN, "fchownat": unix.SYS_FCHOWNAT, "utimensat": unix.SYS_UTIMENSAT, "fsetxattr": unix.SYS_FSETXATTR,
	"flock": unix.SYS_FLOCK, "ftruncate": unix.SYS_FTRUNCATE, "fallocate": unix.SYS_FALLOCATE,
	"sendto": unix.SYS_SENDTO, "sendmsg": unix.SYS_SENDMSG, "read": unix.SYS_READ, "pread64": unix.SYS_PREAD64,
	"clone": unix.SYS_CLONE,
}

// Changing are the calls that change something, or may.
func Changing() []string {
	var out []string
	for name := range maps.Keys(watched) {
		if name != "read" && name != "pread64" && name != "clone" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

var names = func() map[int]string {
	out := make(map[int]string)
	for name, n := range watched {
		out[n] = name
	}
	return out
}()

// Call is one system call that is about to be made.
type Call struct {
	Name   string // e.g. "renameat"
	PID    int    // of the process
	Role   string // "program"; "plugin NAME"; "guard"; "" for another program
	Number int    // 1 for the first one of its role
	args   [6]uint64
}

// String spells it for people, e.g. "plugin ifcfg 12, write".
func (c Call) String() string { return fmt.Sprintf("%s %d, %s", c.Role, c.Number, c.Name) }

// Target is what the call's descriptor is, e.g. "/etc/hosts" or "socket:[123]"; ""
// when it has none.
func (c Call) Target() string {
	to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.PID, int32(c.args[0])))
	if err != nil {
		return ""
	}
	return to
}

// Data is what a write, pwrite64 or sendto is about to write or send.
func (c Call) Data() ([]byte, error) {
	out := make([]byte, c.args[2])
	err := c.memory(func(m *os.File) error {
		_, err := m.ReadAt(out, int64(c.args[1]))
		return err
	})
	return out, err
}

// replace puts other bytes where the call's are: the process waits for the
// answer, and the kernel reads them after it.
func (c Call) replace(data []byte) error {
	if uint64(len(data)) > c.args[2] {
		return fmt.Errorf("fault: %s has %d bytes, not %d", c, c.args[2], len(data))
	}
	return c.memory(func(m *os.File) error {
		_, err := m.WriteAt(data, int64(c.args[1]))
		return err
	})
}

// memory opens the memory of the call's process (proc(5)).
func (c Call) memory(use func(*os.File) error) error {
	m, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", c.PID), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	return errors.Join(use(m), m.Close())
}

// counts reports whether the call may change something beyond the process.
func (c Call) counts() bool {
	const writing = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC
	switch c.Name {
	case "openat":
		return c.args[2]&writing != 0
	case "write":
		return !strings.HasPrefix(c.Target(), "anon_inode:") // the runtime's own eventfd
	case "clone":
		return c.args[0]&unix.CLONE_THREAD == 0 // a process, no thread
	}
	return true
}

// roleOf reads what a process is from its command line.
func roleOf(pid, program int) string {
	if pid == program {
		return "program"
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	args := strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
	for i, a := range args {
		switch {
		case a == "guard" && i == 1:
			return "guard"
		case a == "plugin-serve" && i == 1 && len(args) > 2:
			return "plugin " + args[2]
		}
	}
	return filepath.Base(args[0])
}

// processOf is the process of a thread.
func processOf(thread int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return thread
	}
	_, rest, ok := strings.Cut(string(text), "\nTgid:")
	line, _, _ := strings.Cut(rest, "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if !ok || err != nil {
		return thread
	}
	return pid
}
