package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/engine/fault"
)

// TestResume cuts an apply off at its calls, of the scenario's host and of its
// rollback, and carries each on: it ends new, or it is refused because it had not
// begun or was over.
func TestResume(t *testing.T) {
	scenes := scenarioScenes(t)
	for _, s := range []scene{scenes[0], scenes[2]} {
		resume := []string{"rollback", "-resume", "-auto-approve", "-root", "before", "site.hcl"}
		carried, refused := 0, 0
		dir := s.copy(t)
		var cuts []string
		linkspan(t, dir, func(call fault.Call) fault.Verdict {
			if call.Role == "program" && call.Number%stride(200, share()) == 0 {
				cuts = append(cuts, fmt.Sprintf("%s-call-%d", dir, call.Number))
				copyTree(t, dir, cuts[len(cuts)-1])
			}
			return fault.Verdict{}
		}, s.args...)
		for _, cut := range cuts {
			before := hostState(t, cut)
			out := linkspan(t, cut, nil, resume...)
			at := hostState(t, cut)
			switch {
			case out.code == exitDone && at == s.done && leftover(t, cut) == "":
				carried++
			case out.code == exitDone:
				t.Errorf("%s: it says that it is done, and is not:\n%s\n%s%s", cut, out.said, leftover(t, cut), difference(at, s.done))
			case at != before || before != s.old && before != s.new:
				t.Errorf("%s: it ended with %d:\n%s\n%s", cut, out.code, out.said, difference(at, before))
			default:
				refused++
			}
		}
		if carried < 2 || refused == 0 {
			t.Errorf("%s: %d carried on, %d refused: that is not the whole of it", s.name, carried, refused)
		}
		t.Logf("%s: %d carried on, %d had not begun or were over", s.name, carried, refused)
	}
}

// TestResumeRefuses: what is no longer on the way of the run's plan is named, and
// nothing is done.
func TestResumeRefuses(t *testing.T) {
	scenes := scenarioScenes(t)
	s := scenes[len(scenes)-2]
	scripts := "before/etc/sysconfig/network-scripts/"
	for _, tt := range []struct {
		name, want string
		change     func(dir string) error
	}{
		{"a file by hand", "ifcfg-bond0.2", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, scripts+"ifcfg-bond0.2"), []byte("BY=hand\n"), 0o644)
		}},
		{"another definition", "leads elsewhere", func(dir string) error {
			return rewrite(filepath.Join(dir, "site.hcl"), func(b []byte) []byte {
				return []byte(strings.ReplaceAll(string(b), "192.168.1.2", "192.168.1.9"))
			})
		}},
		{"another file that it would change", "ifcfg-xenbr", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, scripts+"ifcfg-xenbr1"), []byte("DEVICE=xenbr1\nONBOOT=no\n"), 0o644)
		}},
	} {
		dir := s.copy(t)
		if err := tt.change(dir); err != nil {
			t.Fatal(err)
		}
		before := hostState(t, dir)
		out := linkspan(t, dir, nil, s.args...)
		if out.code != exitRefused || !strings.Contains(out.said, tt.want) || hostState(t, dir) != before {
			t.Errorf("%s: it ended with %d:\n%s\n%s", tt.name, out.code, out.said, difference(hostState(t, dir), before))
		}
	}
}

// TestResumeAfterPowerCut cuts the power during an apply at its calls: what it had
// written comes back torn after the boot, at the worst each file of it. Carried on,
// all is as planned; or it is refused, and a rollback leads back.
func TestResumeAfterPowerCut(t *testing.T) {
	scenes := scenarioScenes(t)
	s := scenes[0]
	resume := []string{"rollback", "-resume", "-auto-approve", "-root", "before", "site.hcl"}
	dir := s.copy(t)
	var cuts []string
	linkspan(t, dir, func(call fault.Call) fault.Verdict {
		if call.Role == "program" && call.Number%stride(100, share()) == 0 {
			cuts = append(cuts, fmt.Sprintf("%s-call-%d", dir, call.Number))
			copyTree(t, dir, cuts[len(cuts)-1])
		}
		return fault.Verdict{}
	}, s.args...)
	was := scriptTexts(t, filepath.Join(s.template, scriptsBelow))
	carried, refused, torn := 0, 0, 0
	for n, cut := range cuts {
		for _, undone := range []bool{false, true} {
			dir := cut + fmt.Sprint("-", undone)
			copyTree(t, cut, dir)
			here := tear(t, filepath.Join(dir, scriptsBelow), was, n)
			torn += here
			out := inAnotherBoot(t, dir, resume...)
			at := hostState(t, dir)
			switch {
			case out.code == exitDone && at == s.done && leftover(t, dir) == "":
				carried++
			case here == 0 && out.code == exitError, strings.Contains(out.said, "it is applied"):
				refused++
			default:
				t.Errorf("%s: it ended with %d:\n%s\n%s%s", cut, out.code, out.said, leftover(t, dir), difference(at, s.done))
			}
			if !undone || out.code != exitDone {
				continue
			}
			if out := inAnotherBoot(t, dir, "rollback", "-auto-approve", "-root", "before"); out.code != exitDone || hostState(t, dir) != s.old {
				t.Errorf("%s: rolled back with %d:\n%s\n%s", cut, out.code, out.said, difference(hostState(t, dir), s.old))
			}
		}
	}
	if carried < 2 || refused == 0 || torn == 0 {
		t.Errorf("%d carried on, %d refused, %d files were torn: that is not the whole of it", carried, refused, torn)
	}
	t.Logf("%d carried on with %d torn files, %d had not begun or were over", carried, torn, refused)
}

// scriptTexts are the texts in a directory, by name.
func scriptTexts(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for _, e := range entries {
		out[e.Name()] = readText(t, filepath.Join(dir, e.Name()))
	}
	return out
}

// tear makes of each file in a directory that is not as it was what a power cut can
// leave of it: nothing, its beginning, or as many zeros. The old ones had been on the
// disk long ago.
func tear(t *testing.T, dir string, was map[string]string, how int) (torn int) {
	t.Helper()
	for name, text := range scriptTexts(t, dir) {
		old := strings.HasSuffix(name, ".old")
		if old || text == was[name] {
			continue
		}
		how++
		left := [][]byte{nil, []byte(text[:len(text)/2]), make([]byte, len(text))}[how%3]
		if err := os.WriteFile(filepath.Join(dir, name), left, 0o644); err != nil {
			t.Fatal(err)
		}
		torn++
	}
	return torn
}

// inAnotherBoot runs the program as if the machine had booted since.
func inAnotherBoot(t *testing.T, dir string, args ...string) ending {
	t.Helper()
	// Another boot has another identity (random(4)).
	const boot = `mount --bind "$0" /proc/sys/kernel/random/boot_id || exit 99; exec linkspan "$@"`
	id := filepath.Join(dir, "boot_id")
	write(t, id, "0b007000-0000-4000-8000-000000000000\n")
	options := "-rm"
	if os.Geteuid() == 0 {
		options = "-m"
	}
	out := watching{dir: dir}.run(t, exec.Command("unshare", append([]string{options, "sh", "-c", boot, id}, args...)...))
	if out.code == 99 {
		missing(t, "a mount namespace of one's own ("+out.said+")")
	}
	return out
}
