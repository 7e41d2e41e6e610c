package netlink_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"linkspan/core/rehearse/lab"
)

// TestGuestsStayConnected: a guest's port stays on its bridge while the bridge
// gets another card below it, and while bond, VLANs and cards around it change.
func TestGuestsStayConnected(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	apply(t, hostWith(card("eth0"), card("eth1"), vlan("eth0.2", "eth0", 2),
		gateway(with(bridge("xenbr0", "eth0.2"), "192.168.0.2/24"), "192.168.0.1")))
	ip(t, "netns add guest", "link add vif1.0 type veth peer name g0 netns guest", "link set vif1.0 master xenbr0 up")
	cmd := exec.Command("ip", "-n", "guest", "-batch", "-")
	cmd.Stdin = strings.NewReader("link set g0 up\naddress add 192.168.0.50/24 dev g0\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ip -n guest: %v\n%s", err, out)
	}
	p := startPinger(t, "peer", "192.168.0.50")
	time.Sleep(300 * time.Millisecond)
	apply(t, article(absent(vlan("eth0.2", "eth0", 2))))
	time.Sleep(300 * time.Millisecond)
	sent, lost, gap := p.end(t)
	t.Logf("GUEST: %d sent, %d lost, longest gap %v", sent, lost, gap)
	if lost > 0 {
		t.Errorf("the guest lost %d of %d packets, longest gap %v", lost, sent, gap)
	}
	out, err := exec.Command("ip", "link", "show", "vif1.0").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "master xenbr0") {
		t.Errorf("the guest's port: %v\n%s", err, out)
	}
}
