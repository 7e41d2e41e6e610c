package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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

// nothingLeft looks for what a rehearsal could leave: directories in the
// script's own TMPDIR, and processes that have it in their command line.
func nothingLeft(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: nothing-left")
	}
	tmp := ts.Getenv("TMPDIR")
	entries, err := os.ReadDir(tmp)
	ts.Check(err)
	for _, e := range entries {
		ts.Fatalf("%s was left in TMPDIR", e.Name())
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	ts.Check(err)
	for _, path := range lines {
		b, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(b), tmp) {
			ts.Fatalf("%s is still running: %s", filepath.Dir(path), strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
}
