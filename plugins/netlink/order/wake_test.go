package order

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/world"
)

// bondWithVLAN is a host whose address is on a VLAN that shall be the first
// port of its bridge.
func bondWithVLAN(strict int) *rtnl.Graph {
	g := brokenBond()
	g.Links[0].Bond["mode"], g.Links[0].Bond["miimon"] = "1", "100"
	g.Neighbours = []rtnl.Neighbour{{Link: "bond0.2", Address: g.Routes[0].Via, MAC: "52:54:00:00:00:99"}}
	g.ReversePath.New = strict
	for n := range g.Links {
		g.Links[n].ReversePath = strict
	}
	return g
}

// TestAddressMovesToABridgeThatIsAwake: the bridge sends when the address
// moves, and with a strict rp_filter it takes what comes before.
func TestAddressMovesToABridgeThatIsAwake(t *testing.T) {
	const wait, add, leave = "wait until xenbr0 can send, after it has got its first port", "ip address add 192.168.0.2/24 dev xenbr0", "ip address delete 192.168.0.2/24 dev bond0.2"
	const join, turn, loosen, tighten = "ip link set bond0.2 master xenbr0", "ip route replace default via 192.168.0.1 dev xenbr0", "sysctl of xenbr0: ipv4/conf/rp_filter=2", "sysctl of xenbr0: ipv4/conf/rp_filter=1"
	for strict, want := range map[int][]string{
		0:                  {join, wait, add, turn, leave},
		rtnl.StrictReverse: {loosen, add, join, wait, turn, leave, tighten},
		rtnl.LooseReverse:  {add, join, wait, turn, leave},
	} {
		p := planFor(scenarioHost(), bondWithVLAN(strict), false)
		inOrder(t, p, want)
		if strict != rtnl.StrictReverse && strings.Contains(said(p.Steps), "rp_filter") {
			t.Errorf("rp_filter %d is changed:\n%s", strict, said(p.Steps))
		}
		if n := len(p.Unreachable()); n > 0 {
			t.Errorf("rp_filter %d: %d gaps", strict, n)
		}
		end := walk(t, bondWithVLAN(strict), p.Steps, false)
		back := wayBack(bondWithVLAN(strict), end, p.Steps, false)
		sameLinks(t, world.Of(walk(t, end, back.Steps, false)), world.Of(bondWithVLAN(strict)))
		if !strings.Contains(said(p.Steps), "announce 192.168.0.2 from xenbr0") {
			t.Errorf("rp_filter %d: nobody is told:\n%s", strict, said(p.Steps))
		}
	}
}

// TestBridgeThatGoesUpWithItsPortIsAwake: no wait where none is needed.
func TestBridgeThatGoesUpWithItsPortIsAwake(t *testing.T) {
	g := bondWithVLAN(0)
	g.Links = slices.DeleteFunc(g.Links, func(l rtnl.Link) bool { return l.Name == "bond0.2" })
	g.Neighbours, g.Addresses[0].Link, g.Routes[0].Link = nil, "bond0", "bond0"
	p := planFor(scenarioHost(), g, false)
	if strings.Contains(said(p.Steps), "can send") {
		t.Error(said(p.Steps))
	}
	inOrder(t, p, []string{"ip link set bond0.2 master xenbr0", "ip link set bond0.2 up", "ip link set xenbr0 up"})
}

// TestNewVLANsGoUpTogether: where no address moves to their bridges.
func TestNewVLANsGoUpTogether(t *testing.T) {
	g := bondWithVLAN(0)
	g.Links = slices.DeleteFunc(g.Links, func(l rtnl.Link) bool { return l.Name == "bond0.2" })
	g.Neighbours, g.Addresses, g.Routes = nil, nil, nil
	inOrder(t, planFor(scenarioHost(), g, false), []string{"ip link set bond0.2 master xenbr0", "ip link set xenbr0 up", "ip link set bond0.2 up"})
}

// TestAddressLingersUntilTheNeighboursKnow: what still comes to the link that
// an address has left is taken, whatever rp_filter says there.
func TestAddressLingersUntilTheNeighboursKnow(t *testing.T) {
	const stay, leave, told, gone = "ip address add 192.168.0.2/32 dev eth0", "ip address delete 192.168.0.2/24 dev eth0", "announce 192.168.0.2 from xenbr0", "ip address delete 192.168.0.2/32 dev eth0"
	for strict, want := range map[int][]string{
		0:                  {leave, told},
		rtnl.StrictReverse: {"sysctl of eth0: ipv4/conf/rp_filter=2", stay, leave, told, gone, "sysctl of eth0: ipv4/conf/rp_filter=1"},
		rtnl.LooseReverse:  {stay, leave, told, gone},
	} {
		g := &rtnl.Graph{Links: []rtnl.Link{cardLink("eth0", "52:54:00:00:00:e0"), cardLink("eth1", "52:54:00:00:00:e1")},
			Addresses: []rtnl.Address{staticOn("eth0", "192.168.0.2/24")}, Routes: []rtnl.Route{defaultOn("eth0", "192.168.0.1")}}
		g.Links[0].ReversePath = strict
		p := planFor(scenarioHost(), g, false)
		inOrder(t, p, want)
		if strict == 0 && strings.Contains(said(p.Steps), "/32") {
			t.Errorf("an address lingers for nothing:\n%s", said(p.Steps))
		}
		walk(t, g, p.Steps, false)
	}
}

