package netlink_test

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/core/rehearse/lab"
	"linkspan/plugins/netlink"
)

func TestMain(m *testing.M) { lab.Main(m) }

// ip runs iproute2, a second opinion on everything that is tested here.
func ip(t *testing.T, lines ...string) {
	t.Helper()
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ip -batch: %v\n%s", err, out)
	}
}

// world makes two cards that lead to a switch, which is a bridge in another
// namespace with an address untagged, in VLAN 2 and in VLAN 3.
func world(t *testing.T) {
	t.Helper()
	ip(t, "link set lo up", "netns add peer",
		"link add eth0 address 52:54:00:00:00:e0 type veth peer name w0 netns peer",
		"link add eth1 address 52:54:00:00:00:e1 type veth peer name w1 netns peer")
	cmd := exec.Command("ip", "-n", "peer", "-batch", "-")
	cmd.Stdin = strings.NewReader(`link set lo up
link add sw address 52:54:00:00:00:99 type bridge
link set w0 master sw up
link set w1 master sw up
link set sw up
link add link sw name sw.2 type vlan id 2
link add link sw name sw.3 type vlan id 3
link set sw.2 up
link set sw.3 up
address add 192.168.0.1/24 dev sw.2
address add 192.168.1.1/24 dev sw.3
address add 10.0.0.1/24 dev sw
`)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ip -n peer -batch: %v\n%s", err, out)
	}
}

