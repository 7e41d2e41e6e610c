package world

import (
	"maps"
	"slices"

	"linkspan/core/plan"
	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
)

// A next hop object goes when its link goes down, is deleted or loses its
// carrier, if only for a moment (net/ipv4/nexthop.c, nh_netdev_event), and with
// it the routes that go by it. A group goes on without it, until it has no other.
// Neither goes with an address, which other routes do.

// NextHops are the objects that are there: groups after what they are made of,
// and else by their ids.
func (w *World) NextHops() []rtnl.NextHop {
	var single, groups []rtnl.NextHop
	for _, id := range slices.Sorted(maps.Keys(w.nextHops)) {
		if h := w.nextHops[id]; len(h.Members) > 0 {
			groups = append(groups, h)
		} else {
			single = append(single, h)
		}
	}
	return append(single, groups...)
}

// NextHop is the object of that id.
func (w *World) NextHop(id uint32) (h rtnl.NextHop, ok bool) {
	h, ok = w.nextHops[id]
	return h, ok
}

// LinksOf are the links that a route uses, those of its object if it goes by
// one.
func (w *World) LinksOf(r rtnl.Route) []string {
	if r.Object == 0 {
		return r.Links()
	}
	return w.LinksOfHop(w.nextHops[r.Object])
}

// LinksOfHop are the links of an object; those of a group are its members'.
func (w *World) LinksOfHop(h rtnl.NextHop) []string {
	if len(h.Members) == 0 && h.Link != "" {
		return []string{h.Link}
	}
	var out []string
	for _, m := range h.Members {
		if link := w.nextHops[m.ID].Link; link != "" && !slices.Contains(out, link) {
			out = append(out, link)
		}
	}
	return out
}

// HasCarrier reports whether a link has one, as far as the steps tell: a card
// that is set up is taken to find its link.
func (w *World) HasCarrier(name string) bool {
	l := w.Link(name)
	switch {
	case l == nil || !l.Up:
		return false
	case l.Kind == "vlan":
		return w.HasCarrier(l.Parent)
	case l.Kind == "bridge":
		return slices.ContainsFunc(w.byMaster[name], w.HasCarrier)
	case l.Kind == "bond":
		ready := 0
		for _, p := range w.byMaster[name] {
			if w.HasCarrier(p) {
				ready++
			}
		}
		return ready > 0 && ready >= bonding.MinLinks(l)
	}
	return l.Carrier
}

// carrying tells of the links of all objects whether they have a carrier.
func (w *World) carrying() map[string]bool {
	if len(w.nextHops) == 0 {
		return nil
	}
	out := make(map[string]bool)
	for _, h := range w.nextHops {
		if h.Link != "" {
			out[h.Link] = w.HasCarrier(h.Link)
		}
	}
	return out
}

// loseNextHops takes away the objects of links that are no longer up, or that
// had a carrier before and have none.
func (w *World) loseNextHops(before map[string]bool) {
	for _, link := range slices.Sorted(maps.Keys(before)) {
		l := w.Link(link)
		if l != nil && l.Up && (!before[link] || w.HasCarrier(link)) {
			continue
		}
		for _, h := range w.NextHops() {
			if h.Link == link {
				w.loseNextHop(link, h)
			}
		}
	}
}

func (w *World) loseNextHop(link string, h rtnl.NextHop) {
	for _, s := range w.byObject[h.ID] {
		for _, r := range slices.Clone(w.routes[s]) {
			if r.Object == h.ID {
				w.loseRoute(link, r)
			}
		}
	}
	delete(w.nextHops, h.ID)
	w.say(plan.EffectRoute, link, "the next hop %s goes", spell.NextHop(h))
	for _, group := range w.NextHops() {
		if !group.Has(h.ID) {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(group.Members), func(m rtnl.Member) bool { return m.ID == h.ID })
		if len(left) == 0 {
			w.loseNextHop(link, group)
			continue
		}
		w.say(plan.EffectRoute, link, "the next hop %s goes on without %d", spell.NextHop(group), h.ID)
		group.Members = left
		w.nextHops[group.ID] = group
	}
}
