package order

import (
	"slices"
	"strings"
	"testing"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/world"
)

// TestWhatIsLedAroundTakesItsFrames: a bond that has to be empty for its new
// mode is led around, and its VLAN, which has the MAC of what stands in for it,
// draws the frames as soon as it sends something. It takes them until the bond
// carries the address again, there and back.
func TestWhatIsLedAroundTakesItsFrames(t *testing.T) {
	const loosen, listen, down, up, deaf, tighten = "sysctl of bond0.2: ipv4/conf/rp_filter=2", "ip address add 192.168.0.2/32 dev bond0.2", "ip link set bond0 down", "ip link set bond0 up", "ip address delete 192.168.0.2/32 dev bond0.2", "sysctl of bond0.2: ipv4/conf/rp_filter=1"
	for _, isolates := range []bool{true, false} { // without, one port goes before the other comes
		start := func() *rtnl.Graph {
			g := bondWithVLAN(rtnl.StrictReverse)
			g.Links[0].Bond["mode"], g.Links[0].Bond["miimon"] = "0", "0"
			return g
		}
		p := planFor(scenarioHost(), start(), false)
		inOrder(t, p, []string{loosen, listen, "ip address delete 192.168.0.2/24 dev bond0.2", "announce 192.168.0.2 from eth1.2", down, up, "ip link set bond0.2 master xenbr0", "announce 192.168.0.2 from xenbr0", deaf, tighten})
		end := walk(t, start(), p.Steps, false)
		if isolates {
			port := slices.IndexFunc(end.Links, func(l rtnl.Link) bool { return l.Name == "bond0.2" })
			end.Links[port].Port = map[string]int{"isolated": 0, "learning": 1, "flood": 1, "mcast_flood": 1, "bcast_flood": 1}
		}
		back := wayBack(start(), end, p.Steps, false)
		inOrder(t, back, []string{loosen, listen, "ip link set bond0.2 nomaster", down, up,
			"ip address add 192.168.0.2/24 dev bond0.2", "announce 192.168.0.2 from bond0.2", deaf, tighten})
		if s := said(back.Steps); !strings.Contains(s, "name eth1.2 address "+back.madeUp("eth1")) {
			t.Errorf("the port that stands in has the bridge's MAC:\n%s", s)
		}
		sameLinks(t, world.Of(walk(t, end, back.Steps, false)), world.Of(start()))
	}
}

// TestBondListensForItsTwin: on the way back a bond comes up with the MAC of the
// bridge that has the address meanwhile.
func TestBondListensForItsTwin(t *testing.T) {
	const listen, up, deaf = "ip address add 192.168.0.2/32 dev bond0", "ip link set bond0 up", "ip address delete 192.168.0.2/32 dev bond0"
	start := func() *rtnl.Graph {
		g := bondWithVLAN(rtnl.StrictReverse)
		g.Links = slices.DeleteFunc(g.Links, func(l rtnl.Link) bool { return l.Kind == "vlan" })
		g.Neighbours, g.Addresses[0].Link, g.Routes[0].Link = nil, "bond0", "bond0"
		g.Links[1].OwnMAC, g.Links[2].OwnMAC = "52:54:00:00:00:e0", "52:54:00:00:00:e1"
		return g
	}
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Kind: host.KindBond, Name: "bond0", State: host.Absent, Bond: &host.Bond{}},
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}}, {Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
		{Kind: host.KindBridge, Name: "xenbr0", Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: "eth0"}}}, MAC: "52:54:00:00:00:e0",
			Addresses: scenarioHost().Interfaces[4].Addresses, Gateway: scenarioHost().Interfaces[4].Gateway},
	}}
	p := planFor(h, start(), false)
	end := walk(t, start(), p.Steps, false)
	back := wayBack(start(), end, p.Steps, false)
	inOrder(t, back, []string{listen, up, deaf})
	sameLinks(t, world.Of(walk(t, end, back.Steps, false)), world.Of(start()))
}
