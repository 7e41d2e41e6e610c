package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Verdict is what becomes of a call. The zero Verdict lets it happen.
type Verdict struct {
	Kill  bool          // the process is killed before the call
	Errno syscall.Errno // the call is not made and fails with it
	Lie   bool          // the call is not made and says that it was: a write of all its bytes
	Data  []byte        // the call, a write or a send, is made with these bytes in place of as many of its own
}

// notification and response are struct seccomp_notif and seccomp_notif_resp
// (linux/seccomp.h).
type notification struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type response struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// Run starts the command and asks decide about each watched call of it and of
// all that it starts, one at a time. It returns the command's own result when
// the last of them has ended.
func Run(ctx context.Context, c *exec.Cmd, calls []string, decide func(Call) Verdict) error {
	var numbers []string
	for _, name := range calls {
		n, ok := watched[name]
		if !ok {
			return fmt.Errorf("fault: %q cannot be watched", name)
		}
		numbers = append(numbers, strconv.Itoa(n))
	}
	readyR, readyW, err := os.Pipe()
	if err != nil {
		return err
	}
	goR, goW, err := os.Pipe()
	if err != nil {
		return err
	}
	c.ExtraFiles = []*os.File{readyW, goR}
	if c.Env == nil {
		c.Env = os.Environ()
	}
	c.Env = append(c.Env, environment+"="+strings.Join(numbers, ","))
	if err := c.Start(); err != nil {
		return err
	}
	readyW.Close()
	goR.Close()
	defer readyR.Close()
	listener, err := take(c.Process.Pid, readyR)
	goW.Close()
	if err != nil {
		return errors.Join(err, c.Process.Kill(), c.Wait())
	}
	defer listener.Close()
	w := watch{listener: int(listener.Fd()), program: c.Process.Pid, decide: decide, count: make(map[string]int), roles: make(map[int]string), threads: make(map[int]int)}
	ended := make(chan error, 1)
	w.ended = make(chan struct{})
	go func() { ended <- c.Wait(); close(w.ended) }()
	if err := w.all(ctx); err != nil {
		return errors.Join(err, c.Process.Kill(), <-ended)
	}
	return <-ended
}

// take gets the listener out of the process that has made it.
func take(pid int, ready io.Reader) (*os.File, error) {
	if _, err := io.ReadAll(ready); err != nil {
		return nil, err
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("fault: pidfd: %w", err)
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, listenerFD, 0)
	if err != nil {
		return nil, fmt.Errorf("fault: the program does not call fault.Main: %w", err)
	}
	return os.NewFile(uintptr(fd), "seccomp listener"), nil
}

// watch is one run that is watched.
type watch struct {
	listener, program int
	decide            func(Call) Verdict
	count             map[string]int // calls by role
	roles             map[int]string // of processes that have said what they are
	threads           map[int]int    // processes of threads
	ended             chan struct{}  // closed when the command has
}

// pollPause is how long nobody asks until it is looked whether all have ended, in
// milliseconds.
const pollPause = 10

// all answers until nobody is left who could ask.
func (w *watch) all(ctx context.Context) error {
	for {
		fds := []unix.PollFd{{Fd: int32(w.listener), Events: unix.POLLIN}}
		_, err := unix.Poll(fds, pollPause)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("fault: poll: %w", err)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case fds[0].Revents&unix.POLLIN != 0:
			if err := w.one(); err != nil {
				return err
			}
		case fds[0].Revents&unix.POLLHUP != 0, w.over():
			return nil
		}
	}
}

// over reports whether the command and all that it has started are dead. Up to
// Linux 6.10 a process that nobody waits for, as in a kernel whose first process
// is a test, keeps its filter.
func (w *watch) over() bool {
	select {
	case <-w.ended:
	default:
		return false
	}
	for _, pid := range w.threads {
		if lives(pid) {
			return false
		}
	}
	return true
}

// lives reports whether a process is neither gone nor dead (proc(5), stat).
func lives(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// one answers one question. A process that has died meanwhile wants no answer.
func (w *watch) one() error {
	var n notification
	if errno := w.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); errno != 0 {
		if errno == unix.ENOENT || errno == unix.EINTR {
			return nil
		}
		return fmt.Errorf("fault: receive: %w", errno)
	}
	r := response{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	call := Call{Name: names[int(n.nr)], PID: w.process(int(n.pid)), args: n.args}
	if call.counts() {
		call.Role = w.role(call.PID)
		w.count[call.Role]++
		call.Number = w.count[call.Role]
		v := w.decide(call)
		switch {
		case v.Kill:
			return syscall.Kill(call.PID, syscall.SIGKILL)
		case v.Errno != 0:
			r.err, r.flags = -int32(v.Errno), 0
		case v.Lie:
			r.val, r.flags = int64(n.args[2]), 0
		case v.Data != nil:
			if err := call.replace(v.Data); err != nil {
				return err
			}
		}
	}
	if errno := w.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r)); errno != 0 && errno != unix.ENOENT {
		return fmt.Errorf("fault: answer: %w", errno)
	}
	return nil
}

// process is the process of a thread.
func (w *watch) process(thread int) int {
	pid, ok := w.threads[thread]
	if !ok {
		pid = processOf(thread)
		w.threads[thread] = pid
	}
	return pid
}

// role is what a process is. One that has not yet become what it will be, just
// after its start, still looks like its parent, and is asked again.
func (w *watch) role(pid int) string {
	if r, ok := w.roles[pid]; ok {
		return r
	}
	r := roleOf(pid, w.program)
	if r == "program" || strings.HasPrefix(r, "plugin ") || r == "guard" {
		w.roles[pid] = r
	}
	return r
}

func (w *watch) ioctl(request uint, arg unsafe.Pointer) unix.Errno {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(w.listener), uintptr(request), uintptr(arg))
		if errno != unix.EINTR {
			return errno
		}
	}
}
