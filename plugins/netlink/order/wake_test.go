package order

import (
	"slices"
	"strings"
	"testing"

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
	if p := planFor(scenarioHost(), g, false); strings.Contains(said(p.Steps), "can send") {
		t.Error(said(p.Steps))
	}
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
