package uml

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Environment variables for the warden.
const (
	launching  = "LINKSPAN_UML_LAUNCH" // the kernel's path; makes Main the warden of it
	onTerminal = "LINKSPAN_UML_TERMINAL"
	sharing    = "LINKSPAN_UML_SHARE" // the share, if nobody but Run knows it
)

// The warden's end of the pipe that tells what Run wants. stopByte asks for
// the kernel's end; an end of file without it says that Run has died.
const (
	wardenPipe = 3
	stopByte   = 's'
)

// warden starts the kernel and sees to it that nothing of it is left when it
// has ended, or when the program that wanted it has died, by SIGKILL too: the
// kernel has helper processes that outlive it (Linux
// arch/um/os-Linux/sigio.c, helper.c).
func warden(path string) int {
	runtime.LockOSThread() // PR_SET_PDEATHSIG goes by the thread, and so does the filter
	// Whoever ends us does so by the pipe.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGTTOU, unix.SIGPIPE)
	pipe, share := os.NewFile(wardenPipe, "pipe"), os.Getenv(sharing)
	terminal := os.Getenv(onTerminal) != ""
	for _, name := range []string{launching, onTerminal, sharing} {
		if err := os.Unsetenv(name); err != nil {
			return wardenFails(err)
		}
	}
	if needsLauncher() {
		if err := hideState(); err != nil {
			return wardenFails(err)
		}
	}
	if err := stay(); err != nil {
		return wardenFails(err)
	}
	c := exec.Command(path, os.Args[1:]...)
	c.Args[0] = path
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if terminal {
		c.SysProcAttr.Foreground, c.SysProcAttr.Ctty = true, 0
		defer keepTerminal()()
	}
	if err := c.Start(); err != nil {
		return wardenFails(err)
	}
	group := -c.Process.Pid
	died := make(chan struct{}, 1)
	go obey(pipe, group, died)
	err := c.Wait()
	_ = unix.Kill(group, unix.SIGKILL) // its helpers; there may be none
	select {
	case <-died:
		sweep(share)
	default:
	}
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return wardenFails(err)
	}
	return c.ProcessState.ExitCode()
}

// stay keeps this thread, and what it starts, on the processor where it is. The
// kernel and the process that it runs wait for one another at every system call
// and every page fault (ptrace); on two processors each of these wakes the other
// one up, which was measured to cost two to four times as much.
func stay() error {
	var cpu uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); errno != 0 {
		return fmt.Errorf("find the processor: %w", errno)
	}
	var one unix.CPUSet
	one.Set(int(cpu))
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("stay on processor %d: %w", cpu, err)
	}
	return nil
}

func wardenFails(err error) int {
	fmt.Fprintln(os.Stderr, "rehearsal kernel:", err)
	return 125
}

// obey ends the kernel when it is told to, and says so first when it was told
// by the death of Run.
func obey(pipe io.Reader, group int, died chan<- struct{}) {
	told := make([]byte, 1)
	if n, _ := io.ReadFull(pipe, told); n == 0 {
		died <- struct{}{}
	}
	_ = unix.Kill(group, unix.SIGKILL)
}

// sweep takes the directory away that Run cannot any more. Helpers of the
// kernel that are still dying may write into it for a moment.
func sweep(share string) {
	const tries = 100
	for n := 0; share != "" && n < tries && os.RemoveAll(share) != nil; n++ {
		time.Sleep(20 * time.Millisecond)
	}
}

// keepTerminal remembers how the terminal is, and returns what brings it back:
// a kernel that is killed leaves it raw, and to a group that is gone.
func keepTerminal() func() {
	was, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	return func() {
		_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp())
		_ = unix.IoctlSetTermios(0, unix.TCSETS, was)
	}
}
