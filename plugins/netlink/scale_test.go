package netlink_test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/core/rehearse/lab"
	linkspan "linkspan/plugins/netlink"
)

// BenchmarkScale makes one bond, and a VLAN on it with a bridge and an address
// for each of many guests' networks, once by linkspan and once by `ip -batch`,
// and then reads and plans again what is in sync. settled-s is how long the
// kernel needs after that until its links can be read without a change in
// between: it looks at carriers and tries IPv6 addresses.
//
//	go test ./plugins/netlink -run '^$' -bench 'Scale$' -benchtime 1x
func BenchmarkScale(b *testing.B) {
	if !lab.InsideBench(b, 20*time.Minute) {
		return
	}
	h := wide(1000)
	b.Run("linkspan", func(b *testing.B) {
		for b.Loop() {
			byLinkspan(b, h)
		}
	})
	b.Run("ip-batch", func(b *testing.B) {
		for b.Loop() {
			byIP(b, h)
		}
	})
}

// BenchmarkScaleFull makes as many as fit a bond.
func BenchmarkScaleFull(b *testing.B) {
	if !lab.InsideBench(b, 20*time.Minute) {
		return
	}
	h := wide(4000)
	for b.Loop() {
		byLinkspan(b, h)
	}
}

// wide is a host with that many VLANs on a bond, each on a bridge.
func wide(pairs int) host.Host {
	bond0 := bond("bond0", "eth0", "eth1")
	is := []host.Interface{card("eth0"), card("eth1"), bond0}
	for n := range pairs {
		id := n + 2
		ip := netip.AddrFrom4([4]byte{10, byte(id >> 8), byte(id), 2})
		is = append(is, vlan(fmt.Sprintf("bond0.%d", id), "bond0", id), with(bridge(fmt.Sprintf("br%d", id), fmt.Sprintf("bond0.%d", id)), ip.String()+"/24"))
	}
	h := hostWith(is...)
	h.Backends = []host.Backend{{Name: "netlink"}}
	return h
}

// fresh makes a namespace with two cards and returns what removes it.
func fresh(b testing.TB) func() {
	b.Helper()
	done := make(chan error, 1)
	go func() { done <- makeFresh() }()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	return func() {
		if err := netns.DeleteNamed("wide"); err != nil {
			b.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // the kernel takes it down by and by
	}
}

func makeFresh() error {
	runtime.LockOSThread() // thrown away with its namespace
	ns, err := netns.NewNamed("wide")
	if err != nil {
		return err
	}
	defer ns.Close()
	for _, name := range []string{"eth0", "eth1"} {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = name
		cable := netlink.NewVeth(attrs)
		cable.PeerName = "w" + name
		if err := netlink.LinkAdd(cable); err != nil {
			return err
		}
		peer, err := netlink.LinkByName(cable.PeerName)
		if err != nil {
			return err
		}
		if err := netlink.LinkSetUp(peer); err != nil {
			return err
		}
	}
	return nil
}

// stopwatch reports how long a part took.
func stopwatch(b *testing.B, name string, fn func()) {
	begin := time.Now()
	fn()
	b.ReportMetric(time.Since(begin).Seconds(), name+"-s")
}

func byLinkspan(b *testing.B, h host.Host) {
	b.StopTimer()
	defer b.StartTimer() // as B.Loop wants it
	remove := fresh(b)
	defer remove()
	b.StartTimer()
	defer b.StopTimer()
	var p backend.PlanResponse
	setup := backend.Setup{Host: h, Netns: "wide"}
	stopwatch(b, "plan", func() { p, _ = readAndPlan(b, setup) })
	stopwatch(b, "apply", func() {
		r := backend.ApplyRequest{Setup: setup, Operations: p.Operations}
		if err := linkspan.New().(backend.Applier).Apply(b.Context(), r, func(backend.Progress) {}); err != nil {
			b.Fatal(err)
		}
	})
	b.StopTimer()
	stopwatch(b, "settled", func() { readAndPlan(b, setup) })
	stopwatch(b, "in-sync", func() {
		if _, changes := readAndPlan(b, setup); len(changes) > 0 {
			b.Fatalf("the second plan has %d changes", len(changes))
		}
	})
	stopwatch(b, "snapshot", func() {
		if _, err := linkspan.New().(backend.Applier).Snapshot(b.Context(), backend.ApplyRequest{Setup: setup, Operations: p.Operations}); err != nil {
			b.Fatal(err)
		}
	})
	b.ReportMetric(peak(b), "peak-MB")
}

// peak is the most memory that the process has had, in MB (proc_pid_status(5)).
func peak(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	var kB float64
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(line, &kB); err != nil {
		b.Fatal(err)
	}
	return kB / 1024
}

func readAndPlan(b testing.TB, setup backend.Setup) (backend.PlanResponse, []plan.Change) {
	l := linkspan.New()
	read, err := l.Read(b.Context(), backend.ReadRequest{Setup: setup})
	if err != nil {
		b.Fatal(err)
	}
	rendered, err := l.Render(b.Context(), backend.RenderRequest{Setup: setup})
	if err != nil || rendered.Diagnostics.HasErrors() {
		b.Fatal(err, rendered.Diagnostics)
	}
	changes := plan.Diff(rendered.Objects, read.Objects)
	p, err := l.Plan(b.Context(), backend.PlanRequest{Setup: setup, Desired: rendered.Objects, Actual: read, Changes: changes})
	if err != nil || p.Diagnostics.HasErrors() {
		b.Fatal(err, p.Diagnostics)
	}
	return p, changes
}

// byIP does the same as a careful administrator would.
func byIP(b *testing.B, h host.Host) {
	b.StopTimer()
	defer b.StartTimer() // as B.Loop wants it
	remove := fresh(b)
	defer remove()
	lines := []string{"link add bond0 type bond mode active-backup miimon 100", "link set eth0 master bond0", "link set eth1 master bond0", "link set bond0 up"}
	for _, i := range h.Interfaces {
		if i.VLAN != nil {
			lines = append(lines, fmt.Sprintf("link add link bond0 name %s type vlan id %d", i.Name, i.VLAN.ID))
		}
	}
	for _, i := range h.Interfaces {
		if i.Bridge != nil {
			lines = append(lines, "link add "+i.Name+" type bridge", "link set "+i.Bridge.Ports[0].Name+" master "+i.Name+" up", "link set "+i.Name+" up",
				fmt.Sprintf("address add %s dev %s", i.Addresses[0], i.Name))
		}
	}
	b.StartTimer()
	cmd := exec.Command("ip", "-n", "wide", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.CombinedOutput()
	b.StopTimer()
	if err != nil {
		b.Fatalf("ip -batch: %v\n%s", err, out)
	}
}
