package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/xattr"

	"linkspan/core/engine/fault"
)

// scene is a command under faults, and the two states of which one must be
// there at the end.
type scene struct {
	name     string
	template string // a tree with its definition, from which each run starts
	args     []string
	old, new string // states of the tree
	// done is the state that exit code 0 promises.
	done string
	// alone tells that the run is undone by itself when nobody confirms it.
	alone bool
	cut   bool // it begins with a run that was cut off: a command that is refused leaves that
}

// ending is how a run ended.
type ending struct {
	said  string
	code  int // -1 when it was killed
	fired bool
	wait  time.Duration // from the kill until the last of its processes had ended
}

// soon is how long a confirmation is waited for that does not come.
const soon = 100 * time.Millisecond

// hung is how long a run may take before it counts as hung.
const hung = 2 * time.Minute

// watching is how a run is watched.
type watching struct {
	dir    string                         // in which it runs
	calls  []string                       // that are watched
	decide func(fault.Call) fault.Verdict // nil watches nothing
}

// linkspan runs the program in dir, with each watched call put to decide; nil
// watches nothing.
func linkspan(t *testing.T, dir string, decide func(fault.Call) fault.Verdict, args ...string) ending {
	t.Helper()
	return watching{dir, fault.Changing(), decide}.linkspan(t, args...)
}

func (w watching) linkspan(t *testing.T, args ...string) ending {
	t.Helper()
	return w.run(t, exec.Command("linkspan", args...))
}

// run runs a command of the program; what it says is caught where it does not go
// elsewhere.
func (w watching) run(t *testing.T, c *exec.Cmd) ending {
	t.Helper()
	c.Dir = w.dir
	c.Env = append(os.Environ(), "HOME="+w.dir, "XDG_RUNTIME_DIR="+w.dir)
	said, err := os.CreateTemp(w.dir, ".said")
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	if c.Stdout == nil {
		c.Stdout = said
	}
	if c.Stderr == nil {
		c.Stderr = said
	}
	var out ending
	var killed time.Time
	if w.decide == nil {
		err = c.Run()
	} else {
		ctx, cancel := context.WithTimeout(t.Context(), hung)
		defer cancel()
		err = fault.Run(ctx, c, w.calls, func(call fault.Call) fault.Verdict {
			v := w.decide(call)
			if v.Kill || v.Errno != 0 || v.Lie {
				out.fired, killed = true, time.Now()
			}
			return v
		})
		out.wait = time.Since(killed)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Errorf("%v: %v", c.Args, err)
	}
	text, err := os.ReadFile(said.Name())
	if err != nil {
		t.Fatal(err)
	}
	out.said, out.code = string(text), c.ProcessState.ExitCode()
	return out
}

// must runs the program and wants it to succeed.
func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out := linkspan(t, dir, nil, args...)
	if out.code != 0 {
		t.Fatalf("%v ended with %d:\n%s", args, out.code, out.said)
	}
	return out.said
}

// faultDir is a new directory on a tmpfs, where there is one: thousands of runs
// need not wear a disk.
func faultDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "linkspan-fault-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// scenarioScenes are apply, apply that nobody confirms, rollback, and resume and
// recover after an apply that was cut off, of the scenario.
func scenarioScenes(t *testing.T) []scene {
	dir := faultDir(t)
	before := filepath.Join(dir, "before")
	copyTree(t, filepath.Join(exampleDir, "xen-bond-vlan"), before)
	if err := os.RemoveAll(filepath.Join(before, "after")); err != nil {
		t.Fatal(err)
	}
	particular := filepath.Join(before, "before/etc/xen/xend-config.sxp")
	if err := errors.Join(os.Chmod(particular, 0o640), os.Chtimes(particular, longAgo, longAgo)); err != nil {
		t.Fatal(err)
	}
	if err := xattr.Set(particular, "user.note", []byte("ours")); err != nil {
		t.Logf("%s has no extended attributes: %v", dir, err)
	}
	return scenesOf(t, dir, []string{"-root", "before", "site.hcl"})
}

// manyScenes are the same of a host with n VLANs, each with its bridge.
func manyScenes(t *testing.T, n int) []scene {
	dir := faultDir(t)
	before := filepath.Join(dir, "before")
	write(t, filepath.Join(before, "site.hcl"), pairsDefinition(n))
	for i := range 5 { // some that are there already
		write(t, filepath.Join(before, fmt.Sprintf("before/etc/sysconfig/network-scripts/ifcfg-xenbr%d", 10*i+1)), fmt.Sprintf("DEVICE=xenbr%d\nONBOOT=no\n", 10*i+1))
	}
	return scenesOf(t, dir, []string{"-root", "before", "-host", "big", "site.hcl"})
}

