package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linkspan/core/engine/fault"
)

// TestNothingOutlivesTheProgram: the program is killed while a hook sleeps, while a
// command of a hook runs, and while a site's backend works: they die with it. What
// such a command has started beside itself is ended by the guard, but for a daemon.
// Everything is put back.
func TestNothingOutlivesTheProgram(t *testing.T) {
	s := scenarioScenes(t)[0]
	confirm := append([]string{"apply", "-confirm", "1h"}, s.args[1:]...) // with a guard, as on a host
	daemon := filepath.Join(t.TempDir(), "daemon")
	sh := func(script string) badHook {
		return badHook{body: fmt.Sprintf("env.Run(ctx, \"/bin/sh\", \"-c\", %q)", script)}
	}
	for _, tt := range []struct {
		name string
		hook badHook
		args []string
	}{
		{"a hook sleeps", badHook{imports: "time", body: "env.Log(\"READY\")\ntime.Sleep(10 * time.Minute)"}, s.args},
		{"a command sleeps", sh("echo READY; exec sleep 600"), s.args},
		{"a command has started others", sh("sleep 600 & setsid sh -c 'sleep 2; echo >" + daemon + "' & echo READY; sleep 600"), confirm},
	} {
		dir := hookHost(t, s, "pre_apply", tt.hook)
		if err := rewrite(filepath.Join(dir, "site.hcl"), func(b []byte) []byte {
			return []byte(strings.Replace(string(b), `timeout = "1s"`, "timeout = \"10m\"\n    allow = [\"/bin/sh\"]", 1))
		}); err != nil {
			t.Fatal(err)
		}
		outlives(t, tt.name, dir, tt.args)
		if at := hostState(t, dir); at != s.old {
			t.Errorf("%s: it is not as before:\n%s", tt.name, difference(at, s.old))
		}
	}
	if _, err := os.Stat(daemon); err != nil {
		t.Errorf("the daemon was killed as well: %v", err)
	}
	for _, kind := range []string{"script", "plugin"} {
		site := keptSite(t, kind)
		write(t, filepath.Join(site.dir, "root/etc/when"), "apply sleep")
		args := append(append([]string{"apply", "-auto-approve", "-confirm", "1h", "-root", "root", "-host", "h"}, site.flags...), "site")
		outlives(t, "a site's "+kind, site.dir, args)
		for end := time.Now().Add(patience); site.state(t) != "old"; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("a site's %s: it is not undone\n%s", kind, site.log(t))
			}
		}
	}
}

// outlives kills the program when something that it has started is at work, and
// waits until nothing of it lives.
func outlives(t *testing.T, name, dir string, args []string) {
	t.Helper()
	program, ready := 0, false
	roles := make(map[int]string)
	out := linkspan(t, dir, func(c fault.Call) fault.Verdict {
		if c.Role == "program" {
			program = c.PID
		}
		roles[c.PID] = c.Role
		if ready || c.Name != "write" {
			return fault.Verdict{}
		}
		data, err := c.Data()
		if err != nil {
			t.Error(err)
		}
		told := strings.Contains(string(data), "READY") && !strings.HasSuffix(c.Target(), ".journal") && !strings.Contains(string(data), "echo READY")
		if ready = told || c.Role != "program" && strings.HasSuffix(c.Target(), "/etc/switch"); ready {
			if err := syscall.Kill(program, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
		return fault.Verdict{}
	}, args...)
	killed := time.Now()
	if !ready || out.code != -1 {
		t.Fatalf("%s: it was not killed at work, but ended with %d:\n%s", name, out.code, out.said)
	}
	for end := killed.Add(patience); ; time.Sleep(10 * time.Millisecond) {
		left := markedBy(t, roles)
		if len(left) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s: still there: %q", name, left)
		}
	}
	t.Logf("%s: the last one was gone %s after the program and its plugins", name, time.Since(killed).Round(time.Millisecond))
}

// markedBy are the commands that some programs have started, and what those have;
// see package process.
func markedBy(t *testing.T, programs map[int]string) (left []string) {
	t.Helper()
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range environs {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		for v := range strings.SplitSeq(string(text), "\x00") {
			var space string
			var program int
			if n, _ := fmt.Sscanf(v, "LINKSPAN_STARTED_BY=%s %d ", &space, &program); n == 2 && programs[program] != "" {
				command, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
				left = append(left, string(command))
			}
		}
	}
	return left
}