// TestTwinTakesThePackets: a card that leaves a bond of its MAC, and a bond that
// gets the MAC of the card in use, draw its frames as soon as they send.
func TestTwinTakesThePackets(t *testing.T) {
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Kind: host.KindBond, Name: "bond0", State: host.Absent, Bond: &host.Bond{}},
		{Kind: host.KindVLAN, Name: "bond0.2", State: host.Absent, VLAN: &host.VLAN{Parent: "bond0", ID: 2}},
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}},
		{Kind: host.KindVLAN, Name: "eth0.2", VLAN: &host.VLAN{Parent: "eth0", ID: 2}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.0.2/24")}, Gateway: netip.MustParseAddr("192.168.0.1")},
		{Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
	}}
	const up, wait, told = "ip link set eth0.2 up", "wait until eth0.2 has had a carrier for 400 ms", "announce 192.168.0.2 from eth0.2"
	const loosen, add, carry, tighten = "sysctl of eth0.2: ipv4/conf/rp_filter=2", "ip address add 192.168.0.2/24 dev eth0.2", "ip neighbour replace (1 known on bond0.2) dev eth0.2", "sysctl of eth0.2: ipv4/conf/rp_filter=1"
	for strict, want := range map[int][]string{
		0:                  {up, wait, add, carry, told},
		rtnl.StrictReverse: {loosen, add, up, wait, carry, told, tighten},
		rtnl.LooseReverse:  {add, up, wait, carry, told},
	} {
		start := func() *rtnl.Graph {
			g := bondWithVLAN(strict)
			g.Links[2].OwnMAC, g.Links[3].OwnMAC = "52:54:00:00:00:e0", "52:54:00:00:00:e1"
			return g
		}
		p := planFor(h, start(), false)
		inOrder(t, p, want)
		if lingers := strings.Contains(said(p.Steps), "192.168.0.2/32"); !lingers {
			inOrder(t, p, []string{"ip address delete 192.168.0.2/24 dev bond0.2", "ip link set bond0 address " + p.madeUp("bond0"), "ip link delete bond0"})
		}
		end := walk(t, start(), p.Steps, false)
		back := wayBack(start(), end, p.Steps, false)
		if strict != 0 {
			inOrder(t, back, []string{"ip address add 192.168.0.2/24 dev bond0.2", "ip link set bond0.2 up", "ip address delete 192.168.0.2/24 dev eth0.2"})
		}
		sameLinks(t, world.Of(walk(t, end, back.Steps, false)), world.Of(start()))
	}
}

// TestCardTakesAnothersPlace: the one leaves a bond in use when the other has
// found its link, and does not come up with the MAC that stays the bond's.
func TestCardTakesAnothersPlace(t *testing.T) {
	start := func() *rtnl.Graph {
		bond := bondLink("bond0", "1")
		bond.Bond["miimon"], bond.Bond["updelay"] = "100", "200"
		was := linkOn(cardLink("eth0", "52:54:00:00:00:e0"), "bond0")
		was.OwnMAC = was.MAC
		return &rtnl.Graph{Links: []rtnl.Link{bond, was, cardLink("eth1", "52:54:00:00:00:e1")}, Addresses: []rtnl.Address{staticOn("bond0", "192.168.0.2/24")}}
	}
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth1"}, Mode: "active-backup", Options: map[string]string{"miimon": "100", "updelay": "200"}}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.0.2/24")}},
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}}, {Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
	}}
	p := planFor(h, start(), false)
	inOrder(t, p, []string{"ip link set eth1 master bond0", "wait until eth1 has had a carrier for 700 ms", "ip link set eth0 nomaster", "ip link set eth0 address " + p.madeUp("eth0"), "ip link set eth0 up"})
	end := walk(t, start(), p.Steps, false)
	back := wayBack(start(), end, p.Steps, false)
	inOrder(t, back, []string{"ip link set eth0 down", "ip link set eth0 address 52:54:00:00:00:e0", "ip link set eth0 master bond0", "ip link set eth1 nomaster"})
	sameLinks(t, world.Of(walk(t, end, back.Steps, false)), world.Of(start()))
}

// inOrder demands steps one after the other.
func inOrder(t *testing.T, p *Planner, want []string) {
	t.Helper()
	at := -1
	for _, words := range want {
		n := slices.IndexFunc(p.Steps, func(s Planned) bool { return s.String() == words })
		if n <= at {
			t.Errorf("%q is at %d, after %d:\n%s", words, n, at, said(p.Steps))
		}
		at = n
	}
}
