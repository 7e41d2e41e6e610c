package order

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"linkspan/core/host"
	"linkspan/plugins/netlink/goal"
	"linkspan/plugins/netlink/rename"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// Parts of graphs.
func cardLink(name, mac string) rtnl.Link {
	return rtnl.Link{Name: name, Kind: "veth", MAC: mac, MTU: 1500, Up: true, Carrier: true, Ether: true, Index: 1}
}

func linkOn(l rtnl.Link, master string) rtnl.Link {
	l.Master = master
	if master != "" && !strings.HasPrefix(master, "bond") {
		l.Port, l.VLANs = map[string]int{"isolated": 0, "learning": 1, "flood": 1}, []rtnl.VLAN{{ID: 1, PVID: true, Untagged: true}}
	}
	return l
}

func kindLink(kind, name, parent string) rtnl.Link {
	return rtnl.Link{Name: name, Kind: kind, Parent: parent, MAC: "52:54:00:00:00:e0", MTU: 1500, Up: true, Carrier: true, Ether: true, Index: 1}
}

func vlanLink(name, parent string, id int) rtnl.Link {
	l := kindLink("vlan", name, parent)
	l.VLANID, l.VLANProto, l.VLANFlags, l.FlagMask = id, "802.1q", rtnl.FlagReorder, rtnl.AllFlags
	return l
}

func bondLink(name, mode string) rtnl.Link {
	l := kindLink("bond", name, "")
	l.Bond = map[string]string{"mode": mode, "miimon": "0", "packets_per_slave": "1"}
	return l
}

func staticOn(link, prefix string) rtnl.Address {
	return rtnl.Address{Link: link, Prefix: netip.MustParsePrefix(prefix), Valid: rtnl.NeverExpires, Preferred: rtnl.NeverExpires}
}

func defaultOn(link, via string) rtnl.Route {
	return spell.KernelRoute(host.Route{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: netip.MustParseAddr(via)}, link)
}

// scenarioHost is the end of the starting scenario, without its second VLAN.
func scenarioHost() host.Host {
	return host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}},
		{Kind: host.KindVLAN, Name: "bond0.2", VLAN: &host.VLAN{Parent: "bond0", ID: 2}},
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}},
		{Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
		{Kind: host.KindBridge, Name: "xenbr0", Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: "bond0.2"}}},
			Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.0.2/24")}, Gateway: netip.MustParseAddr("192.168.0.1")},
	}}
}

// xendGraph is a host on which xend has bridged the card eth0.
func xendGraph() *rtnl.Graph {
	return &rtnl.Graph{
		Links: []rtnl.Link{kindLink("bridge", "eth0", ""), cardLink("eth1", "52:54:00:00:00:e1"), linkOn(cardLink("peth0", "52:54:00:00:00:e0"), "eth0"),
			linkOn(cardLink("vif1.0", "fe:ff:ff:ff:ff:ff"), "eth0"), linkOn(cardLink("vif2.0", "fe:ff:ff:ff:ff:ff"), "eth0")},
		Addresses: []rtnl.Address{staticOn("eth0", "192.168.0.2/24")},
		Routes:    []rtnl.Route{defaultOn("eth0", "192.168.0.1")},
	}
}

// brokenBond is a host whose bond runs in balance-rr, because its options were
// not understood.
func brokenBond() *rtnl.Graph {
	return &rtnl.Graph{
		Links: []rtnl.Link{bondLink("bond0", "0"), vlanLink("bond0.2", "bond0", 2),
			linkOn(cardLink("eth0", "52:54:00:00:00:e0"), "bond0"), linkOn(cardLink("eth1", "52:54:00:00:00:e0"), "bond0")},
		Addresses: []rtnl.Address{staticOn("bond0.2", "192.168.0.2/24")},
		Routes:    []rtnl.Route{defaultOn("bond0.2", "192.168.0.1")},
	}
}

// walk does a plan's steps with the names that they have in them, which is
// what the kernel does. The kernel of the simulation renames as well.
func walk(t *testing.T, g *rtnl.Graph, steps []Planned, live bool) *rtnl.Graph {
	t.Helper()
	for _, s := range steps {
		w := world.Of(g)
		if l := w.Link(s.Link); l == nil && s.Link != "" && s.Do != step.Create && s.Do != step.Route {
			t.Fatalf("%s: there is no %q", s.Step, s.Link)
		}
		if s.Do == step.Rename {
			if l := w.Link(s.Link); l.Up && !live {
				t.Fatalf("%s: it is up", s.Step)
			}
			if w.Link(s.Name) != nil {
				t.Fatalf("%s: there is one already", s.Step)
			}
			g = rename.Graph(g, map[string]string{s.Link: s.Name})
			continue
		}
		w.Do(s.Step, nil)
		noCircle(t, w, s.Step)
		g = w.Graph()
	}
	return g
}

