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
	go obey(pipe, group, share)
	err := c.Wait()
	_ = unix.Kill(group, unix.SIGKILL) // its helpers; there may be none
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return wardenFails(err)
	}
	return c.ProcessState.ExitCode()
}

func wardenFails(err error) int {
	fmt.Fprintln(os.Stderr, "rehearsal kernel:", err)
	return 125
}

// obey ends the kernel when it is told to. When Run has died, nobody else takes
// its directory away.
func obey(pipe io.Reader, group int, share string) {
	told := make([]byte, 1)
	n, _ := io.ReadFull(pipe, told)
	_ = unix.Kill(group, unix.SIGKILL)
	if n == 0 && share != "" {
		_ = os.RemoveAll(share)
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
