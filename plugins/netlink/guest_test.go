package netlink_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/rehearse/lab"
	"linkspan/plugins/netlink"
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

// TestGuestsHearEachOther: what two guests of a bridge say to each other loses
// nothing while everything around the bridge changes: the bond below it
// loses its ports and gets them back, and other VLANs and bridges, the host's own address and routes.
func TestGuestsHearEachOther(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	apply(t, article())
	for n, name := range []string{"g1", "g2"} {
		ip(t, "netns add "+name, "link add vif"+name+" type veth peer name eth0 netns "+name, "link set vif"+name+" master xenbr0 up")
		cmd := exec.Command("ip", "-n", name, "-batch", "-")
		cmd.Stdin = strings.NewReader(fmt.Sprintf("link set eth0 up\naddress add 192.168.0.%d/24 dev eth0\n", 50+n))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ip -n %s: %v\n%s", name, err, out)
		}
	}
	around := article(absent(bridge("xenbr1")), with(bridge("xenbr2", "bond0.3", "bond0.4"), "192.168.1.2/24"), vlan("bond0.4", "bond0", 4))
	around.Interfaces = slices.DeleteFunc(around.Interfaces, func(i host.Interface) bool { return i.Name == "xenbr1" && i.Wanted() != host.Absent })
	for n := range around.Interfaces {
		if i := &around.Interfaces[n]; i.Bond != nil {
			i.Bond.Options = map[string]string{"miimon": "50", "fail_over_mac": "follow"} // taken of a bond without ports only
		}
	}
	p := startPinger(t, "g1", "192.168.0.51")
	time.Sleep(300 * time.Millisecond)
	shot := apply(t, around)
	if err := netlink.New().(backend.Applier).Restore(t.Context(), shot); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	sent, lost, gap := p.end(t)
	t.Logf("GUESTS: %d sent, %d lost, longest gap %v", sent, lost, gap)
	if lost > 0 {
		t.Errorf("%d of %d packets between guests lost, longest gap %v", lost, sent, gap)
	}
}
