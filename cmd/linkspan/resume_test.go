package main

import (
	"fmt"
	"os"
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
