package world

import (
	"net/netip"
	"slices"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
)

// Lowers are the links that name stands on.
func (w *World) Lowers(name string) []string {
	l := w.Link(name)
	if l == nil {
		return nil
	}
	if l.Kind == "vlan" && l.Parent != "" {
		return []string{l.Parent}
	}
	return w.byMaster[name]
}

// uppers are the links that stand on name: its master, and its VLANs.
func (w *World) uppers(name string) []string {
	out := w.VLANs(name)
	if l := w.Link(name); l != nil && l.Master != "" {
		out = append(out, l.Master)
	}
	return out
}

// Above lists name and all that stands on it, lowers first.
func (w *World) Above(name string) []string {
	out, seen := []string{name}, map[string]bool{name: true}
	for i := 0; i < len(out); i++ {
		for _, u := range w.uppers(out[i]) {
			if !seen[u] {
				seen[u] = true
				out = append(out, u)
			}
		}
	}
	return out
}

// Below lists a link and all that it stands on.
func (w *World) Below(name string) []string {
	out, seen := []string{name}, map[string]bool{name: true}
	for i := 0; i < len(out); i++ {
		for _, l := range w.Lowers(out[i]) {
			if !seen[l] {
				seen[l] = true
				out = append(out, l)
			}
		}
	}
	return out
}

// Reachable reports whether frames of a link find a card.
func (w *World) Reachable(name string) bool {
	l := w.Link(name)
	if l == nil || !l.Up {
		return false
	}
	switch l.Kind {
	case "vlan":
		parent := w.Link(l.Parent)
		return parent != nil && (parent.Master == "" || parent.Kind != "") && w.Reachable(l.Parent)
	case "bridge": // one that has cards is not reached through its guests
		ports := w.byMaster[name]
		if slices.ContainsFunc(ports, func(p string) bool { return w.LeadsOut[p] }) {
			return slices.ContainsFunc(ports, func(p string) bool { return w.LeadsOut[p] && w.Reachable(p) })
		}
		return slices.ContainsFunc(ports, w.Reachable)
	case "bond":
		ready := 0
		for _, p := range w.byMaster[name] {
			if w.Reachable(p) {
				ready++
			}
		}
		return ready > 0 && ready >= bonding.MinLinks(l)
	}
	return true
}

// Carries reports whether an address is on a link that is reachable.
func (w *World) Carries(ip netip.Addr) bool { return slices.ContainsFunc(w.holders[ip], w.Reachable) }

// SpeaksLACP reports whether a bond that needs a partner is below the link.
func (w *World) SpeaksLACP(name string) bool {
	l := w.Link(name)
	if l == nil {
		return false
	}
	return l.Kind == "bond" && l.Bond["mode"] == bonding.Mode8023AD || slices.ContainsFunc(w.Lowers(name), w.SpeaksLACP)
}

// IsNear reports whether a neighbour is in the network of one of the link's
// addresses, or a route without a gateway leads to it there.
func (w *World) IsNear(link string, ip netip.Addr) bool {
	return slices.ContainsFunc(w.Addresses(link), func(a rtnl.Address) bool {
		return a.Prefix.Masked().Contains(ip) || a.Peer.IsValid() && a.Peer.Masked().Contains(ip)
	}) || slices.ContainsFunc(w.RoutesOf(link), func(r rtnl.Route) bool {
		return !r.Via.IsValid() && len(r.Hops) == 0 && r.To.Bits() > 0 && r.To.Contains(ip)
	})
}

// SameVLAN is the link of another name that is the same VLAN of the same
// parent, of which the kernel has one; "" is none.
func (w *World) SameVLAN(l *rtnl.Link) string {
	if l == nil || l.Kind != "vlan" {
		return ""
	}
	for _, name := range w.VLANs(l.Parent) {
		if v := w.Link(name); v != nil && name != l.Name && v.VLANID == l.VLANID && v.VLANProto == l.VLANProto {
			return name
		}
	}
	return ""
}
