package fileformat

import (
	"slices"
	"strings"
	"testing"

	"linkspan/core/plan"
)

// FuzzMerge: whatever the texts, the result is ours with lines of current in
// between, and each line that is unknown is there or counted as lost.
func FuzzMerge(f *testing.F) {
	f.Add("# a\nx 1\ny 2\n\n[b]\n  z\n", "x 1\ny 3\n\n[c]\n", "y 2\n")
	f.Add("a:\n  b:\n    c: 1\n    d: 2\n", "a:\n  b:\n    c: 2\n", "    c: 1\n")
	f.Fuzz(func(t *testing.T, current, ours, known string) {
		unknown := func(l string) bool { return strings.Contains(l, "u") }
		m := &merge{current: lines(current), ours: lines(ours), comment: "#", key: squeezed}
		m.known = m.counted(known)
		m.silent = func(from, to int) bool {
			return !slices.ContainsFunc(m.current[from:to], func(l string) bool { return !unknown(l) })
		}
		m.about = func(text string) map[plan.Ref]bool { return map[plan.Ref]bool{{Name: text[:1]}: true} }
		out := lines(m.text())
		rest := slices.Clone(m.ours)
		added := 0
		for _, l := range out {
			if len(rest) > 0 && rest[0] == l {
				rest = rest[1:]
				continue
			}
			added++
			if !slices.Contains(m.current, l) {
				t.Fatalf("%q comes from nowhere in %q", l, out)
			}
		}
		if len(rest) > 0 {
			t.Fatalf("%q lacks %q", out, rest)
		}
		kept := 0
		for i := range m.current {
			if m.kept[i] {
				kept++
			}
		}
		if added != kept-m.lost {
			t.Fatalf("%d lines were added to %q, of %d kept and %d lost", added, ours, kept, m.lost)
		}
	})
}

// TestIndented: an option stays below the key that it stood under.
func TestIndented(t *testing.T) {
	current := "network:\n  cards:\n    eth0:\n      mtu: 1500\n      wake: true\n    eth1:\n      mtu: 1500\n      wake: false\n"
	ours := "network:\n  cards:\n    eth1:\n      mtu: 9000\n    eth2:\n      mtu: 1500\n"
	m := &merge{current: lines(current), ours: lines(ours), key: func(l string) string { return l }}
	m.known = m.counted("network:\n  cards:\n    eth0:\n      mtu: 1500\n    eth1:\n      mtu: 1500\n")
	m.silent = func(from, to int) bool {
		return !slices.ContainsFunc(m.current[from:to], func(l string) bool { return !strings.Contains(l, "wake") })
	}
	m.about = func(string) map[plan.Ref]bool { return nil }
	want := "network:\n  cards:\n    eth1:\n      mtu: 9000\n      wake: false\n    eth2:\n      mtu: 1500\n"
	if have := m.text(); have != want || m.lost != 1 {
		t.Errorf("%d lost of\n%s", m.lost, have)
	}
}
