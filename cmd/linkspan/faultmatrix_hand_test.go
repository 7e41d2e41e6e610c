package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"linkspan/core/engine/fault"
)

// rowSeveral: of many that want to apply at once one does; the others say who is
// at work, or find that there is nothing left to do, or that their plan is stale.
func rowSeveral(t *testing.T) {
	s := scenarioScenes(t)[0]
	const n = 8
	locked := 0
	for range 3 {
		dir := s.copy(t)
		outs := make([]ending, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { outs[i] = linkspan(t, dir, nil, s.args...) })
		}
		wg.Wait()
		done := 0
		for _, out := range outs {
			switch {
			case out.code == exitDone:
				done++
			case out.code == exitLocked && strings.Contains(out.said, "pid "):
				locked++
			case out.code == exitRefused:
			default:
				t.Errorf("one ended with %d:\n%s", out.code, out.said)
			}
		}
		if at := hostState(t, dir); at != s.new || done == 0 {
			t.Errorf("%d were done, and it is not the new configuration:\n%s", done, difference(at, s.new))
		}
		if text := must(t, dir, "history", "-root", "before"); strings.Count(text, " applied ") != 1 {
			t.Errorf("more than one was carried out:\n%s", text)
		}
	}
	t.Logf("%d of %d found it locked", locked, 3*n)
}

// handEdits are how an editor writes a file: into it, or another one in its place.
var handEdits = map[string]func(path string) error{
	"in place": func(path string) error { return os.WriteFile(path, []byte("BY=hand\n"), 0o644) },
	"renamed": func(path string) error {
		return errors.Join(os.WriteFile(path+"~", []byte("BY=hand\n"), 0o644), os.Rename(path+"~", path))
	},
}

// rowHandEdit: someone edits a file between plan and apply, and at every call
// during an apply and during an undo. What they wrote is never lost.
func rowHandEdit(t *testing.T) {
	s := scenarioScenes(t)[0]
	dir := s.copy(t)
	edited := filepath.Join("before/etc/sysconfig/network-scripts", "ifcfg-bond0.2")
	must(t, dir, append([]string{"plan", "-out", "saved"}, s.args[2:]...)...)
	if err := handEdits["in place"](filepath.Join(dir, edited)); err != nil {
		t.Fatal(err)
	}
	out := linkspan(t, dir, nil, "apply", "-auto-approve", "-root", "before", "saved")
	if out.code != exitRefused || !strings.Contains(out.said, "ifcfg-bond0.2") {
		t.Errorf("a stale plan ended with %d:\n%s", out.code, out.said)
	}
	var endings [7]int
	for name, edit := range handEdits {
		for _, undone := range []bool{false, true} {
			n := handEdit{undone: undone}.count(t, s)
			for k := 1; k <= n; k += stride(n, share()) {
				code, err := handEdit{edited, edit, k, undone}.try(t, s)
				if err != nil {
					t.Errorf("edited %s at call %d: %v", name, k, err)
				}
				endings[code]++
			}
		}
	}
	t.Logf("edits by how the apply ended: done %d, refused before anything %d, stale %d, undone %d, conflict %d", endings[0], endings[1], endings[3], endings[5], endings[6])
}

// handEdit is an edit of a file when the program is at one of its calls; undone
// lets the apply fail a little later, so that it is put back.
type handEdit struct {
	file   string
	edit   func(path string) error
	call   int
	undone bool
}

// decide calls made at each call of the program, and lets the apply fail when its
// files are in place, if it is to be undone.
func (h handEdit) decide(made func(fault.Call)) func(fault.Call) fault.Verdict {
	failed := false
	return func(c fault.Call) fault.Verdict {
		if c.Role != "program" {
			return fault.Verdict{}
		}
		made(c)
		if h.undone && !failed && c.Name == "syncfs" && strings.Contains(c.Target(), "before/etc") {
			failed = true
			return fault.Verdict{Errno: faultErrors["EIO"]}
		}
		return fault.Verdict{}
	}
}

// count is how many calls the program makes when nobody edits.
func (h handEdit) count(t *testing.T, s scene) (n int) {
	t.Helper()
	linkspan(t, s.copy(t), h.decide(func(c fault.Call) { n = c.Number }), s.args...)
	return n
}

