package launch

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/trust"
)

// program is a program that has opened a plugin, tells its process number, and
// asks it for something until it is killed.
func program(args []string) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	set, err := Open(context.Background(), []trust.Spec{{Name: "bad", Path: self, Args: append([]string{"misbehave"}, args[1:]...)}}, Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(set.open[0].process.cmd.Process.Pid)
	switch args[0] {
	case "read":
		set.open[0].backend.Read(context.Background(), backend.ReadRequest{})
	case "apply":
		ops := []plan.Operation{{ID: "1", Kind: plan.OperationOwn, Summary: "first"}, {ID: "2", Kind: plan.OperationOwn, Summary: "second"}}
		set.open[0].backend.(backend.Applier).Apply(context.Background(), backend.ApplyRequest{Operations: ops}, func(p backend.Progress) {})
	}
	time.Sleep(time.Hour)
}

// kill starts a program with a plugin, calls ready, kills the program with
// SIGKILL, and returns the plugin's process number.
func kill(t *testing.T, ready func(), args ...string) int {
	t.Helper()
	c := exec.Command(testBinary(t), append([]string{"program"}, args...)...)
	sockets := t.TempDir()
	c.Env = append(os.Environ(), "TMPDIR="+sockets)
	t.Cleanup(func() { // after the plugin's end, which the test waits for
		if left, err := os.ReadDir(sockets); err != nil || len(left) > 0 {
			t.Errorf("it leaves %v (%v)", left, err)
		}
	})
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	ready()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	return pid
}

// gone waits until a process is no more, or only a zombie that its new parent
// has not yet collected.
func gone(t *testing.T, pid int) {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) < 20*time.Second {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			t.Logf("process %d was gone after %s", pid, time.Since(begin))
			return
		}
		time.Sleep(time.Millisecond)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	t.Errorf("process %d is still there", pid)
}

// appears waits until a file is there and has content.
func appears(t *testing.T, path string) string {
	t.Helper()
	for range 20000 {
		if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
			return string(b)
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%s does not come", path)
	return ""
}

// TestKilledProgram: a program that is killed leaves no plugin behind, whatever
// the plugin is doing, nor what the plugin has started.
func TestKilledProgram(t *testing.T) {
	for _, what := range [][]string{{"idle", "well"}, {"read", "hang"}, {"read", "flood"}} {
		t.Run(strings.Join(what, " "), func(t *testing.T) { gone(t, kill(t, func() {}, what...)) })
	}
	t.Run("with children", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "pid")
		var child string
		gone(t, kill(t, func() { child = appears(t, file) }, "read", "children", file))
		pid, err := strconv.Atoi(child)
		if err != nil {
			t.Fatal(err)
		}
		gone(t, pid)
	})
}

// TestChildren: what a plugin has started ends with it, also when it holds the
// plugin's log open.
func TestChildren(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	if err := readOf(t, bad(t, "children", file), Options{}); err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(appears(t, file))
	if err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
}

// slow is an Applier whose operations take time: each makes a file before and
// one after.
type slow struct {
	fake
	dir  string
	time time.Duration
}

func newSlow(args []string) *slow {
	d, err := time.ParseDuration(args[1])
	if err != nil {
		panic(err)
	}
	return &slow{fake{name: "bad", features: []string{backend.FeatureApply}}, args[0], d}
}

func (s *slow) mark(what string) {
	if err := os.WriteFile(filepath.Join(s.dir, what), []byte("x"), 0o600); err != nil {
		panic(err)
	}
}

func (s *slow) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	for _, op := range r.Operations {
		if err := ctx.Err(); err != nil {
			return err
		}
		progress(backend.Progress{Operation: op.ID})
		s.mark("begun-" + op.ID)
		fmt.Fprintln(os.Stderr, "a line for a log that may be closed")
		time.Sleep(s.time) // it cannot be cut short
		fmt.Fprintln(os.Stderr, "another one")
		s.mark("done-" + op.ID)
		progress(backend.Progress{Operation: op.ID, Done: true})
	}
	return nil
}

func (s *slow) Snapshot(context.Context, backend.ApplyRequest) ([]byte, error) { return nil, nil }

func (s *slow) Restore(context.Context, []byte) error {
	if _, err := os.Stat(filepath.Join(s.dir, "done-1")); err != nil {
		return fmt.Errorf("restore came in the middle of an operation: %w", err)
	}
	s.mark("restored")
	return nil
}

// TestKilledInApply: the operation in hand is finished when the program dies,
// and no other is begun.
func TestKilledInApply(t *testing.T) {
	dir := t.TempDir()
	gone(t, kill(t, func() { appears(t, filepath.Join(dir, "begun-1")) }, "apply", "slowly", dir, "1s"))
	if _, err := os.Stat(filepath.Join(dir, "done-1")); err != nil {
		t.Errorf("the operation in hand was cut off: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "begun-2")); err == nil {
		t.Error("another operation was begun after the program had died")
	}
}

// TestCancelledApply: an Apply that is given up is finished with the operation
// in hand before a Restore, and before the plugin is ended, though that takes
// longer than go-plugin waits.
func TestCancelledApply(t *testing.T) {
	for _, restore := range []bool{true, false} {
		t.Run(fmt.Sprintf("restore %v", restore), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			set, err := Open(t.Context(), []trust.Spec{bad(t, "slowly", dir, "4s")}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			a, ok := set.open[0].backend.(backend.Applier)
			if !ok {
				t.Fatal("it is no Applier")
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() { appears(t, filepath.Join(dir, "begun-1")); cancel() }()
			err = a.Apply(ctx, backend.ApplyRequest{Operations: []plan.Operation{{ID: "1"}, {ID: "2"}}}, func(backend.Progress) {})
			if err == nil {
				t.Error("an apply that was given up says that it succeeded")
			}
			if restore {
				if err := a.Restore(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
			set.Close()
			if _, err := os.Stat(filepath.Join(dir, "done-1")); err != nil {
				t.Errorf("the operation in hand was cut off: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "begun-2")); err == nil {
				t.Error("another operation was begun")
			}
		})
	}
}
