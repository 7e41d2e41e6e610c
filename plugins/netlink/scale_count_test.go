package netlink_test

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/rehearse/lab"
	linkspan "linkspan/plugins/netlink"
)

// TestWorkGrowsWithTheLinks counts what twice as many links cost, for time says
// nothing on a machine that is busy. No file is read for a link: a system call
// is slow, and a link has some 150 sysctls. What is allocated, which a list that
// is made anew for each link shows in, grows no more than the links.
func TestWorkGrowsWithTheLinks(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	few, many := costs(t, 100), costs(t, 200)
	for part, one := range few {
		two := many[part]
		t.Logf("%s: %+v of 100 pairs, %+v of 200", part, one, two)
		if two.files > one.files+50 { // some are the runtime's own
			t.Errorf("%s: %d reads of files for 100 pairs, %d for 200", part, one.files, two.files)
		}
		if two.bytes > 5*one.bytes/2 {
			t.Errorf("%s: %d bytes for 100 pairs, %d for 200", part, one.bytes, two.bytes)
		}
	}
}

// cost is what something took.
type cost struct {
	files int64 // read(2) and its like, which those of a socket are not
	bytes int64 // allocated
}

// costs makes a bond with many VLANs and bridges, and says what it cost to plan
// them, to find them in sync, and to take a snapshot of them.
func costs(t *testing.T, pairs int) map[string]cost {
	t.Helper()
	remove := fresh(t)
	defer remove()
	out := make(map[string]cost)
	measured := func(part string, fn func()) {
		least := cost{math.MaxInt64, math.MaxInt64}
		for range 4 { // a dump that the kernel interrupts is read again
			before := spent(t)
			fn()
			after := spent(t)
			least = cost{min(least.files, after.files-before.files), min(least.bytes, after.bytes-before.bytes)}
		}
		out[part] = least
	}
	setup := backend.Setup{Host: wide(pairs), Netns: "wide"}
	r := backend.ApplyRequest{Setup: setup}
	measured("plan", func() {
		p, _ := readAndPlan(t, setup)
		r.Operations = p.Operations
	})
	applier := linkspan.New().(backend.Applier)
	if err := applier.Apply(t.Context(), r, func(backend.Progress) {}); err != nil {
		t.Fatal(err)
	}
	measured("in sync", func() {
		if _, changes := readAndPlan(t, setup); len(changes) > 0 {
			t.Fatalf("the second plan has %d changes", len(changes))
		}
	})
	measured("snapshot", func() {
		if _, err := applier.Snapshot(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	})
	return out
}

// spent is what the process has cost so far (proc_pid_io(5)).
func spent(t *testing.T) cost {
	t.Helper()
	io, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal(err)
	}
	var c cost
	_, reads, _ := strings.Cut(string(io), "syscr:")
	if _, err := fmt.Sscan(reads, &c.files); err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c.bytes = int64(m.TotalAlloc)
	return c
}
