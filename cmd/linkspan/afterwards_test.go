package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linkspan/core/engine"
	"linkspan/core/engine/fault"
	"linkspan/core/engine/journal"
)

const (
	scriptsBelow = "before/etc/sysconfig/network-scripts/"
	firstJournal = "before/var/lib/linkspan/applies/000001.journal"
)

// refusedWith runs the program and wants it to end with a code, and to say something.
func refusedWith(t *testing.T, dir string, code int, says string, args ...string) {
	t.Helper()
	if out := linkspan(t, dir, nil, args...); out.code != code || !strings.Contains(out.said, says) {
		t.Errorf("%v ended with %d, not %d, or did not say %q:\n%s", args, out.code, code, says, out.said)
	}
}

// TestJournalGoesOnAfterATear: what a power cut has left of a record, at each of its
// bytes, does not join with the records of the undo: the journal is read afterwards,
// and the next apply is carried out.
func TestJournalGoesOnAfterATear(t *testing.T) {
	scenes := scenarioScenes(t)
	cut := scenes[len(scenes)-1] // with a run that was cut off
	line := `00000000 {"time":"2026-01-01T00:00:00Z","kind":"step","step":"restart network"}`
	for n := 1; n < len(line); n += 1 + len(line)/7 {
		dir := cut.copy(t)
		f, err := os.OpenFile(filepath.Join(dir, firstJournal), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(line[:n]); err != nil {
			t.Fatal(err)
		}
		f.Close()
		must(t, dir, cut.args...)
		if said := must(t, dir, "history", "-root", "before"); !strings.Contains(said, " undone ") {
			t.Errorf("torn after %d bytes:\n%s", n, said)
		}
		must(t, dir, scenes[0].args...)
	}
}

// TestFullDiskWhilePending: the disk that the journal lies on becomes full to its
// last byte while an apply waits to be confirmed: it is undone nevertheless, and the
// journal says so.
func TestFullDiskWhilePending(t *testing.T) {
	s := scenarioScenes(t)[0]
	dir := s.copy(t)
	args := append([]string{"apply", "-auto-approve", "-confirm", "1s", "-state-dir", "small/state"}, s.args[2:]...)
	const script = `
mkdir small && mount -t tmpfs -o size=1m none small || exit 9
"$@" || exit 8
head -c 4194304 /dev/zero >>small/fill 2>/dev/null
head -c 4096 /dev/zero >>small/state/guard.log 2>/dev/null
for i in $(seq 600); do
	linkspan history -state-dir small/state -root before >history 2>&1
	grep -q ' undone ' history && exit 0
	sleep 0.1
done
cat history small/state/guard.log
exit 7
`
	options := "-rm"
	if os.Geteuid() == 0 {
		options = "-m"
	}
	c := exec.Command("unshare", append([]string{options, "sh", "-c", script, "sh", "linkspan"}, args...)...)
	c.Dir = dir
	said, err := c.CombinedOutput()
	if c.ProcessState.ExitCode() == 9 {
		missing(t, "a mount namespace of one's own ("+string(said)+")")
	}
	if at := hostState(t, dir); err != nil || at != s.old {
		t.Errorf("%v\n%s\n%s", err, said, difference(at, s.old))
	}
}

// TestJournalTakesNothing: a journal that cannot be written to any more keeps no undo
// from its work. It says so, and the next one ends the run.
func TestJournalTakesNothing(t *testing.T) {
	scenes := scenarioScenes(t)
	s := scenes[len(scenes)-1] // with a run that was cut off
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
		dir := s.copy(t)
		out := linkspan(t, dir, func(c fault.Call) fault.Verdict {
			if c.Name == "write" && strings.HasSuffix(c.Target(), ".journal") {
				return fault.Verdict{Errno: errno}
			}
			return fault.Verdict{}
		}, s.args...)
		if at := hostState(t, dir); out.code != exitUndoFailed || at != s.old || !strings.Contains(out.said, "everything is as before, but the journal does not take it") {
			t.Errorf("%v: it ended with %d:\n%s\n%s", errno, out.code, out.said, difference(at, s.old))
		}
		must(t, dir, s.args...)
		must(t, dir, scenes[0].args...)
	}
}

// TestMovedTree: the next apply of a tree that has been moved looks at it where it is.
func TestMovedTree(t *testing.T) {
	s := scenarioScenes(t)[2] // applied
	dir := s.copy(t)
	if err := os.Rename(filepath.Join(dir, "before"), filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	site := filepath.Join(dir, "site.hcl")
	if err := rewrite(site, func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), "192.168.1.2", "192.168.1.9")) }); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "apply", "-auto-approve", "-root", "moved", "site.hcl")
	must(t, dir, "rollback", "-auto-approve", "-root", "moved")
}

