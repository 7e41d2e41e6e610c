package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/core/engine/fault"
)

// rowTerminalGone: the terminal goes at every call of an apply, with SIGHUP and
// errors from whatever is written to it; and the pipe that the output goes to
// closes, as with `linkspan apply | head -1`. From the first change on the apply
// goes through.
func rowTerminalGone(t *testing.T) {
	s := scenarioScenes(t)[0]
	n := s.count(t, fault.Changing())
	var c tally
	for k := 1; k <= n; k += stride(n, share()) {
		dir := s.copy(t)
		master, slave := terminal(t)
		command := exec.Command("linkspan", s.args...)
		command.Stdin, command.Stdout, command.Stderr = slave, slave, slave
		command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		changing := false
		out := watching{dir, fault.Changing(), func(call fault.Call) fault.Verdict {
			if call.Role == "program" && call.Number == k {
				slave.Close()
				master.Close()
			}
			changing = changing || call.Number < k && strings.HasPrefix(call.Name, "renameat")
			return fault.Verdict{}
		}}.run(t, command)
		if err := s.judge(t, dir, out, &c); err != nil {
			t.Errorf("the terminal went at call %d: %v", k, err)
		}
		if changing && out.code != exitDone {
			t.Errorf("the terminal went at call %d, and the apply ended with %d", k, out.code)
		}
		c.tried.Add(1)
	}
	t.Logf("%s", &c)
	for _, format := range []string{"", "-json"} {
		t.Run("head -1 "+format, func(t *testing.T) { closedPipe(t, s, format) })
	}
}

func closedPipe(t *testing.T, s scene, format string) {
	dir := s.copy(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	args := s.args
	if format != "" {
		args = append(args[:len(args):len(args)], format)
	}
	command := exec.Command("linkspan", args...)
	command.Stdout = w
	go func() {
		if _, err := bufio.NewReaderSize(r, 16).ReadString('\n'); err != nil {
			t.Error(err)
		}
		r.Close()
	}()
	slowly := 0
	out := watching{dir, fault.Changing(), func(fault.Call) fault.Verdict {
		if slowly++; slowly == 5 {
			w.Close() // ours
		}
		return fault.Verdict{}
	}}.run(t, command)
	if at := hostState(t, dir); out.code != exitDone || at != s.new {
		t.Errorf("it ended with %d:\n%s\n%s", out.code, out.said, difference(at, s.new))
	}
}

// terminal is a new pseudo-terminal (pts(4)).
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetUint32(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// rowInterrupted: SIGINT or SIGTERM at every call, once or twice: the step at
// hand is finished and everything is put back, or all was done already.
func rowInterrupted(t *testing.T) {
	scenes := scenarioScenes(t)
	var c tally
	for i := range scenes[:3] {
		s := &scenes[i]
		n := s.count(t, fault.Changing())
		for k := 1; k <= n; k += stride(4*3*n, share()) {
			for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
				for _, again := range []int{0, 5} {
					dir := s.copy(t)
					out := linkspan(t, dir, func(call fault.Call) fault.Verdict {
						if call.Role == "program" && (call.Number == k || again > 0 && call.Number == k+again) {
							if err := syscall.Kill(call.PID, signal); err != nil {
								t.Error(err)
							}
						}
						return fault.Verdict{}
					}, s.args...)
					c.tried.Add(1)
					if err := s.judge(t, dir, out, &c); err != nil {
						t.Errorf("%s: %v at call %d, again after %d: %v", s.name, signal, k, again, err)
					}
				}
			}
		}
	}
	t.Logf("%s", &c)
}

// rowLimits: no descriptors, no processes, no memory, at every call and by the
// limits of the system.
func rowLimits(t *testing.T) {
	errorsAt(t, append(fault.Changing(), "clone"), syscall.EMFILE, syscall.EAGAIN, syscall.ENOMEM)
	s := scenarioScenes(t)[0]
	refused, done := 0, 0
	var c tally
	for _, limit := range []string{"-n 8", "-n 10", "-n 12", "-n 14", "-n 16", "-n 18", "-n 20", "-n 24", "-n 64", "-v 400000", "-v 900000", "-v 1100000", "-v 1400000"} {
		dir := s.copy(t)
		command := exec.Command("sh", append([]string{"-c", "ulimit " + limit + `; exec linkspan "$@"`, "sh"}, s.args...)...)
		out := watching{dir: dir}.run(t, command)
		if err := s.judge(t, dir, out, &c); err != nil {
			t.Errorf("ulimit %s: %v", limit, err)
		}
		if out.code == 0 {
			done++
		} else {
			refused++
		}
	}
	if refused == 0 || done == 0 {
		t.Errorf("%d refused, %d done: the limits do not show the fault", refused, done)
	}
	t.Logf("%d refused by a limit, %d done", refused, done)
}
