// Package check refuses what the kernel would accept and a person would regret,
// and what it cannot do.
package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/goal"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/rule"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/world"
)

// Refusals are what the kernel would accept and a person would regret.
func Refusals(h *host.Host, have *world.World, want *goal.Goal) diag.List {
	var out diag.List
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		l := have.Link(i.Name)
		if i.Wanted() == host.Absent {
			out = append(out, refuseGuests(i, have, want)...)
			continue
		}
		if l == nil && i.Kind == host.KindEthernet {
			out = append(out, rule.NoCard.At(i.Path(), "%q is not among the kernel's links", i.Name))
		}
		if l != nil && (spell.KindOf(l) != i.Kind || i.Kind == host.KindEthernet && spell.IsForeign(l)) {
			out = append(out, rule.Kind.At(i.Path(), "%q is a %s in the kernel", i.Name, spell.KindOf(l)))
		}
		if l != nil {
			out = append(out, refuseCard(i, l)...)
		}
		if other := have.SameVLAN(want.Link(i.Name)); other != "" && !want.Managed[other] {
			out = append(out, rule.SameVLAN.At(i.Path("id"), "%q is VLAN %d on %q", other, i.VLAN.ID, i.VLAN.Parent))
		}
		out = append(out, refuseTwice(i, have, want)...)
		out = append(out, refuseRoutes(i, have)...)
	}
	out = append(out, refuseSlots(h)...)
	for port, master := range h.Masters() {
		for _, v := range have.VLANs(port) {
			if w := want.Link(v); w != nil && w.Parent == port {
				out = append(out, rule.Stolen.At("", "%q takes the frames of VLAN %d from %q, which %q is to carry", v, w.VLANID, master, port))
			}
		}
	}
	return out.Sorted()
}

func refuseGuests(i *host.Interface, have *world.World, want *goal.Goal) diag.List {
	var out diag.List
	if l := have.Link(i.Name); l == nil || l.Kind != "bridge" {
		return nil
	}
	for _, p := range have.Ports(i.Name) {
		if !want.Managed[p] {
			out = append(out, rule.Guests.At(i.Path("state"), "%q is on %q", p, i.Name))
		}
	}
	return out
}

func refuseTwice(i *host.Interface, have *world.World, want *goal.Goal) diag.List {
	var out diag.List
	for n, p := range i.Addresses {
		for _, link := range have.Holders(p.Addr()) {
			if !want.Managed[link] {
				out = append(out, rule.Twice.At(i.Path(host.Index("addresses", n)), "%s is on %q", p.Addr(), link))
			}
		}
	}
	return out
}

// refuseCard names what the card itself cannot do.
func refuseCard(i *host.Interface, l *rtnl.Link) diag.List {
	if i.Ethernet == nil {
		return nil
	}
	out := refuseMatch(i, l)
	for _, name := range slices.Sorted(maps.Keys(i.Ethernet.Offload)) {
		names := card.FeaturesOf(name, l.Features)
		switch {
		case len(names) == 0:
			out = append(out, rule.Card.At(i.Path("offload"), "%q has no offload %q", i.Name, name))
		case card.IsOn(names, l.Features) != i.Ethernet.Offload[name] && !slices.ContainsFunc(names, func(f string) bool { return !l.Features[f].Fixed }):
			out = append(out, rule.Card.At(i.Path("offload"), "the driver of %q does not let %q be changed", i.Name, name))
		}
	}
	if wake := i.Ethernet.WakeOnLAN; wake != nil && *wake && (l.Wake == nil || l.Wake.On == 0 && l.Wake.Can&card.WakeMagic == 0) {
		out = append(out, rule.Card.At(i.Path("wake_on_lan"), "%q cannot wake the machine by a magic packet", i.Name))
	}
	return out
}

// refuseMatch holds what the definition says of the card against the card.
func refuseMatch(i *host.Interface, l *rtnl.Link) diag.List {
	var out diag.List
	m := i.Ethernet.Match
	for _, mark := range []struct{ name, want, have string }{
		{"mac", m.MAC, cmp.Or(l.PermMAC, l.OwnMAC, l.MAC)}, {"driver", m.Driver, l.Driver}, {"path", strings.TrimPrefix(m.Path, "pci-"), l.Bus},
	} {
		if mark.want != "" && mark.want != mark.have {
			out = append(out, rule.Match.At(i.Path("match"), "the %s of %q is %q", mark.name, i.Name, mark.have))
		}
	}
	return out
}

// refuseRoutes refuses a route that would push another program's aside.
func refuseRoutes(i *host.Interface, have *world.World) diag.List {
	var out diag.List
	for _, d := range spell.DeclaredRoutes(i) {
		r := spell.KernelRoute(d, i.Name)
		for _, other := range have.Routes(r.Slot()) {
			if !world.IsOurs(have, other) && !other.Same(r) {
				out = append(out, rule.Route.At(i.Path("route"), "%s is there already (protocol %d)", spell.Route(other), other.Protocol))
			}
		}
	}
	return out
}

// refuseSlots refuses two declared routes of which the kernel can keep one.
func refuseSlots(h *host.Host) diag.List {
	var out diag.List
	on := make(map[rtnl.Slot]string)
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if i.Wanted() != host.Up {
			continue
		}
		for _, d := range spell.DeclaredRoutes(i) {
			s := spell.KernelRoute(d, i.Name).Slot()
			if other := on[s]; other != "" && other != i.Name {
				out = append(out, rule.Route.At(i.Path("route"), "%q has one to %s too, of the same table and metric", other, s.To))
			}
			on[s] = i.Name
		}
	}
	return out
}

// Findings are what is there and will surprise.
func Findings(g *world.World, h *host.Host) diag.List {
	var out diag.List
	for _, name := range g.All() {
		m := g.Link(g.Link(name).Master)
		if m == nil {
			continue
		}
		if _, said := h.Interface(m.Name); said && m.Kind == "bond" && len(g.VLANs(name)) > 0 {
			d := rule.Stolen.At("", "%q is on %q, a port of %q", g.VLANs(name)[0], name, m.Name)
			d.Severity = diag.Warning
			out = append(out, d)
		}
	}
	return out
}
