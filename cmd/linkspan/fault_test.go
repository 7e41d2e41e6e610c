package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// faultsWanted is how many faults are tried; the short form takes a sample of
// all that there are.
var faultsWanted = flag.Int("faults", 150, "how many faults TestFaults tries")

// faulty are the system calls at which a fault is made: those that make, write,
// rename, link, remove, sync, lock or dress a file.
var faulty = []string{"openat", "write", "pwrite64", "fsync", "syncfs", "renameat", "linkat", "unlinkat", "mkdirat",
	"fchmod", "fchown", "fchownat", "utimensat", "fsetxattr", "flock", "ftruncate"}

// faultKinds are what happens at such a call.
var faultKinds = []string{"signal=KILL", "error=ENOSPC", "error=EIO", "error=EROFS", "error=EACCES"}

// scene is a command under faults, and the two states of which one must be
// there at the end.
type scene struct {
	name     string
	template string // a tree with its definition, from which each run starts
	args     []string
	old, new string // states of the tree
}

// fault is one run's fault.
type fault struct {
	call, kind string
	when       int
}

func (f fault) String() string { return fmt.Sprintf("%s at %s %d", f.kind, f.call, f.when) }

// TestFaults kills the program, or lets a system call fail, at every call that
// changes a file, in apply, rollback and recover: afterwards, with at most one
// `linkspan recover`, the host has the old configuration or the new one, byte
// for byte, with modes, owners and times. The main thread alone makes those
// calls (it is locked to its goroutine below), so that strace counts them.
func TestFaults(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		missing(t, "strace")
	}
	if out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		missing(t, "permission to trace ("+strings.TrimSpace(string(out))+")")
	}
	var tried, killed, kept atomic.Int64
	for _, s := range scenes(t) {
		all := faultsOf(t, s)
		chosen := sample(all, *faultsWanted/3)
		var wg sync.WaitGroup
		next := make(chan fault)
		for range 2 {
			wg.Go(func() {
				for f := range next {
					outcome, err := try(t, s, f)
					if err != nil {
						t.Errorf("%s, %s: %v", s.name, f, err)
					}
					tried.Add(1)
					if f.kind == "signal=KILL" {
						killed.Add(1)
					}
					if outcome == "new" {
						kept.Add(1)
					}
				}
			})
		}
		for _, f := range chosen {
			next <- f
		}
		close(next)
		wg.Wait()
		t.Logf("%s: %d of %d possible faults", s.name, len(chosen), len(all))
	}
	t.Logf("%d faults, %d of them kills; %d ended new, %d old, none between", tried.Load(), killed.Load(), kept.Load(), tried.Load()-kept.Load())
}

// missing skips and names what is missing, or fails where nothing may be.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("LINKSPAN_REQUIRE_LIVE") != "" {
		t.Fatalf("%s is missing", what)
	}
	t.Skipf("%s is missing", what)
}

// scenes are apply, rollback, and recover after an apply that was cut off.
func scenes(t *testing.T) []scene {
	dir := t.TempDir()
	before, after, cut := filepath.Join(dir, "before"), filepath.Join(dir, "after"), filepath.Join(dir, "cut")
	copyTree(t, filepath.Join(exampleDir, "xen-bond-vlan"), before)
	copyTree(t, before, after)
	apply := []string{"apply", "-auto-approve", "-root", "before", "site.hcl"}
	if out, code := linkspan(t, after, nil, apply...); code != 0 {
		t.Fatalf("apply: %d %s", code, out)
	}
	old, new := hostState(t, before), hostState(t, after)
	copyTree(t, before, cut)
	if _, code := linkspan(t, cut, []string{"-e", "inject=renameat:signal=KILL:when=3"}, apply...); code == 0 {
		t.Fatal("the apply that was to be cut off went through")
	}
	return []scene{
		{"apply", before, apply, old, new},
		{"rollback", after, []string{"rollback", "-auto-approve", "-root", "before"}, new, old},
		{"recover", cut, []string{"recover", "-root", "before"}, old, new},
	}
}