// TestNothingToDoWhileARunIsOpen: the files are as declared, but may still be undone:
// an apply says so, and does not end as if all were well.
func TestNothingToDoWhileARunIsOpen(t *testing.T) {
	s := scenarioScenes(t)[0]
	dir := s.copy(t)
	reading := false
	if out := linkspan(t, dir, func(c fault.Call) fault.Verdict {
		reading = reading || c.Name == "syncfs" && strings.Contains(c.Target(), "before/etc")
		return fault.Verdict{Kill: reading && c.Role == "program" && c.Name == "write" && strings.HasSuffix(c.Target(), ".journal")}
	}, s.args...); out.code != -1 || hostState(t, dir) != s.new {
		t.Fatalf("it was not killed before it said that it is done: %d\n%s", out.code, out.said)
	}
	refusedWith(t, dir, exitRefused, "`linkspan rollback -resume` carries it on", s.args...)
	refusedWith(t, dir, exitDone, "unfinished", append([]string{"status"}, s.args[2:]...)...)
	must(t, dir, append([]string{"rollback", "-resume", "-auto-approve"}, s.args[2:]...)...)
	must(t, dir, s.args...)

	dir = s.copy(t)
	must(t, dir, append([]string{"apply", "-confirm", "1h"}, s.args[1:]...)...)
	refusedWith(t, dir, exitRefused, "waits to be confirmed", s.args...)
	must(t, dir, "confirm", "-root", "before")
	must(t, dir, s.args...)
}

// TestWrittenWhileReplaced: an editor has a file open when an apply replaces it, and
// writes to it while it waits to be confirmed. That is told and kept, and keeps
// neither the confirmation nor what follows from their work.
func TestWrittenWhileReplaced(t *testing.T) {
	s := scenarioScenes(t)[0]
	dir := s.copy(t)
	editor, err := os.OpenFile(filepath.Join(dir, scriptsBelow+"ifcfg-bond0"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer editor.Close()
	must(t, dir, append([]string{"apply", "-confirm", "1h"}, s.args[1:]...)...)
	if _, err := editor.WriteString("# by hand\n"); err != nil {
		t.Fatal(err)
	}
	kept := ".linkspan-ifcfg-bond0.000001.old"
	says := func(args ...string) {
		t.Helper()
		if said := must(t, dir, args...); !strings.Contains(said, "someone has written to /etc/sysconfig/network-scripts/ifcfg-bond0 ") || !strings.Contains(said, kept) {
			t.Errorf("%v:\n%s", args, said)
		}
	}
	says("confirm", "-root", "before")
	says("recover", "-root", "before")
	if err := rewrite(filepath.Join(dir, "site.hcl"), func(b []byte) []byte {
		return []byte(strings.ReplaceAll(string(b), "192.168.1.2", "192.168.1.9"))
	}); err != nil {
		t.Fatal(err)
	}
	says(s.args...)
	if text := readText(t, filepath.Join(dir, scriptsBelow, kept)); !strings.HasSuffix(text, "# by hand\n") {
		t.Errorf("what was written is lost: %q", text)
	}
}

// TestConfirmPrunes: a host whose applies are all confirmed forgets old ones as well.
func TestConfirmPrunes(t *testing.T) {
	s := scenarioScenes(t)[2] // applied
	dir := s.copy(t)
	text := readText(t, filepath.Join(dir, firstJournal))
	old := time.Now().AddDate(-2, 0, 0)
	for id := 2; id <= 30; id++ {
		path := filepath.Join(dir, filepath.Dir(firstJournal), fmt.Sprintf("%06d.journal", id))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	must(t, dir, "rollback", "-auto-approve", "-confirm", "1h", "-root", "before")
	must(t, dir, "confirm", "-root", "before")
	runs, err := journal.In(filepath.Join(dir, "before/var/lib/linkspan")).All()
	if err != nil || len(runs) >= 30 || len(runs) < 20 {
		t.Errorf("%d runs are kept (%v)", len(runs), err)
	}
}

// TestLongerAfterTheGuardDied: who gives an apply more time gives it a guard as well,
// if the first one was killed; and while a guard is at work, it is who has the lock.
func TestLongerAfterTheGuardDied(t *testing.T) {
	s := scenarioScenes(t)[0]
	dir := s.copy(t)
	state := filepath.Join(dir, "before/var/lib/linkspan")
	pending := func(window string) []string { return append([]string{"apply", "-confirm", window}, s.args[1:]...) }
	must(t, dir, pending("1h")...)
	killProcesses(t, "linkspan guard -state-dir "+state)
	for end := time.Now().Add(patience); engine.Guarded(state, 1); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the guard lives")
		}
	}
	if said := must(t, dir, append([]string{"status"}, s.args[2:]...)...); !strings.Contains(said, "Nobody watches over it any more") {
		t.Errorf("status says:\n%s", said)
	}
	must(t, dir, pending("1s")...)
	for end := time.Now().Add(patience); hostState(t, dir) != s.old; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody has undone it")
		}
	}
	for end := time.Now().Add(patience); engine.Guarded(state, 1) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if holder := readText(t, filepath.Join(state, "lock")); !strings.Contains(holder, "linkspan guard") {
		t.Errorf("who had the lock last: %s", holder)
	}
}

