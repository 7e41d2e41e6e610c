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

// restartScript is a site's restart: it notes when it begins and ends, and can be told
// to interrupt the program, or to kill it with its guard.
const restartScript = `#!/bin/sh
echo begins >>/run/called
test -e /run/interrupt && kill -INT $PPID && sleep 1
if test -e /run/die; then
	for p in /proc/[0-9]*; do
		grep -q 'g[u]ard' $p/cmdline 2>/dev/null && kill -9 ${p#/proc/}
	done
	kill -9 $PPID
fi
echo ends >>/run/called
`

// TestRestartIsFinished: a restart that is interrupted comes to its end, and then all
// is put back with another one. A run that a power cut has ended in its restart is
// carried on in the next boot, where its files come back torn; as it fails there, what
// it has restarted is restarted once more. The kernel that was changed by hand since a
// plan was made is named.
func TestRestartIsFinished(t *testing.T) {
	long(t)
	if !lab.Inside(t) {
		return
	}
	liveHost(t)
	write(t, "/run/restart", restartScript)
	if err := os.Chmod("/run/restart", 0o755); err != nil {
		t.Fatal(err)
	}
	files := func(name, body string) []string {
		const rest = "\n  check \"well\" {\n    command = [\"/bin/sh\", \"-c\", \"test ! -e /run/ill\"]\n    timeout = \"1s\"\n  }\n  backend \"ifcfg\" {\n    restart_command = [\"/run/restart\"]\n  }\n}\n"
		write(t, "/etc/linkspan/"+name+"/site.hcl", "host \"dom0-01\" {\n"+body+rest)
		return applyLive(name)
	}
	mustLive(t, files("first", liveBefore)...)
	if got := called(t); got != "begins; ends" {
		t.Errorf("an apply: %s", got)
	}
	before := scriptFiles(t)
	was := scriptTexts(t, "/etc/sysconfig/network-scripts")

	write(t, "/run/interrupt", "")
	out := onKernel(t, nil, files("second", liveAfter)...)
	if got := called(t); out.code != exitUndone || got != "begins; ends; begins; ends" || scriptFiles(t) != before {
		t.Errorf("interrupted, it ended with %d after %s:\n%s\n%s", out.code, got, out.said, difference(scriptFiles(t), before))
	}

	if err := errors.Join(os.Remove("/run/interrupt"), os.WriteFile("/run/die", nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if out := onKernel(t, nil, applyLive("second")...); out.code != -1 || scriptFiles(t) == before {
		t.Fatalf("it was not killed, but ended with %d:\n%s", out.code, out.said)
	}
	write(t, "/run/boot_id", "0b007000-0000-4000-8000-000000000000\n")
	if err := errors.Join(os.Remove("/run/die"), os.Remove("/run/called"), os.WriteFile("/run/ill", nil, 0o644),
		unix.Mount("/run/boot_id", "/proc/sys/kernel/random/boot_id", "", unix.MS_BIND, "")); err != nil {
		t.Fatal(err)
	}
	if torn := tear(t, "/etc/sysconfig/network-scripts", was, 0); torn == 0 {
		t.Error("no file is torn")
	}
	out = onKernel(t, nil, "rollback", "-resume", "-auto-approve", "/etc/linkspan/second/site.hcl")
	if got := called(t); out.code != exitUndone || got != "begins; ends; begins; ends" || scriptFiles(t) != before {
		t.Errorf("carried on, it ended with %d after %s:\n%s\n%s", out.code, got, out.said, difference(scriptFiles(t), before))
	}
	if err := os.Remove("/run/ill"); err != nil {
		t.Fatal(err)
	}

	mustLive(t, applyLive("before")...)
	mustLive(t, "plan", "-host", "dom0-01", "-out", "/run/saved", "/etc/linkspan/after/site.hcl")
	ipBatch(t, "link set bond0.2 mtu 1400\n")
	if out := onKernel(t, nil, "apply", "-auto-approve", "/run/saved", "/etc/linkspan/after"); out.code != exitRefused || !strings.Contains(out.said, "netlink") {
		t.Errorf("with another kernel it ended with %d:\n%s", out.code, out.said)
	}
}
