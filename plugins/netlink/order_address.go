package netlink

import (
	"net/netip"
	"slices"

	"linkspan/plugins/netlink/rtnl"
)

// Waits of the staged order, measured on Linux 6.1: a carrier counts when it
// has held for holdCarrier; a neighbour takes a second announcement only after
// its lock time of one second (net.ipv4.neigh.*.locktime).
const (
	holdCarrier = 400
	lockTime    = 1100
	backLimit   = 10000 // of a restore, which goes on without a carrier then
)

// settle waits until the new links can carry what is about to move to them.
func (p *planner) settle() {
	if !p.fresh {
		return
	}
	waited := make(map[string]bool)
	for _, name := range p.want.all() {
		for _, a := range p.want.addresses[name] {
			if !waited[name] && p.isMissing(a) && p.cur.reachable(name) && p.cur.carries(a.Prefix.Addr()) {
				waited[name] = true
				p.await(name)
			}
		}
	}
}

// await waits until a link can carry something: the cards below it have found
// their link, a bridge below it forwards, a bond below it has its partner.
func (p *planner) await(name string) {
	if was := p.want.link(name); p.want.exact && (was == nil || !was.Carrier) {
		return // it had none either
	}
	s := step{Do: doReady, Link: name, Milliseconds: holdCarrier, Limit: int(p.want.carrier.Milliseconds())}
	for _, below := range p.cur.below(name) {
		if p.want.managed[below] && below != name {
			s.Ports = append(s.Ports, below)
		}
	}
	if p.want.lacp > 0 && p.cur.speaksLACP(name) {
		s.Partner, s.Limit = true, max(s.Limit, int(p.want.lacp.Milliseconds()))
	}
	if p.want.exact { // a way back that stops halfway is the worst
		s.Anyway, s.Partner, s.Limit = true, false, backLimit
	}
	p.do(s)
}

// speaksLACP reports whether a bond that needs a partner is below the link.
func (w *world) speaksLACP(name string) bool {
	l := w.link(name)
	if l == nil {
		return false
	}
	return l.Kind == "bond" && l.Bond["mode"] == mode8023ad || slices.ContainsFunc(w.lowers(name), w.speaksLACP)
}

// isMissing reports whether an address is wanted and not there. The kernel
// makes link-local ones by itself, and a client its own.
func (p *planner) isMissing(a rtnl.Address) bool {
	if p.cur.hasAddress(a) || !p.isMine(a.Link) {
		return false
	}
	if a.IsLocal() {
		return p.want.exact && p.want.link(a.Link) != nil && p.want.link(a.Link).Master == ""
	}
	return p.want.exact || !a.IsDynamic()
}

// isMine reports whether the plan answers for a link: it is declared, or what
// it has now is to stay whatever happens below it. In a restore, links that
// the change did not touch may have changed since.
func (p *planner) isMine(link string) bool { return p.want.managed[link] || !p.want.exact }

// moveAddresses adds what is missing where it can be added, then turns the
// routes, then takes away what is not wanted, and tells the neighbours.
func (p *planner) moveAddresses() {
	p.wake()
	moved := p.addAddresses()
	for link, added := range p.ahead {
		moved[link] = append(moved[link], added...)
	}
	clear(p.ahead)
	p.letLinger(moved)
	p.turnRoutes()
	p.removeAddresses()
	p.addAddresses() // secondaries that went with their primary
	p.turnRoutes()
	p.removeRoutes()
	for _, name := range names(moved) {
		if !p.cur.reachable(name) {
			if p.later == nil {
				p.later = make(map[string][]rtnl.Address)
			}
			p.later[name] = append(p.later[name], moved[name]...)
			delete(moved, name)
		}
	}
	p.announce(moved)
	p.depart(false)
}

