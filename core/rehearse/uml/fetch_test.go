package uml_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/rehearse/uml"
)

// tools makes an apt-get and a dpkg-deb that do what the scripts say.
func tools(t *testing.T, apt, dpkg string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range map[string]string{"apt-get": apt, "dpkg-deb": dpkg} {
		if script == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

const (
	download = "[ \"$*\" = 'download user-mode-linux' ] && echo package >user-mode-linux_6.1_amd64.deb\n"
	unpack   = `[ "$1" = --extract ] || exit 2
/bin/mkdir -p "$3/usr/bin" "$3/usr/lib/uml/modules/6.1.176"
echo kernel >"$3/usr/bin/linux.uml"
echo >"$3/usr/lib/uml/modules/6.1.176/modules.dep"
`
)

// TestFetch: what apt-get brings is found afterwards; whatever goes wrong is
// named, and leaves nothing in the cache.
func TestFetch(t *testing.T) {
	tests := []struct{ name, apt, dpkg, fault string }{
		{"all well", download, unpack, ""},
		{"no apt-get", "", unpack, "has no apt-get"},
		{"no dpkg-deb", download, "", "has no dpkg-deb"},
		{"apt-get knows no such package", "echo E: Unable to locate package user-mode-linux; exit 100", unpack, "Unable to locate package"},
		{"apt-get leaves nothing", "exit 0", unpack, "left 0 packages"},
		{"not that package", download, "/bin/mkdir -p \"$3/usr\"", "linux.uml is not there"},
		{"no archive", download, "echo dpkg-deb: error: not a Debian format archive; exit 2", "not a Debian format archive"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cache := t.TempDir()
			tools(t, tt.apt, tt.dpkg)
			dir := filepath.Join(cache, "linkspan", "uml")
			k, err := uml.Fetch(t.Context(), dir)
			if tt.fault == "" {
				if err != nil || k.Path != filepath.Join(dir, "usr/bin/linux.uml") || filepath.Base(k.Modules) != "6.1.176" {
					t.Fatalf("%+v, %v", k, err)
				}
				t.Setenv("XDG_CACHE_HOME", cache)
				if again, err := uml.Find(dir); err != nil || again != k {
					t.Errorf("found again: %+v, %v", again, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%v, want %q", err, tt.fault)
			}
			if found, err := filepath.Glob(filepath.Join(cache, "linkspan", "*")); err != nil || len(found) > 0 {
				t.Errorf("left in the cache: %v", found)
			}
		})
	}
}

// TestFetchReplaces: an older kernel stays until the new one is there.
func TestFetchReplaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "uml")
	tools(t, download, unpack)
	if _, err := uml.Fetch(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	tools(t, "exit 1", unpack)
	if _, err := uml.Fetch(t.Context(), dir); err == nil {
		t.Error("no error")
	}
	if _, err := uml.Find(dir); err != nil {
		t.Errorf("the old one is gone: %v", err)
	}
}

// TestFetchStops: a download is given up when its context ends.
func TestFetchStops(t *testing.T) {
	tools(t, "exec /bin/sleep 60", unpack)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := uml.Fetch(ctx, filepath.Join(t.TempDir(), "uml")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

// TestFind: a machine without the kernel is told apart from other faults.
func TestFind(t *testing.T) {
	if _, err := uml.Find(t.TempDir()); !errors.Is(err, uml.ErrMissing) {
		t.Errorf("%v, want %v", err, uml.ErrMissing)
	}
}
