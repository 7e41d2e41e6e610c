package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"linkspan/core/rehearse/lab"
	"linkspan/core/rehearse/uml"
)

// TestRehearsals runs the scripts below testdata/live: they boot kernels.
//
//	nothing-left   no directory and no process of a rehearsal is left behind
func TestRehearsals(t *testing.T) {
	if testing.Short() {
		t.Skip("a rehearsal boots a kernel: not with -short")
	}
	prefix := os.Getenv("LINKSPAN_UML_PREFIX")
	if _, err := uml.Locate(prefix); err != nil {
		lab.Missing(t, err.Error())
		return
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/live",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("LINKSPAN_UML_PREFIX", prefix)
			e.Setenv("TMPDIR", filepath.Join(e.WorkDir, "tmp"))
			return os.Mkdir(filepath.Join(e.WorkDir, "tmp"), 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"example": example, "exits": exits, "nothing-left": nothingLeft},
	})
}

// TestEndsWithItsPerson: a kernel that was kept ends with the program, however
// that ends, and leaves nothing behind.
func TestEndsWithItsPerson(t *testing.T) {
	long(t)
	if testing.Short() {
		t.Skip("a rehearsal boots a kernel: not with -short")
	}
	if _, err := uml.Locate(os.Getenv("LINKSPAN_UML_PREFIX")); err != nil {
		lab.Missing(t, err.Error())
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		tmp := t.TempDir()
		c := exec.Command(self)
		c.Args = []string{"linkspan", "rehearse", "-keep", "-start", "eth0", filepath.Join(exampleDir, "xen-bond-vlan")}
		c.Env = append(os.Environ(), "TMPDIR="+tmp)
		stderr, err := c.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		kept := false
		for lines := bufio.NewScanner(stderr); !kept && lines.Scan(); {
			kept = strings.Contains(lines.Text(), "keeps running")
		}
		if !kept {
			t.Fatalf("the kernel was not kept: %v", c.Wait())
		}
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, stderr) }()
		if err := c.Wait(); (err == nil) != (signal != syscall.SIGKILL) {
			t.Errorf("%s: %v", signal, err)
		}
		left := ""
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if left = leftBehind(tmp); left == "" {
				break
			}
		}
		if left != "" {
			t.Errorf("%s: %s", signal, left)
		}
	}
}

// leftBehind names a file in a directory, or a process that has the directory
// in its command line; "" is neither.
func leftBehind(tmp string) string {
	if entries, err := os.ReadDir(tmp); err != nil || len(entries) > 0 {
		return fmt.Sprintf("left in TMPDIR: %v %v", entries, err)
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err.Error()
	}
	for _, path := range lines {
		b, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(b), tmp) {
			return fmt.Sprintf("%s is still running: %s", filepath.Dir(path), strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return ""
}

// nothingLeft looks for what a rehearsal could leave: directories in the
// script's own TMPDIR, and processes that have it in their command line.
func nothingLeft(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: nothing-left")
	}
	if left := leftBehind(ts.Getenv("TMPDIR")); left != "" {
		ts.Fatalf("%s", left)
	}
}
