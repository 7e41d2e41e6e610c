package order

import (
	"slices"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/world"
)

// findLive marks what carries an address or a foreign port, and all below.
func (p *Planner) findLive() {
	p.live, p.kept = make(map[string]bool), make(map[string]bool)
	needed := make(map[string]bool)
	for _, name := range p.cur.All() {
		if slices.ContainsFunc(p.cur.Addresses(name), func(a rtnl.Address) bool { return world.IsOwn(a) && !p.lingersAs(a) }) {
			p.markLive(name)
		}
		if m := p.cur.Link(p.cur.Link(name).Master); m != nil && m.Kind == "bridge" && !p.want.Managed[name] {
			p.markLive(m.Name)
		}
	}
	for _, name := range p.want.All() {
		if slices.ContainsFunc(p.want.Addresses(name), world.IsOwn) { // a snapshot has link-local ones on every card
			p.markNeeded(name, needed)
		}
	}
	for _, name := range p.cur.All() {
		p.keepOnePort(p.cur.Link(name), needed)
	}
}

func (p *Planner) markLive(name string) {
	if name == "" || p.live[name] {
		return
	}
	p.live[name] = true
	for _, lower := range p.cur.Lowers(name) {
		p.markLive(lower)
	}
}

func (p *Planner) markNeeded(name string, needed map[string]bool) {
	if needed[name] {
		return
	}
	needed[name] = true
	for _, lower := range p.want.Lowers(name) {
		p.markNeeded(lower, needed)
	}
}

// keepOnePort chooses the port of a live bond that leaves last; the others are
// spare cards.
func (p *Planner) keepOnePort(bond *rtnl.Link, needed map[string]bool) {
	ports := p.cur.Ports(bond.Name)
	if bond.Kind != "bond" || !p.live[bond.Name] || len(ports) < 2 {
		return
	}
	keep := ""
	for _, port := range ports {
		w := p.want.Link(port)
		stays := w != nil && w.Master == bond.Name
		switch {
		case stays:
			keep = port
		case keep == "" || needed[keep] && !needed[port]:
			keep = port
		}
		if stays {
			break
		}
	}
	for _, port := range ports {
		if port != keep && len(p.cur.VLANs(port)) == 0 {
			delete(p.live, port)
		}
	}
	p.kept[keep] = true
}

// isEarly reports whether a link may be changed before the addresses move:
// nobody uses it, or what changes does not touch its frames.
func (p *Planner) isEarly(name string) bool {
	return !p.live[name] && (p.cur.Link(name) != nil || p.lowersReady(name))
}

// lowersReady reports whether what a new link stands on is there and free.
func (p *Planner) lowersReady(name string) bool {
	w := p.want.Link(name)
	if w == nil {
		return true
	}
	if w.Kind == "vlan" {
		return p.cur.Link(w.Parent) != nil && p.cur.SameVLAN(w) == ""
	}
	return true
}
