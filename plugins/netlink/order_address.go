package netlink

import (
	"slices"
)

// Waits of the staged order, measured on Linux 6.1: a carrier counts when it
// has held for holdCarrier; a neighbour takes a second announcement only after
// its lock time of one second (net.ipv4.neigh.*.locktime).
const (
	holdCarrier = 400
	lockTime    = 1100
)

// settle waits until the new links can carry what is about to move to them.
func (p *planner) settle() {
	if !p.fresh {
		return
	}
	waited := make(map[string]bool)
	for _, a := range p.want.Addresses {
		l := p.cur.link(a.Link)
		if waited[a.Link] || !p.isMissing(a) || l == nil || !l.Up {
			continue
		}
		waited[a.Link] = true
		p.do(step{Do: doCarrier, Link: a.Link, Milliseconds: holdCarrier})
	}
}

func (p *planner) isMissing(a address) bool {
	if a.isLocal() && (!p.want.exact || p.want.link(a.Link) == nil || p.want.link(a.Link).Master != "") {
		return false // the kernel makes it again by itself
	}
	return p.want.managed[a.Link] && !slices.ContainsFunc(p.cur.Addresses, a.same)
}

// moveAddresses adds what is missing where it can be added, then turns the
// routes, then takes away what is not wanted, and tells the neighbours.
func (p *planner) moveAddresses() {
	moved := p.addAddresses()
	p.turnRoutes()
	p.removeAddresses()
	p.addAddresses() // secondaries that went with their primary
	p.turnRoutes()
	p.removeRoutes()
	for _, name := range names(moved) {
		if !p.cur.reachable(name) {
			if p.later == nil {
				p.later = make(map[string][]address)
			}
			p.later[name] = append(p.later[name], moved[name]...)
			delete(moved, name)
		}
	}
	p.announce(moved)
}

// announce tells the neighbours twice: a neighbour that has just heard of the
// old MAC may not believe the first.
func (p *planner) announce(moved map[string][]address) {
	for round := range 2 {
		for _, name := range names(moved) {
			p.do(step{Do: doAnnounce, Link: name, Announce: moved[name]})
		}
		if round == 0 && len(moved) > 0 {
			p.do(step{Do: doPause, Milliseconds: lockTime})
		}
	}
}

func (p *planner) announceLate() {
	for _, name := range names(p.later) {
		if !p.cur.reachable(name) {
			delete(p.later, name)
		}
	}
	p.announce(p.later)
}

func names(m map[string][]address) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// addAddresses returns the addresses that moved from another link, by link.
func (p *planner) addAddresses() map[string][]address {
	moved := make(map[string][]address)
	from := make(map[string]string)
	for _, a := range p.want.Addresses {
		if l := p.cur.link(a.Link); !p.isMissing(a) || l == nil || a.Prefix.Addr().Is6() && !l.Up {
			continue
		}
		if a.isDynamic() && !p.want.exact {
			continue
		}
		for _, other := range p.cur.Addresses {
			if other.Prefix.Addr() == a.Prefix.Addr() && other.Link != a.Link {
				moved[a.Link] = append(moved[a.Link], a)
				from[a.Link] = other.Link
			}
		}
		if i := slices.IndexFunc(p.cur.Addresses, func(h address) bool {
			return h.Link == a.Link && h.Prefix.Addr() == a.Prefix.Addr() && a.Prefix.Addr().Is6()
		}); i >= 0 { // the kernel has no second prefix length for an IPv6 address
			other := p.cur.Addresses[i]
			p.do(step{Do: doNoAddr, Link: a.Link, Address: &other})
		}
		p.do(step{Do: doAddress, Link: a.Link, Address: &a})
	}
	for _, to := range names(moved) {
		p.carryNeighbours(from[to], to)
	}
	return moved
}

// carryNeighbours copies what the old link knows, so that the first packet
// does not wait for an answer to ARP.
func (p *planner) carryNeighbours(from, to string) {
	var known []neighbour
	for _, n := range p.cur.Neighbours {
		if n.Link == from && !n.Permanent && n.MAC != "00:00:00:00:00:00" {
			known = append(known, n)
		}
	}
	if len(known) > 0 {
		p.do(step{Do: doNeigh, Link: to, Master: from, Neighbours: known})
	}
}

func (p *planner) turnRoutes() {
	for _, r := range p.want.Routes {
		l := p.cur.link(r.Link)
		if !p.want.managed[r.Link] || slices.ContainsFunc(p.cur.Routes, r.same) || l == nil || !l.Up || !p.reaches(r) {
			continue
		}
		p.do(step{Do: doRoute, Link: r.Link, Route: &r})
	}
}

// reaches reports whether the kernel will take the route: it has its source,
// and an address in the gateway's prefix.
func (p *planner) reaches(r route) bool {
	here := p.cur.addressesOf(r.Link)
	source := !r.Source.IsValid() || slices.ContainsFunc(p.cur.Addresses, func(a address) bool { return a.Prefix.Addr() == r.Source })
	gateway := !r.Via.IsValid() || r.OnLink || r.Via.IsLinkLocalUnicast() ||
		slices.ContainsFunc(here, func(a address) bool { return a.Prefix.Masked().Contains(r.Via) })
	return source && gateway
}

func (p *planner) removeAddresses() {
	var gone []address
	for _, a := range p.cur.Addresses {
		if !p.want.managed[a.Link] || slices.ContainsFunc(p.want.Addresses, a.same) || a.isLocal() || a.isDynamic() && !p.want.exact {
			continue
		}
		pending := slices.ContainsFunc(p.want.Addresses, func(w address) bool {
			return w.Prefix.Addr() == a.Prefix.Addr() && p.isMissing(w)
		})
		if !pending {
			gone = append(gone, a)
		}
	}
	slices.Reverse(gone) // secondaries before their primary
	for _, a := range gone {
		if slices.ContainsFunc(p.cur.Addresses, a.same) {
			p.do(step{Do: doNoAddr, Link: a.Link, Address: &a})
		}
	}
}

func (p *planner) removeRoutes() {
	for _, r := range slices.Clone(p.cur.Routes) {
		wanted := slices.ContainsFunc(p.want.Routes, r.same)
		if p.want.managed[r.Link] && isOurs(r) && !wanted {
			p.do(step{Do: doNoRoute, Link: r.Link, Route: &r})
		}
	}
}

// tellSwitch announces what is on a bridge whose card has changed.
func (p *planner) tellSwitch() {
	for _, name := range p.due {
		var all []address
		for _, a := range p.cur.addressesOf(name) {
			if !a.isLocal() {
				all = append(all, a)
			}
		}
		var guests []string
		for _, port := range p.cur.ports(name) {
			if !p.want.managed[port] {
				guests = append(guests, port)
			}
		}
		if len(all)+len(guests) > 0 {
			p.do(step{Do: doAnnounce, Link: name, Announce: all, Guests: guests})
		}
	}
	p.due = nil
}

// freeSpare tells the neighbours where the addresses are before a card that is
// up and has none goes down. With arp_ignore=0, the kernel's default, a card
// answers for the addresses of all others in its network, so that neighbours
// may well be sending to the one that nobody seems to use.
func (p *planner) freeSpare(card string) {
	if p.freed || p.live[card] {
		return
	}
	p.freed = true
	known := make(map[string][]address)
	for _, a := range p.cur.Addresses {
		l := p.cur.link(a.Link)
		if l != nil && l.Up && l.Ether && !l.Loop && !isForeign(l) && a.Prefix.Addr().Is4() && p.cur.reachable(a.Link) {
			known[a.Link] = append(known[a.Link], a)
		}
	}
	p.announce(known)
}
