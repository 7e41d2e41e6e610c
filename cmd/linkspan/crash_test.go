package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCrashSaysWhatToReport(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a := &app{stderr: f}
	code := exitDone
	func() {
		defer a.crashed([]string{"plan", "dir"}, &code)
		panic("no such thing")
	}()
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"no such thing", "linkspan plan dir", "crash_test.go", "/var/lib/linkspan", "rollback"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if code != exitError {
		t.Errorf("code %d, want %d", code, exitError)
	}
}
