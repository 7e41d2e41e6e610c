package netlink

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
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
	return kernelRoute(host.Route{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: netip.MustParseAddr(via)}, link)
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
func walk(t *testing.T, g *rtnl.Graph, steps []planned, live bool) *rtnl.Graph {
	t.Helper()
	for _, s := range steps {
		w := worldOf(g)
		if l := w.link(s.Link); l == nil && s.Do != doCreate && s.Do != doRoute && s.Do != doPause {
			t.Fatalf("%s: there is no %q", s.step, s.Link)
		}
		if s.Do == doRename {
			if l := w.link(s.Link); l.Up && !live {
				t.Fatalf("%s: it is up", s.step)
			}
			if w.link(s.Name) != nil {
				t.Fatalf("%s: there is one already", s.step)
			}
			g = renamed(g, map[string]string{s.Link: s.Name})
			continue
		}
		simulate(w, s.step)
		noCircle(t, w, s.step)
		g = w.graph()
	}
	return g
}

// noCircle: no bridge has two ports that lead out and forward to one another.
func noCircle(t *testing.T, w *world, s step) {
	t.Helper()
	for _, bridge := range w.all() {
		var out []string
		for _, p := range w.ports(bridge) {
			if l := w.link(p); w.link(bridge).Kind == "bridge" && !strings.HasPrefix(p, "vif") && l.Up && l.Port["isolated"] == 0 {
				out = append(out, p)
			}
		}
		if len(out) > 1 {
			t.Errorf("%s: frames run in a circle between %v", s, out)
		}
	}
}

func said(steps []planned) string {
	var out []string
	for _, s := range steps {
		out = append(out, s.String())
		for _, e := range s.effects {
			out = append(out, "    "+e.Text)
		}
	}
	return strings.Join(out, "\n")
}

// planFor plans as Plan does.
func planFor(h host.Host, g *rtnl.Graph, live bool) *planner {
	names := aliasesOf(g, outlineOf(&h))
	h, graph := names.declare(h), names.apply(g)
	have := worldOf(graph)
	p := order(have, goalOf(&h, graph, have), naming{aliases: names, live: live})
	p.presentNames()
	return p
}

// wayBack plans as Restore does.
func wayBack(was, now *rtnl.Graph, steps []planned, live bool) *planner {
	var touched []string
	for _, s := range steps {
		for _, r := range touchedBy(s) {
			touched = append(touched, r)
		}
	}
	names := aliasesOf(now, outlineOfSnapshot(was, touched))
	p := order(worldOf(names.apply(now)), goalOfSnapshot(was, touched), naming{aliases: names, live: live})
	p.presentNames()
	return p
}

func touchedBy(s planned) []string {
	var out []string
	for _, r := range touched(s.step) {
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
	t.Log("there:\n" + said(there.steps))
	if gaps := there.unreachable(); len(gaps) > 0 {
		t.Errorf("there: %v", gaps)
	}
	end := walk(t, start(), there.steps, live)
	w := worldOf(end)
	if got := w.holders[netip.MustParseAddr("192.168.0.2")]; !slices.Equal(got, []string{"xenbr0"}) || !w.reachable("xenbr0") {
		t.Errorf("the address is on %v", got)
	}
	if got := w.ports("bond0"); len(got) != 2 || w.link("bond0").Bond["mode"] != "1" {
		t.Errorf("bond0: ports %v, mode %s", got, w.link("bond0").Bond["mode"])
	}
	back := wayBack(start(), end, there.steps, live)
	t.Log("back:\n" + said(back.steps))
	if gaps := back.unreachable(); len(gaps) > 0 {
		t.Errorf("back: %v", gaps)
	}
	sameLinks(t, worldOf(walk(t, end, back.steps, live)), worldOf(start()))
}

func sameLinks(t *testing.T, got, want *world) {
	t.Helper()
	if a, b := slices.Sorted(slices.Values(got.all())), slices.Sorted(slices.Values(want.all())); !slices.Equal(a, b) {
		t.Fatalf("links %v, want %v", a, b)
	}
	for _, name := range want.all() {
		g, w := got.link(name), want.link(name)
		if g.Master != w.Master || g.Up != w.Up || kindOf(g) != kindOf(w) || g.Bond["mode"] != w.Bond["mode"] {
			t.Errorf("%s is %+v, was %+v", name, g, w)
		}
		for _, a := range want.addresses[name] {
			if !got.hasAddress(a) {
				t.Errorf("%s has not %s", name, a.Prefix)
			}
		}
	}
	for _, s := range want.slots {
		for _, r := range want.routes[s] {
			if !got.hasRoute(r) {
				t.Errorf("the route %s is missing", words(r))
			}
		}
	}
}