func prefixes(ss ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range ss {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func card(name string) host.Interface {
	return host.Interface{Kind: host.KindEthernet, Name: name, Ethernet: &host.Ethernet{}}
}

func vlan(name, parent string, id int) host.Interface {
	return host.Interface{Kind: host.KindVLAN, Name: name, VLAN: &host.VLAN{Parent: parent, ID: id}}
}

func bridge(name string, ports ...string) host.Interface {
	b := &host.Bridge{}
	for _, p := range ports {
		b.Ports = append(b.Ports, host.BridgePort{Name: p})
	}
	return host.Interface{Kind: host.KindBridge, Name: name, Bridge: b}
}

func bond(name string, ports ...string) host.Interface {
	return host.Interface{Kind: host.KindBond, Name: name, Bond: &host.Bond{Ports: ports, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}}
}

func with(i host.Interface, addresses ...string) host.Interface {
	i.Addresses = prefixes(addresses...)
	return i
}

func gateway(i host.Interface, via string) host.Interface {
	i.Gateway = netip.MustParseAddr(via)
	return i
}

func absent(i host.Interface) host.Interface {
	i.State, i.Addresses, i.Gateway = host.Absent, nil, netip.Addr{}
	return i
}

func hostWith(is ...host.Interface) host.Host {
	h := host.Host{Name: "dom0-01"}
	h.Interfaces = is
	sortInterfaces(h.Interfaces)
	return h
}

func sortInterfaces(is []host.Interface) {
	for i := range is {
		for j := i + 1; j < len(is); j++ {
			if is[j].Name < is[i].Name {
				is[i], is[j] = is[j], is[i]
			}
		}
	}
}

// article is the end of the starting scenario.
func article(also ...host.Interface) host.Host {
	return hostWith(append(also, card("eth0"), card("eth1"), bond("bond0", "eth0", "eth1"), vlan("bond0.2", "bond0", 2), vlan("bond0.3", "bond0", 3),
		gateway(with(bridge("xenbr0", "bond0.2"), "192.168.0.2/24"), "192.168.0.1"), with(bridge("xenbr1", "bond0.3"), "192.168.1.2/24"))...)
}

// cleared is a host with nothing but its cards.
func cleared(h host.Host) host.Host {
	var out host.Host
	for _, i := range h.Interfaces {
		if i.Kind == host.KindEthernet {
			out.Interfaces = append(out.Interfaces, card(i.Name))
		} else {
			out.Interfaces = append(out.Interfaces, absent(i))
		}
	}
	return out
}

// planOf reads and plans.
func planOf(t *testing.T, h host.Host) (backend.PlanResponse, []plan.Change) {
	t.Helper()
	b, setup := netlink.New(), backend.Setup{Host: h}
	read, err := b.Read(t.Context(), backend.ReadRequest{Setup: setup})
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := b.Render(t.Context(), backend.RenderRequest{Setup: setup})
	if err != nil || rendered.Diagnostics.HasErrors() {
		t.Fatal(err, rendered.Diagnostics)
	}
	changes := plan.Diff(rendered.Objects, read.Objects)
	p, err := b.Plan(t.Context(), backend.PlanRequest{Setup: setup, Desired: rendered.Objects, Actual: read, Changes: changes})
	if err != nil || p.Diagnostics.HasErrors() {
		t.Fatal(err, p.Diagnostics)
	}
	return p, changes
}

// apply plans, applies, and demands that the next plan is empty. It returns
// the snapshot that was taken before.
func apply(t *testing.T, h host.Host) []byte {
	t.Helper()
	p, _ := planOf(t, h)
	a := netlink.New().(backend.Applier)
	r := backend.ApplyRequest{Setup: backend.Setup{Host: h}, Operations: p.Operations}
	shot, err := a.Snapshot(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := a.Apply(t.Context(), r, func(backend.Progress) {}); err != nil {
		t.Fatalf("%v\nplan:\n%s", err, words(p))
	}
	t.Logf("%d operations in %v:\n%s", len(p.Operations), time.Since(begin), words(p))
	if left, changes := planOf(t, h); len(changes) > 0 {
		t.Fatalf("the second plan is not empty: %+v\n%s", changes, words(left))
	}
	return shot
}

func words(p backend.PlanResponse) string {
	var b strings.Builder
	for _, o := range p.Operations {
		fmt.Fprintf(&b, "%s. %s\n", o.ID, o.Summary)
		for _, e := range o.Effects {
			fmt.Fprintf(&b, "      %s: %s\n", e.Kind, e.Text)
		}
	}
	for _, e := range p.Effects {
		fmt.Fprintf(&b, "* %s (%v)\n", e.Text, e.Gap)
	}
	return b.String()
}

// starts are where the article's host may stand before.
func starts() map[string]host.Host {
	eth0, eth1 := card("eth0"), card("eth1")
	const address, via = "192.168.0.2/24", "192.168.0.1"
	return map[string]host.Host{
		"eth0":    hostWith(gateway(with(eth0, address), via), eth1),
		"eth0.2":  hostWith(eth0, eth1, gateway(with(vlan("eth0.2", "eth0", 2), address), via)),
		"bond0":   hostWith(eth0, eth1, gateway(with(bond("bond0", "eth0", "eth1"), address), via)),
		"bond0.2": hostWith(eth0, eth1, bond("bond0", "eth0", "eth1"), gateway(with(vlan("bond0.2", "bond0", 2), address), via)),
		"bridge":  hostWith(eth0, eth1, gateway(with(bridge("xenbr0", "eth0"), address), via)),
	}
}

func TestEveryStartLeadsToTheArticleAndBack(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	for _, name := range []string{"eth0", "eth0.2", "bond0", "bond0.2", "bridge"} {
		start := starts()[name]
		t.Run(name, func(t *testing.T) {
			apply(t, start)
			var also []host.Interface
			if name == "eth0.2" {
				also = append(also, absent(vlan("eth0.2", "eth0", 2)))
			}
			shot := apply(t, article(also...))
			a := netlink.New().(backend.Applier)
			if err := a.Restore(t.Context(), shot); err != nil {
				t.Fatalf("restore: %v", err)
			}
			if p, changes := planOf(t, start); len(changes) > 0 {
				t.Fatalf("restore did not bring the start back: %+v\n%s", changes, words(p))
			}
			apply(t, article(also...))
			back := start
			for _, i := range article().Interfaces {
				if _, kept := start.Interface(i.Name); !kept {
					back.Interfaces = append(back.Interfaces[:len(back.Interfaces):len(back.Interfaces)], absent(i))
				}
			}
			sortInterfaces(back.Interfaces)
			apply(t, back)
			apply(t, cleared(back))
		})
	}
}

// TestUndoBringsTheRouteOfAnotherLinkBack: a default route that makes room for
// one of another link, while nothing else changes on its own.
func TestUndoBringsTheRouteOfAnotherLinkBack(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	eth0, eth1 := with(card("eth0"), "192.168.0.2/24"), with(card("eth1"), "10.0.0.2/24")
	start := hostWith(gateway(eth0, "192.168.0.1"), eth1)
	apply(t, start)
	shot := apply(t, hostWith(eth0, gateway(eth1, "10.0.0.1")))
	if err := netlink.New().(backend.Applier).Restore(t.Context(), shot); err != nil {
		t.Fatalf("restore: %v", err)
	}
	if p, changes := planOf(t, start); len(changes) > 0 {
		t.Fatalf("restore did not bring the start back: %+v\n%s", changes, words(p))
	}
}
