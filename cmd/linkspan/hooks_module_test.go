package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestHooksModule: with what the program writes, and without a network, the
// compiler knows all that the examples' hooks import.
func TestHooksModule(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/hooks")); err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	a := &app{stdout: null, stderr: null, getenv: os.Getenv}
	if err := a.hooksModule(dir); err != nil {
		t.Fatal(err)
	}
	hooks, err := filepath.Glob(filepath.Join(dir, "*", "*_test.go"))
	if err != nil || len(hooks) == 0 {
		t.Fatal("no tests of hooks: ", err)
	}
	c := exec.CommandContext(t.Context(), "go", "test", "./drain", "./gateway", "./report", "./webhook", "./window")
	c.Dir = dir
	c.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off", "GOFLAGS=", "GOTOOLCHAIN=local")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("go test: %v\n%s", err, out)
	}
}
