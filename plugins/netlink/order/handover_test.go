package order

import (
	"net/netip"
	"strings"
	"testing"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/world"
)

// TestActivePortHandsOver: the bond takes what comes by both ports while the
// switch is told, and its bridges learn nothing behind it meanwhile.
func TestActivePortHandsOver(t *testing.T) {
	start := func(active string) *rtnl.Graph {
		bond := bondLink("bond0", "1")
		bond.Bond["miimon"], bond.Bond[activePort], bond.Bond[takesAll] = "100", active, "0"
		v := linkOn(vlanLink("bond0.2", "bond0", 2), "xenbr0")
		v.Port = map[string]int{"learning": 1}
		return &rtnl.Graph{Links: []rtnl.Link{bond, v, linkOn(cardLink("eth0", "52:54:00:00:00:e0"), "bond0"), linkOn(cardLink("eth1", "52:54:00:00:00:e0"), "bond0"), kindLink("bridge", "xenbr0", "")},
			Addresses: []rtnl.Address{staticOn("xenbr0", "192.168.0.2/24")}}
	}
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth1"}, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}},
		{Kind: host.KindVLAN, Name: "bond0.2", VLAN: &host.VLAN{Parent: "bond0", ID: 2}},
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}}, {Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
		{Kind: host.KindBridge, Name: "xenbr0", Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: "bond0.2"}}}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.0.2/24")}},
	}}
	p := planFor(h, start("eth0"), false)
	inOrder(t, p, []string{"ip link set bond0.2 type bridge_slave learning 0", "ip link set bond0 type bond all_slaves_active 1", "ip link set bond0 type bond active_slave eth1", "announce 192.168.0.2 from xenbr0",
		"wait 20 ms", "ip link set bond0 type bond all_slaves_active 0", "ip link set bond0.2 type bridge_slave learning 1", "ip link set eth0 nomaster"})
	end := walk(t, start("eth0"), p.Steps, false)
	back := wayBack(start("eth0"), end, p.Steps, false)
	sameLinks(t, world.Of(walk(t, end, back.Steps, false)), world.Of(start("eth1"))) // which port is active, the driver decides
	if p := planFor(h, start("eth1"), false); strings.Contains(said(p.Steps), activePort) {
		t.Errorf("the port that leaves is not the active one:\n%s", said(p.Steps))
	}
}
