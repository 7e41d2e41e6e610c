package netlink

import (
	"slices"
	"strings"
	"testing"

	"linkspan/plugins/netlink/rtnl"
)

// bondWithVLAN is a host whose address is on a VLAN that shall be the first
// port of its bridge.
func bondWithVLAN(strict int) *rtnl.Graph {
	g := brokenBond()
	g.Links[0].Bond["mode"], g.Links[0].Bond["miimon"] = "1", "100"
	g.Neighbours = []rtnl.Neighbour{{Link: "bond0.2", Address: g.Routes[0].Via, MAC: "52:54:00:00:00:99"}}
	g.ReversePath.New = strict
	return g
}

// TestAddressMovesToABridgeThatIsAwake: the bridge sends when the address
// moves, and with a strict rp_filter it takes what comes before.
func TestAddressMovesToABridgeThatIsAwake(t *testing.T) {
	const wait, add, leave = "wait until xenbr0 can send, after it has got its first port", "ip address add 192.168.0.2/24 dev xenbr0", "ip address delete 192.168.0.2/24 dev bond0.2"
	const join, turn, loosen, tighten = "ip link set bond0.2 master xenbr0", "ip route replace default via 192.168.0.1 dev xenbr0", "sysctl of xenbr0: ipv4/conf/rp_filter=2", "sysctl of xenbr0: ipv4/conf/rp_filter=1"
	for strict, want := range map[int][]string{
		0:             {join, wait, add, turn, leave},
		strictReverse: {loosen, add, join, wait, turn, leave, tighten},
		looseReverse:  {join, wait, add, turn, leave},
	} {
		p := planFor(scenarioHost(), bondWithVLAN(strict), false)
		at := -1
		for _, words := range want {
			n := slices.IndexFunc(p.steps, func(s planned) bool { return s.String() == words })
			if n <= at {
				t.Errorf("rp_filter %d: %q is at %d, after %d:\n%s", strict, words, n, at, said(p.steps))
			}
			at = n
		}
		if strict != strictReverse && strings.Contains(said(p.steps), "rp_filter") {
			t.Errorf("rp_filter %d is changed:\n%s", strict, said(p.steps))
		}
		if n := len(p.unreachable()); n > 0 {
			t.Errorf("rp_filter %d: %d gaps", strict, n)
		}
		if !strings.Contains(said(p.steps), "announce 192.168.0.2 from xenbr0") {
			t.Errorf("rp_filter %d: nobody is told:\n%s", strict, said(p.steps))
		}
	}
}

// TestBridgeThatGoesUpWithItsPortIsAwake: no wait where none is needed.
func TestBridgeThatGoesUpWithItsPortIsAwake(t *testing.T) {
	g := bondWithVLAN(0)
	g.Links = slices.DeleteFunc(g.Links, func(l rtnl.Link) bool { return l.Name == "bond0.2" })
	g.Neighbours, g.Addresses[0].Link, g.Routes[0].Link = nil, "bond0", "bond0"
	if p := planFor(scenarioHost(), g, false); strings.Contains(said(p.steps), "can send") {
		t.Error(said(p.steps))
	}
}