// linkspan runs the program in dir, under strace with the given options.
func linkspan(t *testing.T, dir string, strace []string, args ...string) (said string, code int) {
	argv := append([]string{"linkspan"}, args...)
	if strace != nil {
		argv = append(append([]string{"strace", "-qq", "-o", filepath.Join(dir, "trace")}, strace...), argv...)
	}
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = dir
	c.Env = append(os.Environ(), "LINKSPAN_TEST_ONE_THREAD=1", "HOME="+dir)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Errorf("%v", err)
	}
	return out.String(), c.ProcessState.ExitCode()
}

var traced = regexp.MustCompile(`(?m)^([a-z0-9_]+)\(`)

// faultsOf are all faults of a scene: every kind at every call of a clean run.
func faultsOf(t *testing.T, s scene) []fault {
	dir := t.TempDir()
	copyTree(t, s.template, dir)
	if out, code := linkspan(t, dir, []string{"-e", "trace=" + strings.Join(faulty, ",")}, s.args...); code != 0 {
		t.Fatalf("%s: %d %s", s.name, code, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "trace"))
	if err != nil {
		t.Fatal(err)
	}
	var out []fault
	count := make(map[string]int)
	for _, m := range traced.FindAllStringSubmatch(string(text), -1) {
		count[m[1]]++
		for _, kind := range faultKinds {
			out = append(out, fault{m[1], kind, count[m[1]]})
		}
	}
	for _, call := range []string{"renameat", "fsync", "unlinkat"} {
		if count[call] == 0 {
			t.Fatalf("%s makes no %s in the main thread: the faults would miss it\n%v", s.name, call, count)
		}
	}
	return out
}

func sample(all []fault, n int) []fault {
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

// try makes one fault and says how it ended: "old" or "new".
func try(t *testing.T, s scene, f fault) (string, error) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		return "", err
	}
	copyTree(t, s.template, dir)
	said, code := linkspan(t, dir, []string{"-e", fmt.Sprintf("inject=%s:%s:when=%d", f.call, f.kind, f.when)}, s.args...)
	at := hostState(t, dir)
	switch {
	case code == 0 && at != s.new && s.name != "recover":
		return "", fmt.Errorf("it says that it is done, and is not:\n%s\n%s", said, difference(at, s.new))
	case (code == exitError || code == exitUndone) && at != s.old && s.name != "recover":
		return "", fmt.Errorf("it ended with %d, and something is changed:\n%s\n%s", code, said, difference(at, s.old))
	}
	if at != s.old && at != s.new || leftover(t, dir) != "" {
		if again, code := linkspan(t, dir, nil, "recover", "-root", "before"); code != 0 {
			return "", fmt.Errorf("it ended with %d:\n%s\nrecover with %d:\n%s", code, said, code, again)
		}
	}
	at = hostState(t, dir)
	if left := leftover(t, dir); left != "" {
		return "", fmt.Errorf("it ended with %d and left %s:\n%s", code, left, said)
	}
	err = os.RemoveAll(dir)
	switch at {
	case s.old:
		return "old", err
	case s.new:
		return "new", err
	}
	return "", fmt.Errorf("it ended with %d:\n%s\nafter recover it is neither the old nor the new:\n%s", code, said, difference(at, s.old))
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
// size, content, and the times of files that are not new at each run.
func hostState(t *testing.T, dir string) string {
	var b strings.Builder
	walkHost(t, dir, func(name string, info fs.FileInfo) {
		if strings.HasPrefix(filepath.Base(name), ".linkspan") {
			return // see leftover
		}
		st := info.Sys().(*syscall.Stat_t)
		fmt.Fprintf(&b, "%s %v %d:%d", name, info.Mode(), st.Uid, st.Gid)
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Error(err)
			}
			if info.ModTime().Year() < 2020 { // an old file; see copyTree
				b.WriteString(" " + strconv.FormatInt(info.ModTime().UnixNano(), 10))
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
