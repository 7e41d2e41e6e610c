package hostfile

import (
	"runtime/debug"
	"testing"
)

// The collector is as before after a load, whoever has set it, and with a load
// within another.
func TestCollectLess(t *testing.T) {
	now := func() int {
		p := debug.SetGCPercent(usualPercent)
		debug.SetGCPercent(p)
		return p
	}
	for _, c := range []struct{ before, text, during int }{
		{usualPercent, leastText - 1, usualPercent},
		{usualPercent, 2 * leastText, mostPercent},
		{usualPercent, 60 << 20, usualPercent}, // 10,000 hosts
		{50, 2 * leastText, 50},
		{-1, 2 * leastText, -1},
	} {
		original := debug.SetGCPercent(c.before)
		end := collectLess(c.text)
		if got := now(); got != c.during {
			t.Errorf("%+v: %d", c, got)
		}
		collectLess(c.text)()
		if got := now(); got != c.during {
			t.Errorf("%+v: after another, %d", c, got)
		}
		end()
		if got := now(); got != c.before {
			t.Errorf("%+v: afterwards %d", c, got)
		}
		debug.SetGCPercent(original)
	}
}
