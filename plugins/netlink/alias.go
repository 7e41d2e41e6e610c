package netlink

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// alias is a link that has one name now and gets another in the course of the
// plan. All planning is done with the names of the end; Plan and Restore turn
// them into those of the time in the steps before the renaming.
//
// The reason for all this is xend's own bridging: its network-bridge renames
// the card eth0 to peth0 and makes a bridge that is called eth0 (xen 3.2 to
// 4.3, tools/hotplug/Linux/network-bridge). The bridge has the guests' ports,
// which must stay where they are; so it is the bridge that gets its new name.
type alias struct {
	now, then string
	gone      bool // then is no name, and cannot be one: the link is deleted
}

type aliases []alias

// outline is what the end of a plan has, as far as names go.
type outline struct {
	kinds   map[string]host.Kind
	holders map[netip.Addr]string // an address → the link that shall have it
	masters map[string]string
	unused  func(link string) bool // it is known and not wanted
}

// outlineOf is the outline of a definition.
func outlineOf(h *host.Host) outline {
	o := outline{kinds: make(map[string]host.Kind), holders: make(map[netip.Addr]string), masters: h.Masters()}
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

// outlineOfSnapshot is the outline of what was.
func outlineOfSnapshot(was *rtnl.Graph, touched []string) outline {
	o := outline{kinds: make(map[string]host.Kind), holders: make(map[netip.Addr]string), masters: make(map[string]string)}
	for n := range was.Links {
		l := &was.Links[n]
		o.kinds[l.Name] = kindOf(l)
		if l.Master != "" {
			o.masters[l.Name] = l.Master
		}
	}
	for _, a := range was.Addresses {
		if isOwn(a) {
			o.holders[a.Prefix.Addr()] = a.Link
		}
	}
	o.unused = func(link string) bool { return o.kinds[link] == "" && slices.Contains(touched, link) }
	return o
}

// xendCard is the name that xend gives to the card called name.
func xendCard(name string) string { return "p" + name }

// aliasesOf finds the links whose names change: from xend's bridging to a
// definition's, or back.
func aliasesOf(g *rtnl.Graph, want outline) aliases {
	have := worldOf(g)
	var out aliases
	for _, name := range slices.Sorted(maps.Keys(want.kinds)) {
		switch want.kinds[name] {
		case host.KindEthernet:
			out = append(out, fromXend(have, want, name)...)
		case host.KindBridge:
			out = append(out, toXend(have, want, name)...)
		}
	}
	return out
}

// fromXend: the card's old name is free or the bridge's, and the card is there
// under the name that xend gave it.
func fromXend(have *world, want outline, name string) aliases {
	card, bridge := have.link(xendCard(name)), have.link(name)
	if card == nil || kindOf(card) != host.KindEthernet || want.kinds[card.Name] != "" || bridge != nil && bridge.Kind != "bridge" {
		return nil
	}
	out := aliases{{now: card.Name, then: name}}
	if bridge == nil {
		return out
	}
	for _, a := range have.addresses[name] {
		to := want.holders[a.Prefix.Addr()]
		if isOwn(a) && want.kinds[to] == host.KindBridge && have.link(to) == nil {
			return append(out, alias{now: name, then: to})
		}
	}
	return append(out, alias{now: name, then: "bridge/" + name, gone: true})
}

// toXend: a bridge is wanted that is called as the card is now.
func toXend(have *world, want outline, name string) aliases {
	there := have.link(name)
	if want.kinds[xendCard(name)] != host.KindEthernet || there != nil && kindOf(there) != host.KindEthernet {
		return nil
	}
	var out aliases
	if there != nil && have.link(xendCard(name)) == nil {
		out = append(out, alias{now: name, then: xendCard(name)})
	}
	for _, bridge := range have.all() {
		if have.link(bridge).Kind == "bridge" && want.unused(bridge) && becomes(have, want, bridge, name) {
			return append(out, alias{now: bridge, then: name})
		}
	}
	return out
}

// becomes reports whether a bridge has an address or a port that another one
// shall have.
func becomes(have *world, want outline, bridge, name string) bool {
	return slices.ContainsFunc(have.addresses[bridge], func(a rtnl.Address) bool { return want.holders[a.Prefix.Addr()] == name }) ||
		slices.ContainsFunc(have.ports(bridge), func(p string) bool { return want.masters[p] == name })
}

// declare adds to a definition that what has no name any more is to go.
func (as aliases) declare(h host.Host) host.Host {
	for _, a := range as {
		if a.gone {
			h.Interfaces = append(slices.Clone(h.Interfaces), host.Interface{Kind: host.KindBridge, Name: a.then, State: host.Absent, Bridge: &host.Bridge{}})
		}
	}
	return h
}

// apply gives a graph the names of the end.
func (as aliases) apply(g *rtnl.Graph) *rtnl.Graph {
	if len(as) == 0 {
		return g
	}
	to := make(map[string]string)
	for _, a := range as {
		to[a.now] = a.then
	}
	return renamed(g, to)
}

// renamed is a copy of a graph with other names, all given at once.
func renamed(g *rtnl.Graph, to map[string]string) *rtnl.Graph {
	set := func(name *string) {
		if n, ok := to[*name]; ok {
			*name = n
		}
	}
	out := &rtnl.Graph{Links: slices.Clone(g.Links), Addresses: slices.Clone(g.Addresses), Routes: slices.Clone(g.Routes), Rules: g.Rules,
		Neighbours: slices.Clone(g.Neighbours), Forwarding: slices.Clone(g.Forwarding), ReversePath: g.ReversePath}
	for n := range out.Links {
		renameLink(&out.Links[n], set)
	}
	for n := range out.Addresses {
		set(&out.Addresses[n].Link)
	}
	for n := range out.Routes {
		renameRoute(&out.Routes[n], set)
	}
	for n := range out.Neighbours {
		set(&out.Neighbours[n].Link)
	}
	for n := range out.Forwarding {
		set(&out.Forwarding[n].Port)
	}
	return out
}

func renameLink(l *rtnl.Link, set func(*string)) {
	set(&l.Name)
	set(&l.Master)
	set(&l.Parent)
	if l.Bond == nil {
		return
	}
	l.Bond = maps.Clone(l.Bond)
	for _, option := range []string{"primary", "active_slave"} {
		if port, said := l.Bond[option]; said {
			set(&port)
			l.Bond[option] = port
		}
	}
}

func renameRoute(r *rtnl.Route, set func(*string)) {
	set(&r.Link)
	r.Hops = slices.Clone(r.Hops)
	for n := range r.Hops {
		set(&r.Hops[n].Link)
	}
}

// renameStep gives everything that a step names its name of the time.
func renameStep(s step, set func(*string)) step {
	for _, name := range []*string{&s.Link, &s.Master} {
		set(name)
	}
	if s.New != nil {
		l := *s.New
		renameLink(&l, set)
		s.New = &l
	}
	if s.Address != nil {
		a := *s.Address
		set(&a.Link)
		s.Address = &a
	}
	if s.Route != nil {
		r := *s.Route
		renameRoute(&r, set)
		s.Route = &r
	}
	if s.Entry != nil {
		e := *s.Entry
		set(&e.Port)
		s.Entry = &e
	}
	s.Neighbours, s.Announce, s.Ports = slices.Clone(s.Neighbours), slices.Clone(s.Announce), slices.Clone(s.Ports)
	for n := range s.Neighbours {
		set(&s.Neighbours[n].Link)
	}
	for n := range s.Announce {
		set(&s.Announce[n].Link)
	}
	for n := range s.Ports {
		set(&s.Ports[n])
	}
	return s
}

// linkNames finds what may be names of links in a text.
var linkNames = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^\s,:;"]+`) })

// renameText does it to the words of an effect.
func renameText(text string, set func(*string)) string {
	return linkNames().ReplaceAllStringFunc(text, func(word string) string {
		set(&word)
		return word
	})
}

// renamesLive reports whether the kernel renames a link that is up: since
// Linux 6.2 (net/core/dev.c, dev_change_name).
func renamesLive() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	return isLiveRelease(unix.ByteSliceToString(u.Release[:]))
}

func isLiveRelease(release string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 6 || major == 6 && minor >= 2
}
