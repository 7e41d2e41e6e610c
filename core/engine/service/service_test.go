package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linkspan/core/plan"
)

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran")
	r := plan.Restart{Service: "network", Command: []string{"/bin/sh", "-c", "echo $$ > " + ran}}
	if err := (Host{}).Restart(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(ran); err != nil {
		t.Errorf("the site's command did not run: %v", err)
	}
	r.Command = []string{"/bin/sh", "-c", "echo first; echo it is broken >&2; exit 3"}
	if err := (Host{}).Restart(t.Context(), r); err == nil || !strings.Contains(err.Error(), "exit status 3: it is broken") {
		t.Errorf("%v does not say why", err)
	}
}

// TestTimeout: a restart that hangs is ended with all that it has started.
func TestTimeout(t *testing.T) {
	late := filepath.Join(t.TempDir(), "late")
	r := plan.Restart{Service: "network", Timeout: 200 * time.Millisecond, Command: []string{"/bin/sh", "-c", "(sleep 2; touch " + late + ") & sleep 60"}}
	if err := (Host{}).Restart(t.Context(), r); err == nil || !strings.Contains(err.Error(), "not within 200ms") {
		t.Errorf("%v does not name the limit", err)
	}
	time.Sleep(2500 * time.Millisecond)
	if _, err := os.Stat(late); err == nil {
		t.Error("what it had started lived on")
	}
}
