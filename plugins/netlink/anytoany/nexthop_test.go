package anytoany_test

import (
	"fmt"
	"slices"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// groupID is the id of the one group; the objects of links come after it.
const groupID = 99

// carrying tells which links have a carrier.
func (w *world) carrying() (map[string]bool, error) {
	out := make(map[string]bool)
	err := rtnl.InNamespace(w.name, func() error {
		g, err := rtnl.Read()
		if err != nil {
			return err
		}
		for _, l := range g.Links {
			out[l.Name] = l.Up && l.Carrier
		}
		return nil
	})
	return out, err
}

// nextHops adds next hop objects of BIRD on links that have a carrier, without
// which the kernel takes none, a group of them and routes by them.
func (w *world) nextHops(m maker, a host.Host) error {
	carries, err := w.carrying()
	if err != nil {
		return err
	}
	var ip, group []string
	for n := range a.Interfaces {
		i := &a.Interfaces[n]
		if len(i.Addresses) == 0 || !i.Addresses[0].Addr().Is4() || !carries[i.Name] || !m.chance(30) {
			continue
		}
		via, id := i.Addresses[0].Addr().Next(), groupID+1+n
		if !i.Addresses[0].Masked().Contains(via) {
			continue
		}
		ip = append(ip, fmt.Sprintf("nexthop add id %d via %s dev %s proto bird", id, via, i.Name), fmt.Sprintf("route add 10.230.%d.0/24 nhid %d proto bird", n, id))
		if m.chance(60) {
			group = append(group, fmt.Sprintf("%d,%d", id, 1+m.IntN(3)))
		}
	}
	if len(group) > 0 {
		ip = append(ip, fmt.Sprintf("nexthop add id %d group %s proto bird", groupID, strings.Join(group, "/")), fmt.Sprintf("route add 10.231.0.0/16 nhid %d proto bird", groupID))
	}
	w.foreign = append(w.foreign, ip...)
	return w.ip(ip...)
}

// keptNextHops: a next hop object of which the link is there with a carrier and
// in the gateway's network is there, and so are the routes by all that are there.
func (w *world) keptNextHops(before, after *rtnl.Graph) error {
	carries, err := w.carrying()
	if err != nil {
		return err
	}
	there := func(id uint32) bool {
		return slices.ContainsFunc(after.NextHops, func(h rtnl.NextHop) bool { return h.ID == id })
	}
	for _, h := range before.NextHops {
		near := slices.ContainsFunc(after.Addresses, func(a rtnl.Address) bool { return a.Link == h.Link && a.Prefix.Masked().Contains(h.Via) })
		member := slices.ContainsFunc(h.Members, func(m rtnl.Member) bool { return there(m.ID) })
		if (carries[h.Link] && near || member) && !there(h.ID) {
			return fmt.Errorf("the next hop object %d on %q is gone", h.ID, h.Link)
		}
	}
	for _, r := range before.Routes {
		if r.Object != 0 && there(r.Object) && !slices.ContainsFunc(after.Routes, r.Same) {
			return fmt.Errorf("the route %s by the next hop object %d is gone", r.To, r.Object)
		}
	}
	return nil
}

// replaces reports whether the plan replaces the object by which a route goes, or
// a member of it: the kernel then tells of the route anew (net/ipv4/nexthop.c,
// nexthop_replace_notify).
func (s said) replaces(begin *rtnl.Graph, to string) bool {
	var ids []uint32
	for _, r := range begin.Routes {
		for _, h := range begin.NextHops {
			if r.Object == h.ID && r.To.String() == to {
				ids = append(ids, h.ID)
				for _, m := range h.Members {
					ids = append(ids, m.ID)
				}
			}
		}
	}
	return slices.ContainsFunc(ids, func(id uint32) bool { return s.has(fmt.Sprintf("nexthop replace id %d", id)) })
}
