// Package process tells a process from a later one of the same number, and ends what
// a program has started that lives on after it: what it starts is marked, in the
// environment, which all that it starts in turn inherits.
package process

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// variable has the mark. Its value names the program, its session, and which of all
// that it has started this is.
const variable = "LINKSPAN_STARTED_BY="

// Mark is a variable for the environment of one more process that this program
// starts.
func Mark() (string, error) {
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "", fmt.Errorf("who this is: %w", err)
	}
	started, lives := startOf(os.Getpid())
	if !lives {
		return "", fmt.Errorf("who this is: /proc/%d/stat cannot be read", os.Getpid())
	}
	session, err := unix.Getsid(0)
	if err != nil {
		return "", fmt.Errorf("who this is: getsid: %w", err)
	}
	return fmt.Sprintf("%s%s %d %s %d %s", variable, space, os.Getpid(), started, session, rand.Text()), nil
}

// End kills what has the mark, and all that it has started.
func End(mark string) { kill(func(_ int, m string) bool { return m == mark }) }

// EndAll kills all whose programs have died, and what they have started in turn, as
// far as it is in the session of its program. What belongs to a program that lives is
// left alone, and so is what has made a session of its own: a daemon that a command
// has started stays when the command has done its work.
func EndAll() {
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return // without /proc nothing is found
	}
	kill(func(pid int, mark string) bool {
		f := strings.Fields(strings.TrimPrefix(mark, variable))
		if len(f) != 5 || f[0] != space {
			return false // of a container; it has numbers of its own
		}
		program, err := strconv.Atoi(f[1])
		if err != nil {
			return false
		}
		if session, err := unix.Getsid(pid); err != nil || strconv.Itoa(session) != f[3] {
			return false
		}
		started, lives := startOf(program)
		return !lives || started != f[2]
	})
}

// Process is one process of this boot, dead or alive.
type Process struct {
	PID     int    `json:"pid"`
	Started string `json:"started"` // in clock ticks since the boot, e.g. "8812345"
}

// Of is the process that has that number now. One that has died lives no more.
func Of(pid int) Process {
	started, _ := startOf(pid)
	return Process{pid, started}
}

// Lives reports whether it has not died yet.
func (p Process) Lives() bool {
	started, lives := startOf(p.PID)
	return lives && started == p.Started
}

// Await waits until none of the processes lives. Those that do when the time is over
// are killed.
func Await(all []Process, limit time.Duration) {
	for end := time.Now().Add(limit); slices.ContainsFunc(all, Process.Lives); time.Sleep(pause) {
		if time.Now().Before(end) {
			continue
		}
		for _, p := range all {
			if p.Lives() {
				syscall.Kill(p.PID, syscall.SIGKILL) // it may just have died
			}
		}
		if time.Now().After(end.Add(killTime)) {
			return // one that the kernel does not let die
		}
	}
}

// startOf is when a process was started, in clock ticks since the boot, as
// proc(5)'s stat has it: with its number it is one process. lives is false for one
// that has died, whether or not somebody has waited for it.
func startOf(pid int) (started string, lives bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	const state, startTime = 0, 19 // fields after the name, which may have blanks
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(f) <= startTime || f[state] == "Z" || f[state] == "X" {
		return "", false
	}
	return f[startTime], true
}

// rounds is how often it is looked for what was started just before its parent died,
// pause what is between two looks, and killTime how long one that is killed is waited
// for.
const (
	rounds   = 10
	pause    = 10 * time.Millisecond
	killTime = time.Second
)

// kill kills every process that has a mark which is chosen, until none is left.
func kill(chosen func(pid int, mark string) bool) {
	for range rounds {
		environs, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			return // only a bad pattern is an error
		}
		found := false
		for _, name := range environs {
			found = killIf(name, chosen) || found
		}
		if !found {
			return
		}
		time.Sleep(pause)
	}
}

func killIf(environ string, chosen func(pid int, mark string) bool) bool {
	content, err := os.ReadFile(environ)
	if err != nil {
		return false // it has ended, or is another user's
	}
	var pid int
	if _, err := fmt.Sscanf(environ, "/proc/%d/environ", &pid); err != nil || pid <= 1 || pid == os.Getpid() {
		return false
	}
	for v := range strings.SplitSeq(string(content), "\x00") {
		if strings.HasPrefix(v, variable) && chosen(pid, v) {
			return syscall.Kill(pid, syscall.SIGKILL) == nil
		}
	}
	return false
}