// try applies and edits; the code is that of the apply.
func (h handEdit) try(t *testing.T, s scene) (code int, err error) {
	t.Helper()
	dir := s.copy(t)
	path := filepath.Join(dir, h.file)
	made := false
	out := linkspan(t, dir, h.decide(func(c fault.Call) {
		if c.Number != h.call {
			return
		}
		made = true
		if err := h.edit(path); err != nil {
			t.Error(err)
		}
	}), s.args...)
	if out.code < 0 || out.code > 6 {
		return 0, fmt.Errorf("it ended with %d:\n%s", out.code, out.said)
	}
	if !made {
		return out.code, nil
	}
	if out.code == exitUndoFailed { // the old file is kept, the edited one is in place
		if text, err := os.ReadFile(path); err != nil || string(text) != "BY=hand\n" {
			return out.code, fmt.Errorf("what was written is lost (%q, %v):\n%s", text, err, out.said)
		}
		must(t, dir, "rollback", "-auto-approve", "-keep-changed", "-root", "before")
	}
	return out.code, foundByHand(dir, path, out)
}

// foundByHand: what was written by hand is in its place; or it was taken up by a
// plan that began later, and is in the journal as what was there before.
func foundByHand(dir, path string, out ending) error {
	text, err := os.ReadFile(path)
	if err == nil && strings.Contains(string(text), "BY=hand") {
		return nil
	}
	journals, globErr := filepath.Glob(filepath.Join(dir, "before/var/lib/linkspan/applies/*.journal"))
	if globErr != nil {
		return globErr
	}
	for _, j := range journals {
		kept, err := os.ReadFile(j)
		if err == nil && strings.Contains(string(kept), "Qlk9aGFuZ") { // base64 of BY=hand
			return nil
		}
	}
	left, globErr := filepath.Glob(filepath.Join(filepath.Dir(path), ".linkspan*.old"))
	if globErr != nil {
		return globErr
	}
	for _, l := range left {
		kept, err := os.ReadFile(l)
		if err == nil && strings.Contains(string(kept), "BY=hand") && strings.Contains(out.said, "someone has written to") {
			return nil
		}
	}
	return fmt.Errorf("it ended with %d, and what was written is lost (%q, %v):\n%s", out.code, text, err, out.said)
}

// rowTampered: a journal that is not what was written, or that another user could
// have written, is refused with the reason, and nothing is done.
func rowTampered(t *testing.T) {
	scenes := scenarioScenes(t)
	s := scenes[len(scenes)-1] // with a run that was cut off
	path := "before/var/lib/linkspan/applies/000001.journal"
	tampers := map[string]func(string) error{
		"a byte": func(p string) error {
			return rewrite(p, func(b []byte) []byte { b[len(b)/2] ^= 1; return append(b, b...) })
		},
		"another file": func(p string) error {
			return rewrite(p, func(b []byte) []byte {
				return []byte(strings.ReplaceAll(string(b), "ifcfg-bond0", "ifcfg-bond9") + string(b))
			})
		},
		"writable":  func(p string) error { return os.Chmod(p, 0o666) },
		"a symlink": func(p string) error { return errors.Join(os.Rename(p, p+".moved"), os.Symlink(p+".moved", p)) },
		"a fifo":    spoils["fifo"],
		"a stranger's": func(p string) error {
			if os.Geteuid() != 0 {
				return os.Chmod(p, 0o602)
			}
			return os.Chown(p, 65534, 65534)
		},
	}
	for name, tamper := range tampers {
		dir := s.copy(t)
		if name == "a fifo" {
			if err := os.Remove(filepath.Join(dir, path)); err != nil {
				t.Fatal(err)
			}
		}
		if err := tamper(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
		before := hostState(t, dir)
		for _, args := range [][]string{{"recover", "-root", "before"}, {"rollback", "-auto-approve", "-root", "before"}, scenes[0].args} {
			out := linkspan(t, dir, nil, args...)
			if out.code == 0 || !strings.Contains(out.said, "000001.journal") {
				t.Errorf("%s: %s ended with %d:\n%s", name, args[0], out.code, out.said)
			}
			if at := hostState(t, dir); at != before {
				t.Errorf("%s: %s has done something:\n%s", name, args[0], difference(at, before))
			}
		}
	}
	t.Logf("%d tamperings", len(tampers))
}

func rewrite(path string, change func([]byte) []byte) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, change(text), 0o600)
}
