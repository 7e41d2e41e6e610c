package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/engine/fault"
	"linkspan/core/plan"
	"linkspan/plugins"
)

// rowPluginHangs stops a plugin at several of its calls; it is given up after its
// time, and the plugin is gone.
func rowPluginHangs(t *testing.T) {
	t.Setenv("LINKSPAN_PLUGIN_TIMEOUT", "700ms")
	s := scenarioScenes(t)[0]
	tried := 0
	var c tally
	for _, number := range []int{9, 14, 19, 24} { // while it starts, go-plugin's own 10 s count
		dir := s.copy(t)
		stopped := 0
		out := linkspan(t, dir, func(call fault.Call) fault.Verdict {
			if stopped == 0 && call.Role == "plugin xend" && call.Number >= number {
				stopped = call.PID
				if err := syscall.Kill(call.PID, syscall.SIGSTOP); err != nil {
					t.Error(err)
				}
			}
			return fault.Verdict{}
		}, s.args...)
		if stopped == 0 {
			continue
		}
		tried++
		if err := s.judge(t, dir, out, &c); err != nil {
			t.Errorf("stopped at call %d: %v", number, err)
		}
		if out.code == exitError && !strings.Contains(out.said, `"xend"`) {
			t.Errorf("the plugin is not named:\n%s", out.said)
		}
		if err := syscall.Kill(stopped, 0); err == nil {
			t.Errorf("the plugin that hung lives on as process %d", stopped)
		}
	}
	if tried < 2 {
		t.Errorf("only %d hangs", tried)
	}
	t.Logf("%d hangs", tried)
}

// evil is a backend that wants to write what is none of its business.
type evil struct{ path string }

func (evil) Describe(context.Context) (backend.Description, error) {
	return backend.Description{Name: "evil", Version: "6.6.6", Doc: "Wants too much.", Phase: backend.Persist, Paths: []string{"/etc/evil/"}}, nil
}

func (evil) Read(context.Context, backend.ReadRequest) (backend.ReadResponse, error) {
	return backend.ReadResponse{}, nil
}

func (evil) Render(context.Context, backend.RenderRequest) (backend.RenderResponse, error) {
	return backend.RenderResponse{}, nil
}

func (e evil) Plan(_ context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	if text, err := os.ReadFile(r.Root + e.path); err == nil && string(text) == "evil\n" {
		return backend.PlanResponse{}, nil
	}
	change := plan.FileChange{Path: e.path, After: plan.FileState{Exists: true, Content: []byte("evil\n")}}
	return backend.PlanResponse{Operations: []plan.Operation{{ID: "1", Kind: plan.OperationFile, Summary: "write " + e.path, File: &change}}}, nil
}

// serveEvil serves evil if the test binary was started under one of its names.
func serveEvil() bool {
	for name, path := range map[string]string{"evil-shadow": "/etc/shadow", "evil-climb": "/etc/evil/../shadow", "evil-good": "/etc/evil/conf"} {
		if filepath.Base(os.Args[0]) == name {
			plugins.Serve(evil{path})
			return true
		}
	}
	return false
}

// rowPluginNonsense: a plugin that does not speak the protocol, that never ends
// its first line, or that wants to write elsewhere is refused and named, and
// nothing is written.
func rowPluginNonsense(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	scripts := map[string]string{
		"garbage":   "#!/bin/sh\necho hello world\nsleep 60\n",
		"endless":   "#!/bin/sh\nhead -c 200000 /dev/zero | tr '\\0' a\nsleep 60\n",
		"protocol":  "#!/bin/sh\necho '1|99|unix|/nowhere|grpc'\nsleep 60\n",
		"elsewhere": "#!/bin/sh\necho '1|1|tcp|127.0.0.1:1|grpc'\nsleep 60\n",
		"dies":      "#!/bin/sh\necho it is all too much >&2\nexit 3\n",
		"nothing":   "",
	}
	for _, name := range []string{"garbage", "endless", "protocol", "elsewhere", "dies", "nothing", "evil-shadow", "evil-climb", "evil-good"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			if text, ok := scripts[name]; ok {
				write(t, path, text)
				if err := os.Chmod(path, 0o755); err != nil {
					t.Fatal(err)
				}
			} else if err := os.Symlink(self, path); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "before/etc/shadow"), "root:x\n")
			write(t, filepath.Join(dir, "site.hcl"), "host \"h\" {\n  backend \"evil\" {}\n}\n")
			before := hostState(t, dir)
			out := linkspan(t, dir, nil, "apply", "-auto-approve", "-root", "before", "-host", "h", "-dev-override", "evil="+path, "site.hcl")
			if name == "evil-good" { // the same one, when it wants what it may
				if text, err := os.ReadFile(filepath.Join(dir, "before/etc/evil/conf")); out.code != 0 || err != nil || string(text) != "evil\n" {
					t.Errorf("it ended with %d, the file is %q (%v):\n%s", out.code, text, err, out.said)
				}
				return
			}
			if out.code != exitError || hostState(t, dir) != before {
				t.Errorf("it ended with %d:\n%s\n%s", out.code, out.said, difference(hostState(t, dir), before))
			}
			if !strings.Contains(out.said, "evil") {
				t.Errorf("the plugin is not named:\n%s", out.said)
			}
		})
	}
}
