package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestPlugins runs the scripts below testdata/plugins: the program with plugins
// that it knows nothing of. plugins/ has the example of a site's backend, built
// in a module of its own.
func TestPlugins(t *testing.T) {
	old := syscall.Umask(0o022)              // what others may write is not started
	t.Cleanup(func() { syscall.Umask(old) }) // after the scripts, which run in parallel
	dir := t.TempDir()
	built := filepath.Join(dir, "linkspan-backend-ifupdown")
	inExample(t, "site-backend", "go", "build", "-o", built, ".")
	testscript.Run(t, testscript.Params{
		Dir: "testdata/plugins",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("EXAMPLES", exampleDir)
			e.Setenv("XDG_RUNTIME_DIR", e.WorkDir)
			if err := os.Mkdir(filepath.Join(e.WorkDir, "plugins"), 0o755); err != nil {
				return err
			}
			return os.Link(built, filepath.Join(e.WorkDir, "plugins", filepath.Base(built)))
		},
		Condition: func(name string) (bool, error) {
			if name != "python" {
				return false, fmt.Errorf("no condition is called %q", name)
			}
			return hasPython(t), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "sametree": sameTree},
	})
}

// hasPython reports whether a backend in Python can be built and run.
func hasPython(t *testing.T) bool {
	err := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", "import grpc, google.protobuf").Run()
	_, missing := exec.LookPath("protoc")
	if err = errors.Join(err, missing); err != nil && os.Getenv("LINKSPAN_REQUIRE_LIVE") != "" {
		t.Errorf("a backend in Python needs protobuf-compiler, python3-grpcio and python3-protobuf: %v", err)
	}
	return err == nil
}

// TestSiteBackend runs the checks of the example's own module, as its author
// would.
func TestSiteBackend(t *testing.T) {
	inExample(t, "site-backend", "go", "vet", "./...")
	inExample(t, "site-backend", "go", "test", "./...")
}

// inExample runs a command in an example's directory.
func inExample(t *testing.T, example string, command ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	c.Dir = filepath.Join(exampleDir, example)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v in examples/%s: %v\n%s", command, example, err, out)
	}
}