// noCircle: no bridge has two ports that lead out and forward to one another.
func noCircle(t *testing.T, w *world.World, s step.Step) {
	t.Helper()
	for _, bridge := range w.All() {
		var out []string
		for _, p := range w.Ports(bridge) {
			if l := w.Link(p); w.Link(bridge).Kind == "bridge" && !strings.HasPrefix(p, "vif") && l.Up && l.Port["isolated"] == 0 {
				out = append(out, p)
			}
		}
		if len(out) > 1 {
			t.Errorf("%s: frames run in a circle between %v", s, out)
		}
	}
}

func said(steps []Planned) string {
	var out []string
	for _, s := range steps {
		out = append(out, s.String())
		for _, e := range s.Effects {
			out = append(out, "    "+e.Text)
		}
	}
	return strings.Join(out, "\n")
}

// planFor plans as Plan does.
func planFor(h host.Host, g *rtnl.Graph, live bool) *Planner {
	names := rename.AliasesOf(g, rename.OutlineOf(&h))
	h, graph := names.Declare(h), names.Apply(g)
	have := world.Of(graph)
	p := Find(have, goal.Of(&h, graph, have), names, live)
	p.PresentNames()
	return p
}

// wayBack plans as Restore does.
func wayBack(was, now *rtnl.Graph, steps []Planned, live bool) *Planner {
	var touched []string
	for _, s := range steps {
		for _, r := range touchedBy(s) {
			touched = append(touched, r)
		}
	}
	names := rename.AliasesOf(now, rename.OutlineOfSnapshot(was, touched))
	p := Find(world.Of(names.Apply(now)), goal.OfSnapshot(was, touched), names, live)
	p.PresentNames()
	return p
}

func touchedBy(s Planned) []string {
	var out []string
	for _, r := range s.Touched() {
		out = append(out, r.Name)
	}
	return out
}

// TestNothingIsUnreachable: whatever names and modes change, some link carries
// the address at each step, guests' ports stay where they are, and the way back
// ends where the way there began.
func TestNothingIsUnreachable(t *testing.T) {
	tests := map[string]func() *rtnl.Graph{"xend's bridging": xendGraph, "a bond in the wrong mode": brokenBond}
	for name, start := range tests {
		for _, live := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, live names %v", name, live), func(t *testing.T) { thereAndBack(t, start, live) })
		}
	}
}

func thereAndBack(t *testing.T, start func() *rtnl.Graph, live bool) {
	there := planFor(scenarioHost(), start(), live)
	t.Log("there:\n" + said(there.Steps))
	if gaps := there.Unreachable(); len(gaps) > 0 {
		t.Errorf("there: %v", gaps)
	}
	end := walk(t, start(), there.Steps, live)
	w := world.Of(end)
	if got := w.Holders(netip.MustParseAddr("192.168.0.2")); !slices.Equal(got, []string{"xenbr0"}) || !w.Reachable("xenbr0") {
		t.Errorf("the address is on %v", got)
	}
	if got := w.Ports("bond0"); len(got) != 2 || w.Link("bond0").Bond["mode"] != "1" {
		t.Errorf("bond0: ports %v, mode %s", got, w.Link("bond0").Bond["mode"])
	}
	back := wayBack(start(), end, there.Steps, live)
	t.Log("back:\n" + said(back.Steps))
	if gaps := back.Unreachable(); len(gaps) > 0 {
		t.Errorf("back: %v", gaps)
	}
	sameLinks(t, world.Of(walk(t, end, back.Steps, live)), world.Of(start()))
}

func sameLinks(t *testing.T, got, want *world.World) {
	t.Helper()
	if a, b := slices.Sorted(slices.Values(got.All())), slices.Sorted(slices.Values(want.All())); !slices.Equal(a, b) {
		t.Fatalf("links %v, want %v", a, b)
	}
	for _, name := range want.All() {
		g, w := got.Link(name), want.Link(name)
		if g.Master != w.Master || g.Up != w.Up || spell.KindOf(g) != spell.KindOf(w) || g.Bond["mode"] != w.Bond["mode"] {
			t.Errorf("%s is %+v, was %+v", name, g, w)
		}
		for _, a := range want.Addresses(name) {
			if !got.HasAddress(a) {
				t.Errorf("%s has not %s", name, a.Prefix)
			}
		}
	}
	for _, s := range want.Slots() {
		for _, r := range want.Routes(s) {
			if !got.HasRoute(r) {
				t.Errorf("the route %s is missing", spell.Route(r))
			}
		}
	}
}
