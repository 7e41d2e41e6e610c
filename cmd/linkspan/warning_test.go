package main

import (
	"strings"
	"testing"
)

// TestBackendsWarn: what a backend had to leave is told where it happens, at the end,
// in the JSON form and in the history; that of an undo as well.
func TestBackendsWarn(t *testing.T) {
	for _, kind := range []string{"script", "plugin"} {
		for _, form := range []string{"text", "json"} {
			t.Run(kind+", "+form, func(t *testing.T) {
				s := keptSite(t, kind)
				write(t, s.dir+"/root/etc/when", "apply warn")
				args := append([]string{"apply", "-auto-approve", "-root", "root", "-host", "h"}, s.flags...)
				want := "Warning: site: port2 is left"
				if form == "json" {
					args, want = append(args, "-json"), `"warnings":["site: port2 is left`
				}
				said := must(t, s.dir, append(args, "site")...)
				for _, text := range []string{"  warning: site: port2 is left", want} {
					if !strings.Contains(said, text) {
						t.Errorf("the apply does not say %q:\n%s", text, said)
					}
				}
				if strings.Contains(said, "\x1b[1m") {
					t.Errorf("a control character reaches the terminal:\n%q", said)
				}
				history := must(t, s.dir, "history", "-root", "root")
				if strings.Count(history, "warning: ") != 1 {
					t.Errorf("the history:\n%s", history)
				}
			})
		}
	}
}

// TestUndoWarns: a rollback, and the undo of an apply that has failed, hand on what
// the backend warns of, and keep no more of it than there is room for.
func TestUndoWarns(t *testing.T) {
	check := func(t *testing.T, s switchSite, said string) {
		t.Helper()
		if !strings.Contains(said, "  warning: site: port29 was left") {
			t.Errorf("it says:\n%s", said)
		}
		history := must(t, s.dir, "history", "-root", "root")
		if strings.Count(history, "warning: ") != 21 || !strings.Contains(history, "warning: there were more") {
			t.Errorf("the history:\n%s", history)
		}
	}
	t.Run("rollback", func(t *testing.T) {
		s := keptSite(t, "plugin")
		s.apply(t, exitDone)
		said := must(t, s.dir, "rollback", "-auto-approve", "-root", "root")
		if !strings.Contains(said, "\nWarning: site: port0 was left") {
			t.Errorf("it says:\n%s", said)
		}
		check(t, s, said)
	})
	t.Run("an apply that fails", func(t *testing.T) {
		s := keptSite(t, "plugin")
		write(t, s.dir+"/root/etc/when", "apply fail")
		args := append([]string{"apply", "-auto-approve", "-root", "root", "-host", "h"}, s.flags...)
		out := linkspan(t, s.dir, nil, append(args, "site")...)
		if out.code != exitUndone {
			t.Errorf("it ended with %d", out.code)
		}
		check(t, s, out.said)
	})
}