func scenesOf(t *testing.T, dir string, where []string) []scene {
	t.Helper()
	before, after, cut := filepath.Join(dir, "before"), filepath.Join(dir, "after"), filepath.Join(dir, "cut")
	copyTree(t, before, after)
	copyTree(t, before, cut)
	apply := append([]string{"apply", "-auto-approve"}, where...)
	must(t, after, apply...)
	renames := 0
	linkspan(t, cut, func(c fault.Call) fault.Verdict {
		if strings.HasPrefix(c.Name, "renameat") && c.Role == "program" {
			renames++
		}
		return fault.Verdict{Kill: renames == 3}
	}, apply...)
	old, new := hostState(t, before), hostState(t, after)
	if at := hostState(t, cut); at == old || at == new {
		t.Fatal("the apply that was to be cut off was not")
	}
	return []scene{
		{name: "apply", template: before, args: apply, old: old, new: new, done: new},
		{name: "apply -confirm", template: before, args: append([]string{"apply", "-confirm", soon.String(), "-auto-approve"}, where...), old: old, new: new, done: new, alone: true},
		{name: "rollback", template: after, args: []string{"rollback", "-auto-approve", "-root", "before"}, old: new, new: old, done: old},
		{name: "resume", template: cut, args: append([]string{"rollback", "-resume", "-auto-approve"}, where...), old: old, new: new, done: new, cut: true},
		{name: "recover", template: cut, args: []string{"recover", "-root", "before"}, old: old, new: new, done: old, cut: true},
	}
}

// copy is a new tree of the scene.
func (s *scene) copy(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(s.template), "try")
	if err != nil {
		t.Fatal(err)
	}
	copyTree(t, s.template, dir)
	return dir
}

// count is how many of these calls the program makes when nothing goes wrong.
func (s *scene) count(t *testing.T, calls []string) int {
	t.Helper()
	n := 0
	out := watching{s.copy(t), calls, func(c fault.Call) fault.Verdict {
		if c.Role == "program" {
			n = c.Number
		}
		return fault.Verdict{}
	}}.linkspan(t, s.args...)
	if out.code != 0 || n == 0 {
		t.Fatalf("%s ended with %d after %d calls:\n%s", s.name, out.code, n, out.said)
	}
	return n
}

func difference(a, b string) string {
	var out []string
	for line := range strings.Lines(a) {
		if !strings.Contains(b, line) {
			out = append(out, "has   "+line)
		}
	}
	for line := range strings.Lines(b) {
		if !strings.Contains(a, line) {
			out = append(out, "lacks "+line)
		}
	}
	return strings.Join(out, "")
}

// leftover names a temporary file below the host's root.
func leftover(t *testing.T, dir string) string {
	found := ""
	walkHost(t, dir, func(name string, _ fs.FileInfo) {
		if strings.HasPrefix(filepath.Base(name), ".linkspan") {
			found = name
		}
	})
	return found
}

// hostState spells the host's files but the program's own: mode, owner,
// attributes, content, and the times of files that are not new at each run.
func hostState(t *testing.T, dir string) string {
	var b bytes.Buffer
	walkHost(t, dir, func(name string, info fs.FileInfo) {
		if strings.HasPrefix(filepath.Base(name), ".linkspan") {
			return // see leftover
		}
		st := info.Sys().(*syscall.Stat_t)
		fmt.Fprintf(&b, "%s %v %d:%d", name, info.Mode(), st.Uid, st.Gid)
		if info.Mode().IsRegular() {
			path := filepath.Join(dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
			}
			if info.ModTime().Year() < 2020 { // an old file; see copyTree
				b.WriteString(" " + strconv.FormatInt(info.ModTime().UnixNano(), 10))
			}
			if note, err := xattr.Get(path, "user.note"); err == nil {
				fmt.Fprintf(&b, " user.note=%q", note)
			}
			fmt.Fprintf(&b, " %q", text)
		}
		b.WriteString("\n")
	})
	return b.String()
}

func walkHost(t *testing.T, dir string, visit func(name string, info fs.FileInfo)) {
	err := filepath.WalkDir(filepath.Join(dir, "before"), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if rel == "before/var" {
			return fs.SkipDir
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		visit(rel, info)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
