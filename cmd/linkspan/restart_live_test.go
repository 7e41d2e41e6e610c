package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/core/engine/journal"
	"linkspan/core/rehearse/lab"
)

// sbin is where the tools of initscripts are looked for.
const sbin = "/usr/sbin"

// fakeTools puts tools into sbin beside those that are there: each writes its name
// and arguments into /run/called, then does what is said.
func fakeTools(t *testing.T, tools map[string]string) {
	t.Helper()
	const real = "/run/sbin"
	if err := errors.Join(os.MkdirAll(real, 0o755), unix.Mount(sbin, real, "", unix.MS_BIND, ""), unix.Mount("tmpfs", sbin, "tmpfs", 0, "mode=755")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(real)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, fake := tools[e.Name()]; !fake {
			if err := os.Symlink(filepath.Join(real, e.Name()), filepath.Join(sbin, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, does := range tools {
		path := filepath.Join(sbin, name)
		write(t, path, "#!/bin/bash\necho ${0##*/} \"$@\" >>/run/called\n"+does)
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount(path, "/usr/bin/"+name, "", unix.MS_BIND, ""); err != nil && !errors.Is(err, unix.ENOENT) {
			t.Fatal(err)
		}
	}
}

// called are the fake tools' calls since it was last asked.
func called(t *testing.T) string {
	t.Helper()
	text := readText(t, "/run/called")
	if err := os.Remove("/run/called"); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
}

// networkRestart is how the network is restarted here.
func networkRestart() string {
	if _, err := os.Stat("/usr/bin/systemctl"); err == nil {
		return "systemctl restart network"
	}
	return "service network restart"
}

// TestRestartsOfInterfaces: without the netlink backend, restart = "interfaces"
// takes those that change down and up again, each on its own lower ones; an undo
// and a rollback of what made one restart all, since ifup wants a file.
func TestRestartsOfInterfaces(t *testing.T) {
	long(t)
	if !lab.Inside(t) {
		return
	}
	liveHost(t)
	// As the scripts do, ifup wants the interface's file; one of them can be told to fail.
	fakeTools(t, map[string]string{
		"ifdown":  "test -e /etc/sysconfig/network-scripts/ifcfg-$1\n",
		"ifup":    "test -e /etc/sysconfig/network-scripts/ifcfg-$1 && test \"$1\" != \"$(cat /run/ill 2>/dev/null)\"\n",
		"service": "", "systemctl": "",
	})
	files := func(name, body string) []string {
		write(t, "/etc/linkspan/"+name+"/site.hcl", "host \"dom0-01\" {\n"+body+"\n  backend \"ifcfg\" {\n    restart = \"interfaces\"\n  }\n}\n")
		return applyLive(name)
	}
	edited := strings.Replace(liveBefore, "miimon  = 200", "miimon  = 100", 1)
	mustLive(t, files("first", liveBefore)...)
	if got, want := called(t), "ifdown xenbr0; ifdown bond0.2; ifdown bond0; ifdown eth1; ifdown eth0; ifup eth0; ifup eth1; ifup bond0; ifup bond0.2; ifup xenbr0"; got != want {
		t.Errorf("all are new: %s", got)
	}
	mustLive(t, files("edited", edited)...)
	if got := called(t); got != "ifdown bond0; ifup bond0" {
		t.Errorf("bond0 changes: %s", got)
	}
	mustLive(t, "rollback", "-auto-approve")
	if got := called(t); got != "ifdown bond0; ifup bond0" {
		t.Errorf("bond0 changes back: %s", got)
	}
	before := scriptFiles(t)
	for _, ill := range []string{"bond0", "xenbr1"} {
		write(t, "/run/ill", ill)
		body, want := edited, "ifdown bond0; ifup bond0; ifdown bond0; ifup bond0"
		if ill == "xenbr1" { // new: with its file goes what ifdown and ifup need
			body, want = liveBefore+"\n  bridge \"xenbr1\" {}\n", "ifdown xenbr1; ifup xenbr1; "+networkRestart()
		}
		out := onKernel(t, nil, files("ill", body)...)
		if got := called(t); got != want {
			t.Errorf("%s fails: %s", ill, got)
		}
		// The old state cannot be had again where ifup of an old interface fails.
		if code := map[string]int{"bond0": exitUndoFailed, "xenbr1": exitUndone}[ill]; out.code != code || scriptFiles(t) != before {
			t.Errorf("%s fails: it ended with %d:\n%s\n%s", ill, out.code, out.said, difference(scriptFiles(t), before))
		}
		if err := os.Remove("/run/ill"); err != nil {
			t.Fatal(err)
		}
		if ill == "bond0" {
			mustLive(t, "recover")
			if got := called(t); got != "ifdown bond0; ifup bond0" {
				t.Errorf("a recover: %s", got)
			}
		}
	}
}

// TestGuardOfSystemd: where systemd runs, the guard is a transient unit, and undoes
// what nobody confirms.
func TestGuardOfSystemd(t *testing.T) {
	long(t)
	if !lab.Inside(t) {
		return
	}
	liveHost(t)
	if err := os.MkdirAll("/run/systemd/system", 0o755); err != nil {
		t.Fatal(err)
	}
	// It knows what that of systemd 219 does, and starts what follows.
	fakeTools(t, map[string]string{"systemd-run": `while [ "$1" != -- ]; do
  case "$1" in --quiet|--unit=*|--description=*) shift;; *) echo "unrecognized option '$1'" >&2; exit 1;; esac
done
shift
setsid bash -c 'exec -a linkspan "$0" "$@"' "$@" </dev/null >/dev/null 2>&1 &
`})
	t.Setenv("PATH", sbin+":"+os.Getenv("PATH"))
	mustLive(t, applyLive("before")...)
	before := liveState(t)
	mustLive(t, applyLive("after", "-confirm", "2s")...)
	awaitState(t, journal.Undone)
	if now := liveState(t); now != before {
		t.Errorf("it is not as before:\n%s", difference(now, before))
	}
	if got := called(t); strings.Count(got, "systemd-run --quiet --unit=linkspan-guard-") != 2 || !strings.Contains(got, " guard -state-dir /var/lib/linkspan 2") {
		t.Errorf("it was called so: %s", got)
	}
}