// announce tells the neighbours twice: a neighbour that has just heard of the
// old MAC may not believe the first.
func (p *planner) announce(moved map[string][]rtnl.Address) {
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

// letLinger keeps what has moved on the links that it is to leave.
func (p *planner) letLinger(moved map[string][]rtnl.Address) {
	for _, name := range names(moved) {
		for _, a := range moved[name] {
			p.lingerWhere(name, a.Prefix.Addr())
		}
	}
}

// lingerWhere keeps an address that has come to a link on its other holders.
func (p *planner) lingerWhere(to string, addr netip.Addr) {
	for _, from := range slices.Clone(p.cur.holders[addr]) {
		if from != to && p.want.managed[from] && p.cur.reachable(to) {
			p.linger(from, to, addr)
		}
	}
}

func names(m map[string][]rtnl.Address) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// addAddresses returns the addresses that moved from another link, by link.
func (p *planner) addAddresses() map[string][]rtnl.Address {
	moved := make(map[string][]rtnl.Address)
	from := make(map[string]string)
	for _, name := range p.want.all() {
		for _, a := range p.want.addresses[name] {
			if l := p.cur.link(name); l == nil || !p.isMissing(a) || a.Prefix.Addr().Is6() && !l.Up {
				continue
			}
			others := slices.DeleteFunc(slices.Clone(p.cur.holders[a.Prefix.Addr()]), func(other string) bool { return other == name || a.IsLocal() })
			for _, other := range others {
				moved[name] = append(moved[name], a)
				from[name] = other
			}
			p.addAddress(a)
		}
	}
	for _, to := range names(moved) {
		p.carryNeighbours(from[to], to)
	}
	return moved
}

// addAddress adds one. The kernel has no second prefix length, and no second
// peer, for an IPv6 address; in IPv4 the order within a subnet says which is
// the primary.
func (p *planner) addAddress(a rtnl.Address) {
	for _, other := range p.cur.addressesOf(a.Link) {
		if other.Prefix.Addr() == a.Prefix.Addr() && a.Prefix.Addr().Is6() || p.isBefore(a, other) {
			p.do(step{Do: doNoAddr, Link: a.Link, Address: &other})
		}
	}
	p.do(step{Do: doAddress, Link: a.Link, Address: &a})
}

// isBefore reports whether an address that is there must be added again after
// the new one, which is to be the primary of their subnet.
func (p *planner) isBefore(a, other rtnl.Address) bool {
	if !a.Prefix.Addr().Is4() || a.Prefix.Masked() != other.Prefix.Masked() {
		return false
	}
	list := p.want.addresses[a.Link]
	at := slices.IndexFunc(list, other.Same)
	return at > slices.IndexFunc(list, a.Same)
}

// carryNeighbours copies what the old link knows, so that the first packet
// does not wait for an answer to ARP.
func (p *planner) carryNeighbours(from, to string) {
	var known []rtnl.Neighbour
	for _, n := range p.cur.known[from] {
		if n.MAC != "00:00:00:00:00:00" {
			n.Link = to
			known = append(known, n)
		}
	}
	if len(known) > 0 {
		p.do(step{Do: doNeigh, Link: to, Master: from, Neighbours: known})
	}
}

func (p *planner) turnRoutes() {
	for _, slot := range p.want.slots {
		for _, r := range p.want.routes[slot] {
			if p.cur.hasRoute(r) || hasObject(r) || !slices.ContainsFunc(r.Links(), p.isMine) || !p.reaches(r) {
				continue
			}
			p.do(step{Do: doRoute, Link: r.Link, Route: &r})
		}
	}
}

// hasObject reports whether a route goes by a next hop object, which is its
// program's to make again when it went with its link.
func hasObject(r rtnl.Route) bool {
	const nextHop = 30 // linux/rtnetlink.h RTA_NH_ID
	return slices.ContainsFunc(r.Rest, func(a rtnl.Attribute) bool { return a.Type == nextHop })
}

// reaches reports whether the kernel will take the route: its links are up, it
// has its source, and an address in the gateway's prefix.
func (p *planner) reaches(r rtnl.Route) bool {
	if r.Source.IsValid() && len(p.cur.holders[r.Source]) == 0 {
		return false
	}
	hops := r.Hops
	if len(hops) == 0 {
		hops = []rtnl.Hop{{Link: r.Link, Via: r.Via, OnLink: r.OnLink}}
	}
	return !slices.ContainsFunc(hops, func(h rtnl.Hop) bool {
		if h.Link == "" {
			return false // blackhole and its like
		}
		l := p.cur.link(h.Link)
		near := !h.Via.IsValid() || h.OnLink || h.Via.IsLinkLocalUnicast() || p.cur.isNear(h.Link, h.Via)
		return l == nil || !l.Up || !near
	})
}

// isNear reports whether a neighbour is in the network of one of the link's
// addresses, or a route without a gateway leads to it there.
func (w *world) isNear(link string, ip netip.Addr) bool {
	return slices.ContainsFunc(w.addresses[link], func(a rtnl.Address) bool {
		return a.Prefix.Masked().Contains(ip) || a.Peer.IsValid() && a.Peer.Masked().Contains(ip)
	}) || slices.ContainsFunc(w.routesOf(link), func(r rtnl.Route) bool {
		return !r.Via.IsValid() && len(r.Hops) == 0 && r.To.Bits() > 0 && r.To.Contains(ip)
	})
}

func (p *planner) removeAddresses() {
	for _, name := range slices.Clone(p.cur.all()) {
		if !p.want.managed[name] {
			continue
		}
		gone := slices.DeleteFunc(p.cur.addressesOf(name), func(a rtnl.Address) bool { return p.stays(a) || p.lingersAs(a) })
		for _, a := range slices.Backward(gone) { // secondaries before their primary
			if p.cur.hasAddress(a) {
				p.do(step{Do: doNoAddr, Link: name, Address: &a})
			}
		}
	}
}

// stays reports whether an address is not to be taken away, or not yet.
func (p *planner) stays(a rtnl.Address) bool {
	if p.want.hasAddress(a) || a.IsLocal() && !p.want.exact || a.IsDynamic() && !p.want.exact && !p.movesAway(a) {
		return true
	}
	return slices.ContainsFunc(p.want.holders[a.Prefix.Addr()], func(link string) bool {
		return slices.ContainsFunc(p.want.addresses[link], func(w rtnl.Address) bool { return w.Prefix.Addr() == a.Prefix.Addr() && p.isMissing(w) })
	})
}

// movesAway reports whether another link is wanted to have the address.
func (p *planner) movesAway(a rtnl.Address) bool {
	return slices.ContainsFunc(p.want.holders[a.Prefix.Addr()], func(link string) bool { return link != a.Link })
}

func (p *planner) removeRoutes() {
	for _, slot := range slices.Clone(p.cur.slots) {
		for _, r := range slices.Clone(p.cur.routes[slot]) {
			if p.want.managed[r.Link] && isOurs(p.cur, r) && !p.want.hasRoute(r) {
				p.do(step{Do: doNoRoute, Link: r.Link, Route: &r})
			}
		}
	}
}

// tellSwitch announces what is on a bridge whose card has changed.
func (p *planner) tellSwitch() {
	p.tell(p.due)
	p.due = nil
}

// tellOfRelease announces what is on a bond that has just lost a port: the
// switch may know it behind that port. A bond with an active port does so by
// itself (bonding.rst, num_grat_arp).
func (p *planner) tellOfRelease(bond *rtnl.Link) {
	if p.live[bond.Name] && len(p.cur.ports(bond.Name)) > 0 && bond.Bond["mode"] != "1" {
		p.tell(p.cur.above(bond.Name))
	}
}

// tell announces the addresses on links, and the guests on those that are
// bridges.
func (p *planner) tell(links []string) {
	for _, name := range links {
		if !p.cur.reachable(name) {
			continue
		}
		all := slices.DeleteFunc(p.cur.addressesOf(name), rtnl.Address.IsLocal)
		var guests []string
		for _, port := range p.cur.ports(name) {
			if p.cur.link(name).Kind == "bridge" && !p.want.managed[port] {
				guests = append(guests, port)
			}
		}
		if len(all)+len(guests) > 0 && p.cur.link(name).Up {
			p.do(step{Do: doAnnounce, Link: name, Announce: all, Guests: guests})
		}
	}
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
	known := make(map[string][]rtnl.Address)
	for _, name := range p.cur.all() {
		if l := p.cur.link(name); !l.Up || !l.Ether || l.Loop || isForeign(l) || !p.cur.reachable(name) {
			continue
		}
		for _, a := range p.cur.addresses[name] {
			if a.Prefix.Addr().Is4() {
				known[name] = append(known[name], a)
			}
		}
	}
	p.announce(known)
}
