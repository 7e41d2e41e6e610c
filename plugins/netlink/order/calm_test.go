package order

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// TestPortFindsItsLinkBeforeItSends: a bond in balance-rr that does not look at
// its links would send by a port that has just joined.
func TestPortFindsItsLinkBeforeItSends(t *testing.T) {
	for miimon, calm := range map[string]bool{"0": true, "100": false} {
		g := bondWithVLAN(0)
		g.Links[0].Bond["mode"], g.Links[0].Bond["miimon"], g.Links[3].Master = "0", miimon, ""
		h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{
			{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "balance-rr", Options: map[string]string{"miimon": miimon}}},
			{Kind: host.KindVLAN, Name: "bond0.2", VLAN: &host.VLAN{Parent: "bond0", ID: 2}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.0.2/24")}, Gateway: netip.MustParseAddr("192.168.0.1")},
			{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}}, {Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
		}}
		p := planFor(h, g, false)
		if !calm && strings.Contains(said(p.Steps), packetsPerPort) {
			t.Errorf("the driver looks at the links itself:\n%s", said(p.Steps))
		}
		if calm {
			inOrder(t, p, []string{"ip link set bond0 type bond packets_per_slave 65535", "ip link set eth1 master bond0", "wait until eth1 has had a carrier for 400 ms", "ip link set bond0 type bond packets_per_slave 1"})
		}
		end := walk(t, g, p.Steps, false)
		if n := slices.IndexFunc(end.Links, func(l rtnl.Link) bool { return l.Name == "bond0" }); end.Links[n].Bond[packetsPerPort] != "1" {
			t.Errorf("miimon %s: it stays calm", miimon)
		}
	}
}

// TestUndoDoesNotGuessAnMTU: a card that leaves its bond has its own MTU again,
// which nothing tells. An undo that leads around the bond says what its VLANs need.
func TestUndoDoesNotGuessAnMTU(t *testing.T) {
	start := func() *rtnl.Graph {
		g := bondWithVLAN(0)
		g.Links[0].Bond["mode"], g.Links[0].Bond["miimon"] = "0", "0"
		for n := range g.Links {
			g.Links[n].MTU = 1500
		}
		return g
	}
	p := planFor(scenarioHost(), start(), false)
	end := walk(t, start(), p.Steps, false)
	for n := range end.Links {
		end.Links[n].OwnMTU = 0 // as the kernel has it
	}
	back := wayBack(start(), end, p.Steps, false)
	inOrder(t, back, []string{"ip link set eth1 nomaster", "ip link set eth1 mtu 1500", "ip link set eth1 up"})
}
