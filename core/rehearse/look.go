package rehearse

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
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
	switch {
	case d.Shell:
		return shell(os.Stdin)
	case d.Keep:
		return d.keep()
	}
	return nil
}

// keep opens shells on the kernel's second terminal until the kernel is ended
// from outside.
func (d *director) keep() error {
	for first := true; ; first = false {
		terminal, err := os.OpenFile("/dev/tty1", os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			return fmt.Errorf("open the terminal: %w", err)
		}
		if first {
			outside, err := terminalOutside()
			if err != nil {
				return err
			}
			d.say(keptPrefix + outside)
		}
		if err := shell(terminal); err != nil {
			return err
		}
		if err := terminal.Close(); err != nil {
			return fmt.Errorf("close the terminal: %w", err)
		}
	}
}

// terminalOutside finds in the kernel's log on which pseudo-terminal of the
// machine the terminal ends (Linux arch/um/drivers/line.c: "Virtual console 1
// assigned device '/dev/pts/5'").
func terminalOutside() (string, error) {
	const readAll = 3 // syslog(2), SYSLOG_ACTION_READ_ALL
	b := make([]byte, 1<<20)
	n, err := unix.Klogctl(readAll, b)
	if err != nil {
		return "", fmt.Errorf("read the kernel's log: %w", err)
	}
	for _, line := range slices.Backward(strings.Split(string(b[:n]), "\n")) {
		if _, rest, ok := strings.Cut(line, "console 1 assigned device '"); ok {
			name, _, _ := strings.Cut(rest, "'")
			return name, nil
		}
	}
	return "", errors.New("the kernel did not say where its terminal is")
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