// TestUndoOutlivesItsTerminal: a rollback of a run that was cut off, and a recover,
// go on to their end when the terminal goes, nobody reads what they say, or someone
// interrupts them.
func TestUndoOutlivesItsTerminal(t *testing.T) {
	scenes := scenarioScenes(t)
	s := scenes[len(scenes)-1]
	for _, args := range [][]string{s.args, {"rollback", "-auto-approve", "-root", "before"}} {
		for _, signal := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE} {
			dir := s.copy(t)
			sent := 0
			out := linkspan(t, dir, func(c fault.Call) fault.Verdict {
				if c.Role == "program" && (c.Name == "unlinkat" || strings.HasPrefix(c.Name, "renameat")) {
					sent++
					if err := syscall.Kill(c.PID, signal); err != nil {
						t.Error(err)
					}
				}
				return fault.Verdict{}
			}, args...)
			if at := hostState(t, dir); sent == 0 || out.code != exitDone || at != s.old {
				t.Errorf("%s, %v: it ended with %d:\n%s\n%s", args[0], signal, out.code, out.said, difference(at, s.old))
			}
		}
	}
}

// TestStaleSaysWhat: a saved plan that is stale says which file, which setting of the
// definition, and which object of the host differ since.
func TestStaleSaysWhat(t *testing.T) {
	s := scenarioScenes(t)[0]
	edit := func(name, from, to string) func(string) error {
		return func(dir string) error {
			return rewrite(filepath.Join(dir, name), func(b []byte) []byte { return []byte(strings.Replace(string(b), from, to, 1)) })
		}
	}
	for _, tt := range []struct {
		name, says string
		change     func(dir string) error
	}{
		{"the definition", `xenbr1 (ifcfg): addresses was (none) -> ["192.168.1.2/24"], is (none) -> ["192.168.1.9/24"]`, edit("site.hcl", "192.168.1.2", "192.168.1.9")},
		{"a file", "/etc/sysconfig/network-scripts/ifcfg-bond0.3 changed; bond0.3 (ifcfg): ", edit(scriptsBelow+"ifcfg-bond0.3", "192.168.1.2", "192.168.1.7")},
		{"a file goes", "bond0.3 (ifcfg): its plan was update, is create", func(dir string) error { return os.Remove(filepath.Join(dir, scriptsBelow+"ifcfg-bond0.3")) }},
		{"a comment", "/etc/sysconfig/network-scripts/ifcfg-eth0 changed; nothing was changed now", func(dir string) error {
			return rewrite(filepath.Join(dir, scriptsBelow+"ifcfg-eth0"), func(b []byte) []byte { return append(b, "# a note\n"...) })
		}},
	} {
		dir := s.copy(t)
		must(t, dir, append([]string{"plan", "-out", "saved"}, s.args[2:]...)...)
		if err := tt.change(dir); err != nil {
			t.Fatal(err)
		}
		before := hostState(t, dir)
		refusedWith(t, dir, exitRefused, tt.says, "apply", "-auto-approve", "-root", "before", "saved")
		if at := hostState(t, dir); at != before {
			t.Errorf("%s: something was done:\n%s", tt.name, difference(at, before))
		}
	}
	refusedWith(t, s.copy(t), exitRefused, "Plan: 2 to add", append([]string{"apply", "-auto-approve", "-expect", "ls1-00"}, s.args[2:]...)...)
	refusedWith(t, s.copy(t), exitUsage, "above 0", append([]string{"apply", "-auto-approve", "-confirm", "-5s"}, s.args[2:]...)...)
}
