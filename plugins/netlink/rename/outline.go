package rename

import (
	"net/netip"
	"slices"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/world"
)

// Outline is what the end of a plan has, as far as names go.
type Outline struct {
	kinds   map[string]host.Kind
	holders map[netip.Addr]string // an address → the link that shall have it
	masters map[string]string
	unused  func(link string) bool // it is known and not wanted
}

// OutlineOf is the outline of a definition.
func OutlineOf(h *host.Host) Outline {
	o := Outline{kinds: make(map[string]host.Kind), holders: make(map[netip.Addr]string), masters: h.Masters()}
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if i.Wanted() == host.Absent {
			continue
		}
		o.kinds[i.Name] = i.Kind
		for _, a := range i.Addresses {
			o.holders[a.Addr()] = i.Name
		}
	}
	o.unused = func(link string) bool {
		i, known := h.Interface(link)
		return known && i.Wanted() == host.Absent
	}
	return o
}

// OutlineOfSnapshot is the outline of what was.
func OutlineOfSnapshot(was *rtnl.Graph, touched []string) Outline {
	o := Outline{kinds: make(map[string]host.Kind), holders: make(map[netip.Addr]string), masters: make(map[string]string)}
	for n := range was.Links {
		l := &was.Links[n]
		o.kinds[l.Name] = spell.KindOf(l)
		if l.Master != "" {
			o.masters[l.Name] = l.Master
		}
	}
	for _, a := range was.Addresses {
		if world.IsOwn(a) {
			o.holders[a.Prefix.Addr()] = a.Link
		}
	}
	o.unused = func(link string) bool { return o.kinds[link] == "" && slices.Contains(touched, link) }
	return o
}
