package rehearse

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"linkspan/core/rehearse/uml"
)

// keptPrefix begins the line of progress that says on which terminal a kept
// kernel waits.
const keptPrefix = "kept on "

func cutKept(line string) (terminal string, kept bool) { return strings.CutPrefix(line, keptPrefix) }

// look lets a person look round, where that was asked for.
func (d *director) look() error {
	if !d.Shell {
		return nil
	}
	return shell(os.Stdin)
}

// shell runs a shell on the host inside, on a terminal.
func shell(terminal *os.File) error {
	c := exec.Command("/bin/sh", "-i")
	for _, name := range []string{"/bin/bash", "/usr/bin/bash"} {
		if _, err := os.Stat(hostRoot + name); err == nil {
			c = exec.Command(name, "--norc", "-i")
			break
		}
	}
	c.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/bin", "TERM=" + os.Getenv("TERM"), "HOME=/run", "TMPDIR=/run", "PS1=rehearsal# ", "LANG=C.UTF-8"}, uml.HandOn()...)
	c.Dir = "/etc/linkspan"
	c.Stdin, c.Stdout, c.Stderr = terminal, terminal, terminal
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: hostRoot, Setsid: true, Setctty: true}
	if err := commandInPath(); err != nil {
		return err
	}
	err := c.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return fmt.Errorf("open a shell: %w", err)
	}
	return nil
}

// commandInPath lets a person type linkspan: a link to what runs as the first
// process, wherever its file lies.
func commandInPath() error {
	if err := os.MkdirAll("/run/bin", 0o755); err != nil {
		return fmt.Errorf("open a shell: %w", err)
	}
	err := os.Symlink("/proc/1/exe", "/run/bin/linkspan")
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("open a shell: %w", err)
	}
	return nil
}
