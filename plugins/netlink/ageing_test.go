package netlink_test

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/rehearse/lab"
	"linkspan/plugins/netlink"
	"linkspan/plugins/netlink/rtnl"
)

// TestUndoKnowsTheAgeingTime: the ageing time of a bridge that goes while its topology
// changes is waited for, since the kernel does not tell it meanwhile, and an undo
// brings it back.
func TestUndoKnowsTheAgeingTime(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	stp, ageing := true, host.Centiseconds(24900)
	b := bridge("xenbr0", "eth0")
	b.Bridge.STP, b.Bridge.AgeingTime = &stp, &ageing
	apply(t, hostWith(card("eth0"), card("eth1"), b))
	end := hostWith(card("eth0"), card("eth1"), absent(b))
	p, _ := planOf(t, end)
	changeTopology(t)
	a := netlink.New().(backend.Applier)
	r := backend.ApplyRequest{Setup: backend.Setup{Host: end}, Operations: p.Operations}
	ended := false
	shot, err := a.Snapshot(&looking{Context: t.Context(), f: func(int) {
		ip(t, "link set xenbr0 down") // which ends the change at once, and not after 35 s
		ended = true
	}}, r)
	if err != nil || !ended {
		t.Fatalf("snapshot: %v, and it waited: %v", err, ended)
	}
	if err := a.Apply(t.Context(), r, func(backend.Progress) {}); err != nil {
		t.Fatal(err)
	}
	if err := backend.Restore(t.Context(), a, shot, func(text string) { t.Errorf("warned: %s", text) }); err != nil {
		t.Fatal(err)
	}
	if got := ageingTime(t); got != "24900" {
		t.Errorf("the ageing time is %s, not 24900 hundredths of a second", got)
	}
}

func ageingTime(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/sys/class/net/xenbr0/bridge/ageing_time")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// changeTopology tells the bridge of eth0 from outside that the topology changes (IEEE
// 802.1D, 9.3.2), and waits until the spanning tree's ageing time is there.
func changeTopology(t *testing.T) {
	t.Helper()
	err := rtnl.InNamespace("peer", func() error {
		out, err := net.InterfaceByName("w0")
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		frame := make([]byte, 60)
		copy(frame, "\x01\x80\xc2\x00\x00\x00\x52\x54\x00\x00\x00\x98\x00\x07\x42\x42\x03\x00\x00\x00\x80")
		return unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: out.Index})
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if ageingTime(t) != "24900" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the topology does not change")
}
