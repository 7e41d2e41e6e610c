package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/engine/fault"
	"linkspan/core/engine/journal"
	"linkspan/core/rehearse/lab"
	"linkspan/core/rehearse/uml"
	"linkspan/plugins/netlink"
)

// The host of the live tests: its address on a VLAN of a bond with parameters of
// its own; then as in the scenario, with other parameters.
const (
	liveBefore = `
  bond "bond0" {
    ports   = ["eth0", "eth1"]
    mode    = "active-backup"
    miimon  = 200
    updelay = 400
  }
  vlan "bond0.2" {
    parent = "bond0"
    id     = 2
  }
  bridge "xenbr0" {
    ports         = ["bond0.2"]
    addresses     = ["192.168.0.2/24"]
    gateway       = "192.168.0.1"
    stp           = false
    forward_delay = 4
    ageing_time   = 200
  }`
	liveAfter = `
  bond "bond0" {
    ports   = ["eth0", "eth1"]
    mode    = "active-backup"
    miimon  = 100
    primary = "eth1"
  }
  vlan "bond0.2" {
    parent = "bond0"
    id     = 2
  }
  vlan "bond0.3" {
    parent = "bond0"
    id     = 3
  }
  bridge "xenbr0" {
    ports         = ["bond0.2"]
    addresses     = ["192.168.0.2/24", "192.168.0.3/24"]
    gateway       = "192.168.0.1"
    stp           = true
    forward_delay = 2
    ageing_time   = 100
  }
  bridge "xenbr1" {
    ports     = ["bond0.3"]
    addresses = ["192.168.1.2/24"]
  }`
)

// liveHost makes this kernel a host with two cards, and files of its own.
func liveHost(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"/etc", "/var", "/root"} {
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
			t.Fatal(err)
		}
	}
	liveFiles(t)
	twoCards(t)
}

func liveFiles(t *testing.T) {
	t.Helper()
	write(t, "/etc/redhat-release", "CentOS release 6.10 (Final)\n")
	write(t, "/etc/sysconfig/network", "NETWORKING=yes\nNETWORKING_IPV6=yes\nHOSTNAME=dom0-01\n")
	if err := os.MkdirAll("/etc/sysconfig/network-scripts", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"before": liveBefore, "after": liveAfter} {
		write(t, "/etc/linkspan/"+name+"/site.hcl", "host \"dom0-01\" {\n"+body+"\n  backend \"ifcfg\" {}\n  backend \"netlink\" {}\n}\n")
	}
}

// applyLive is the command line of an apply of one of the two definitions.
func applyLive(which string, flags ...string) []string {
	return append(append([]string{"apply", "-host", "dom0-01", "-auto-approve"}, flags...), "/etc/linkspan/"+which+"/site.hcl")
}

// onKernel runs the program in the rehearsal kernel.
func onKernel(t *testing.T, decide func(fault.Call) fault.Verdict, args ...string) ending {
	t.Helper()
	c := &exec.Cmd{Path: "/proc/self/exe", Args: append([]string{"linkspan"}, args...)}
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/root", "LANG=C.UTF-8"}, uml.HandOn()...)
	return watching{"/run", fault.Changing(), decide}.run(t, c)
}

func mustLive(t *testing.T, args ...string) string {
	t.Helper()
	out := onKernel(t, nil, args...)
	if out.code != 0 {
		t.Fatalf("%v ended with %d:\n%s", args, out.code, out.said)
	}
	return out.said
}

// liveState spells the files and the kernel: every interface with all that the
// netlink backend knows of it, and the parameters of bonds and bridges as sysfs
// has them.
func liveState(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	files, err := filepath.Glob("/etc/sysconfig/network-scripts/*")
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := filepath.Glob("/etc/sysconfig/network-scripts/.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, hidden...) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %q\n", f, text)
	}
	r, err := netlink.New().Read(t.Context(), backend.ReadRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Objects {
		line, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", line)
	}
	for _, pattern := range []string{"/sys/class/net/*/bonding/*", "/sys/class/net/*/bridge/*"} {
		params, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range params {
			switch filepath.Base(p) {
			case "bridge_id", "root_id", "hello_timer", "gc_timer", "tcn_timer", "topology_change_timer", "topology_change", "topology_change_detected", "flush", "queue_id", "mii_status", "active_slave":
				continue // states, not parameters
			}
			text, err := os.ReadFile(p)
			if err == nil {
				fmt.Fprintf(&b, "%s %s\n", p, strings.TrimSpace(string(text)))
			}
		}
	}
	return b.String()
}

// awaitState waits until the last run is in a state.
func awaitState(t *testing.T, state journal.State) {
	t.Helper()
	var runs []*journal.Run
	for end := time.Now().Add(3 * patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var err error
		if runs, err = journal.In("/var/lib/linkspan").All(); err != nil {
			t.Fatal(err)
		}
		if len(runs) > 0 && runs[len(runs)-1].State() == state {
			return
		}
	}
	for _, r := range runs {
		t.Logf("run %d: %s: %s", r.ID, r.State(), r.Why())
	}
	t.Fatalf("the last run is not %s", state)
}

// bootTime is CLOCK_BOOTTIME, which nobody sets.
func bootTime(t *testing.T) time.Duration {
	t.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// rowClock: nobody confirms, and the clock is set ten years on and back meanwhile:
// the deadline neither comes earlier nor later, and files and kernel are as before,
// with the parameters of bond and bridge.
func rowClock(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	liveHost(t)
	mustLive(t, applyLive("before")...)
	before := liveState(t)
	const window = 8 * time.Second
	for _, years := range []int{10, -10} {
		began := bootTime(t)
		mustLive(t, applyLive("after", "-confirm", window.String())...)
		applied := bootTime(t)
		if liveState(t) == before {
			t.Fatal("the apply has changed nothing")
		}
		at := unix.NsecToTimespec(time.Now().AddDate(years, 0, 0).UnixNano())
		if err := unix.ClockSettime(unix.CLOCK_REALTIME, &at); err != nil {
			t.Fatal(err)
		}
		for bootTime(t) < applied+window/2 {
			if liveState(t) == before {
				t.Fatalf("%+d years: undone after %s", years, bootTime(t)-began)
			}
			time.Sleep(100 * time.Millisecond)
		}
		awaitState(t, journal.Undone) // meanwhile files come and go
		t.Logf("%+d years: undone %s after the apply had ended, for %s", years, (bootTime(t) - applied).Round(10*time.Millisecond), window)
		if now := liveState(t); now != before {
			t.Fatalf("%+d years: it is not as before:\n%s", years, difference(now, before))
		}
	}
	mustLive(t, applyLive("after", "-confirm", "1h")...)
	mustLive(t, applyLive("after", "-confirm", "2h")...) // moves the deadline
	if said := onKernel(t, nil, "status", "-host", "dom0-01", "/etc/linkspan/after/site.hcl").said; !strings.Contains(said, "undone in 7") {
		t.Errorf("the deadline did not move:\n%s", said)
	}
	mustLive(t, "confirm")
	mustLive(t, "rollback", "-auto-approve")
	if now := liveState(t); now != before {
		t.Errorf("rolled back, it is not as before:\n%s", difference(now, before))
	}
}

// longVariable is set by .ci/run, and asks for the tests that take most of a minute.
const longVariable = "LINKSPAN_LONG"

// long leaves such a test out elsewhere.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv(longVariable) == "" {
		t.Skip("a long test: " + longVariable + "=1 runs it")
	}
}
