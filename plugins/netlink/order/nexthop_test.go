package order

import (
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// withNextHops adds next hop objects of another program on a link, a group of
// them and a route by each.
func withNextHops(g *rtnl.Graph, link string) *rtnl.Graph {
	for id := uint32(5); id < 7; id++ {
		g.NextHops = append(g.NextHops, rtnl.NextHop{ID: id, Link: link, Via: netip.AddrFrom4([4]byte{192, 168, 0, byte(id)}), Family: unix.AF_INET, Protocol: unix.RTPROT_BIRD})
	}
	g.NextHops = append(g.NextHops, rtnl.NextHop{ID: 3, Members: []rtnl.Member{{ID: 5}, {ID: 6, Weight: 2}}})
	for n, id := range []uint32{3, 5} {
		g.Routes = append(g.Routes, rtnl.Route{To: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n), 0, 0}), 16), Object: id, Table: unix.RT_TABLE_MAIN, Protocol: unix.RTPROT_BIRD, Type: unix.RTN_UNICAST})
	}
	return g
}

// TestNextHopsFollowTheirGateway: they and the routes by them are there at the
// end, on the link that has their gateway, and where they were after the way
// back; and none is made on a link that is not known to have a carrier.
func TestNextHopsFollowTheirGateway(t *testing.T) {
	for name, tt := range map[string]struct {
		start func() *rtnl.Graph
		link  string
	}{
		"xend's bridging":        {xendGraph, "eth0"},
		"a bond in another mode": {brokenBond, "bond0.2"},
		"a VLAN joins a bridge":  {func() *rtnl.Graph { return bondWithVLAN(rtnl.NoReverse) }, "bond0.2"},
	} {
		t.Run(name, func(t *testing.T) {
			start := func() *rtnl.Graph { return withNextHops(tt.start(), tt.link) }
			there := planFor(scenarioHost(), start(), false)
			t.Log("there:\n" + said(there.Steps))
			end := walk(t, start(), there.Steps, false)
			sameNextHops(t, end, withNextHops(&rtnl.Graph{}, "xenbr0"))
			waitsForCarriers(t, there.Steps)
			back := wayBack(start(), end, there.Steps, false)
			t.Log("back:\n" + said(back.Steps))
			sameNextHops(t, walk(t, end, back.Steps, false), start())
		})
	}
}

func sameNextHops(t *testing.T, got, want *rtnl.Graph) {
	t.Helper()
	w := world.Of(got)
	for _, h := range want.NextHops {
		if is, _ := w.NextHop(h.ID); !is.Same(h) {
			t.Errorf("got %+v, want %+v", is, h)
		}
	}
	for _, r := range want.Routes {
		if r.Object != 0 && !w.HasRoute(r) {
			t.Errorf("the route to %s is missing", r.To)
		}
	}
}

// waitsForCarriers: an object comes after a wait for its link, if something was
// done to the link before.
func waitsForCarriers(t *testing.T, steps []Planned) {
	t.Helper()
	for n, s := range steps {
		if s.Do != step.NextHop || s.Link == "" {
			continue
		}
		touched := slices.ContainsFunc(steps[:n], func(o Planned) bool { return o.Link == s.Link && (o.Do == step.Up || o.Do == step.Create) })
		if touched && !slices.ContainsFunc(steps[:n], func(o Planned) bool { return o.Link == s.Link && o.Do == step.Ready }) {
			t.Errorf("%s: nothing waits for %s", s.Step, s.Link)
		}
	}
}
