package launch

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/go-plugin"
	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/trust"
)

// surroundings are what a plugin finds around itself.
type surroundings struct {
	Env     []string
	Input   string // all that its standard input has
	Leader  bool   // of a session of its own
	Private bool   // the directory of its socket can be entered by nobody else
}

// tell writes down what a plugin finds around itself.
func tell(into string) {
	s := surroundings{Env: os.Environ()}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	s.Input = string(input)
	session, err := unix.Getsid(0)
	if err != nil {
		panic(err)
	}
	s.Leader = session == os.Getpid()
	for dir := os.Getenv(plugin.EnvUnixSocketDir); dir != "/"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			panic(err)
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		s.Private = s.Private || ok && info.Mode().Perm()&0o077 == 0 && int(st.Uid) == os.Geteuid()
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(into, b, 0o600); err != nil {
		panic(err)
	}
}

// TestSurroundings: a plugin gets a short environment, no input of the
// operator's, a session of its own, and a socket where nobody else can enter.
func TestSurroundings(t *testing.T) {
	t.Setenv("SECRET", "of the operator")
	t.Setenv("LD_PRELOAD_LIKE", "x")
	file := filepath.Join(t.TempDir(), "told")
	if err := readOf(t, bad(t, "tell", file), Options{}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s surroundings
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	allowed := []string{"PATH", "LANG", "LINKSPAN_PLUGIN", "LINKSPAN_PLUGIN_ALIVE_FD"}
	for _, e := range s.Env {
		name, _, _ := strings.Cut(e, "=")
		if !slices.Contains(allowed, name) && !strings.HasPrefix(name, "PLUGIN_") {
			t.Errorf("it gets %s", e)
		}
	}
	if s.Input != "" || !s.Leader || !s.Private {
		t.Errorf("%+v", s)
	}
}

// TestHangUp: neither the hang-up of a terminal nor Ctrl-C ends a plugin in the
// middle of an operation, whoever sends it.
func TestHangUp(t *testing.T) {
	dir := t.TempDir()
	set, err := Open(t.Context(), []trust.Spec{bad(t, "slowly", dir, "1s")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	go func() {
		appears(t, filepath.Join(dir, "begun-1"))
		for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE} {
			if err := syscall.Kill(-set.open[0].process.cmd.Process.Pid, signal); err != nil {
				t.Error(err)
			}
		}
	}()
	a := set.open[0].backend.(backend.Applier)
	if err := a.Apply(context.Background(), backend.ApplyRequest{Operations: []plan.Operation{{ID: "1"}, {ID: "2"}}}, func(backend.Progress) {}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "done-2")); err != nil {
		t.Error(err)
	}
}
