package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"linkspan/core/engine/fault"
	"linkspan/core/hook/script"
	"linkspan/core/rehearse"
	"linkspan/core/rehearse/uml"
	"linkspan/plugins"
)

// TestMain makes the test binary the program, the program's own plugins, and
// what runs in a rehearsal's kernel.
func TestMain(m *testing.M) {
	fault.Main()
	if serveEvil() || serveSwitch() {
		return
	}
	if plugins.ServeIfAsked(builtins()) || script.ServeIfAsked() || serveScripted() {
		return
	}
	if rehearse.RunIfAsked(rehearsedProgram) {
		return
	}
	uml.Main(func() int { // in a rehearsal's kernel, or in that of a live test
		if code, ours := rehearse.Direct(); ours {
			return code
		}
		return m.Run()
	})
	testscript.Main(m, map[string]func(){"linkspan": program})
}

// program is the program's main.
func program() { os.Exit(run(os.Args[1:], standard())) }

// TestScripts runs the scripts below testdata/script: each uses the program as
// a person does and reads what it says. Verbs beyond testscript's own:
//
//	synced ROOT DEFINITIONS   a plan is empty, an apply changes no file's bytes or time
//	exits CODE COMMAND…       the command ends with that code
//	example NAME DIR          copies examples/NAME into DIR
//	keeps TEXT COMMAND…       the text is in no output of the command and in no file that it leaves
//	sametree A B              both trees have the same files with the same bytes
//	spoil WAY FILE            replaces a file by one that is wrong in that way
//	fulldisk ROOT DEFINITIONS  an apply on a full disk ends with 1 and changes nothing
//	waitfor ROOT STATE        waits until the last run is "undone", "applied" …
//	waitgone ROOT RUN         waits until no guard watches over that run
//	refused ROOT DEFINITIONS PATTERN  plan and apply end with 1, name it, change nothing
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("XDG_RUNTIME_DIR", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"synced": synced, "exits": exits, "example": example, "sametree": sameTree,
			"spoil": spoil, "refused": refused, "keeps": keeps, "fulldisk": fullDisk,
			"waitfor": waitFor, "waitgone": waitGone,
		},
	})
}

func synced(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: synced ROOT DEFINITIONS")
	}
	root, site := args[0], args[1]
	before := treeState(ts, ts.MkAbs(root))
	ts.Check(ts.Exec("linkspan", "plan", "-root", root, "-host", "dom0-01", "-detailed-exitcode", site))
	ts.Check(ts.Exec("linkspan", "apply", "-root", root, "-host", "dom0-01", "-auto-approve", site))
	if after := treeState(ts, ts.MkAbs(root)); before != after {
		ts.Fatalf("an apply with nothing to do changed the tree:\n%s\n%s", before, after)
	}
}

// treeState spells every file of a tree with mode, time and content.
func treeState(ts *testscript.TestScript, dir string) string {
	var b strings.Builder
	ts.Check(filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %v %v", path, info.Mode(), info.ModTime())
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %x", sha256.Sum256(content))
		}
		b.WriteString("\n")
		return nil
	}))
	return b.String()
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("%s ended with %d, not %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// keeps runs a command and looks for a text, whatever the case of its letters,
// in what the command says and in every file below the script's directory.
func keeps(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: keeps TEXT COMMAND…")
	}
	failed := ts.Exec(args[1], args[2:]...)
	holds := func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(args[0])) }
	for _, stream := range []string{"stdout", "stderr"} {
		if text := ts.ReadFile(stream); holds(text) {
			ts.Fatalf("%s shows the secret on %s:\n%s", strings.Join(args[1:], " "), stream, text)
		}
	}
	for name, text := range contents(ts, ts.MkAbs(".")) {
		if holds(text) {
			ts.Fatalf("%s left the secret in %s:\n%s", strings.Join(args[1:], " "), name, text)
		}
	}
	if failed != nil {
		ts.Logf("%v", failed)
	}
}

func example(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: example NAME DIR")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(filepath.Join(exampleDir, args[0]))))
}

func sameTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sametree A B")
	}
	a, b := contents(ts, ts.MkAbs(args[0])), contents(ts, ts.MkAbs(args[1]))
	for name := range a {
		if _, ok := b[name]; !ok {
			ts.Fatalf("%s is only in %s", name, args[0])
		}
	}
	for name, text := range b {
		if have, ok := a[name]; !ok || have != text {
			ts.Fatalf("%s differs:\n--- %s\n%s\n--- %s\n%s", name, args[0], have, args[1], text)
		}
	}
}

func contents(ts *testscript.TestScript, dir string) map[string]string {
	out := make(map[string]string)
	ts.Check(filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || strings.HasPrefix(rel, "var/lib/linkspan") {
			return err
		}
		content, err := os.ReadFile(path)
		out[rel] = string(content)
		return err
	}))
	return out
}

// exampleDir is absolute, because scripts run in folders of their own.
var exampleDir = func() string {
	dir, err := filepath.Abs("../../examples")
	if err != nil {
		panic(err)
	}
	return dir
}()
