package order

import (
	"net/netip"
	"slices"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
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
func (p *Planner) settle() {
	if !p.fresh {
		return
	}
	waited := make(map[string]bool)
	for _, name := range p.want.All() {
		for _, a := range p.want.Addresses(name) {
			if !waited[name] && (p.isMissing(a) || p.isAhead(a)) && p.cur.Reachable(name) && p.cur.Carries(a.Prefix.Addr()) {
				waited[name] = true
				p.await(name)
			}
		}
	}
}

func (p *Planner) isAhead(a rtnl.Address) bool {
	return slices.ContainsFunc(p.ahead[a.Link], a.Same)
}

// await waits until a link can carry something: the cards below it have found
// their link, a bridge below it forwards, a bond below it has its partner.
func (p *Planner) await(name string) {
	if was := p.want.Link(name); p.want.Exact && (was == nil || !was.Carrier) {
		return // it had none either
	}
	listens := int(p.listens(p.cur.Below(name)).Milliseconds())
	s := step.Step{Do: step.Ready, Link: name, Milliseconds: holdCarrier, Limit: int(p.want.Carrier.Milliseconds()) + listens}
	for _, below := range p.cur.Below(name) {
		if p.want.Managed[below] && below != name {
			s.Ports = append(s.Ports, below)
		}
	}
	if p.want.LACP > 0 && p.cur.SpeaksLACP(name) {
		s.Partner, s.Limit = true, max(s.Limit, int(p.want.LACP.Milliseconds()))
	}
	if p.want.Exact { // a way back that stops halfway is the worst
		s.Anyway, s.Partner, s.Limit = true, false, backLimit+listens
	}
	p.do(s)
}

// isMissing reports whether an address is wanted and not there. The kernel
// makes link-local ones by itself, and a client its own.
func (p *Planner) isMissing(a rtnl.Address) bool {
	if p.cur.HasAddress(a) || !p.isMine(a.Link) {
		return false
	}
	if a.IsLocal() {
		return p.want.Exact && p.want.Link(a.Link) != nil && p.want.Link(a.Link).Master == ""
	}
	return p.want.Exact || !a.IsDynamic()
}

// isMine reports whether the plan answers for a link: it is declared, or what
// it has now is to stay whatever happens below it. In a restore, links that
// the change did not touch may have changed since.
func (p *Planner) isMine(link string) bool { return p.want.Managed[link] || !p.want.Exact }

// moveAddresses adds what is missing where it can be added, then turns the
// routes, then takes away what is not wanted, and tells the neighbours.
func (p *Planner) moveAddresses() {
	p.wake()
	moved := p.addAddresses()
	for _, link := range names(p.ahead) {
		for _, other := range slices.Clone(p.cur.Holders(p.ahead[link][0].Prefix.Addr())) {
			if other != link {
				p.carryNeighbours(other, link)
			}
		}
		moved[link] = append(moved[link], p.ahead[link]...)
	}
	clear(p.ahead)
	p.letLinger(moved)
	p.turnRoutes()
	p.removeAddresses()
	p.addAddresses() // secondaries that went with their primary
	p.turnRoutes()
	p.removeRoutes()
	for _, name := range names(moved) {
		if !p.cur.Reachable(name) {
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
func (p *Planner) announce(moved map[string][]rtnl.Address) {
	for round := range 2 {
		for _, name := range names(moved) {
			p.do(step.Step{Do: step.Announce, Link: name, Announce: moved[name]})
		}
		if round == 0 && len(moved) > 0 {
			p.do(step.Step{Do: step.Pause, Milliseconds: lockTime})
		}
	}
}

func (p *Planner) announceLate() {
	for _, name := range names(p.later) {
		if !p.cur.Reachable(name) {
			delete(p.later, name)
		}
	}
	p.announce(p.later)
}

// letLinger keeps what has moved on the links that it is to leave.
func (p *Planner) letLinger(moved map[string][]rtnl.Address) {
	for _, name := range names(moved) {
		for _, a := range moved[name] {
			p.lingerWhere(name, a.Prefix.Addr())
		}
	}
}

// lingerWhere keeps an address that has come to a link on its other holders.
func (p *Planner) lingerWhere(to string, addr netip.Addr) {
	for _, from := range slices.Clone(p.cur.Holders(addr)) {
		if from != to && p.want.Managed[from] && p.cur.Reachable(to) {
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
func (p *Planner) addAddresses() map[string][]rtnl.Address {
	moved := make(map[string][]rtnl.Address)
	from := make(map[string]string)
	for _, name := range p.want.All() {
		for _, a := range p.want.Addresses(name) {
			if l := p.cur.Link(name); l == nil || !p.isMissing(a) || a.Prefix.Addr().Is6() && !l.Up {
				continue
			}
			others := slices.DeleteFunc(slices.Clone(p.cur.Holders(a.Prefix.Addr())), func(other string) bool { return other == name || a.IsLocal() })
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
func (p *Planner) addAddress(a rtnl.Address) {
	for _, other := range slices.Clone(p.cur.Addresses(a.Link)) {
		if other.Prefix.Addr() == a.Prefix.Addr() && a.Prefix.Addr().Is6() || p.isBefore(a, other) {
			p.do(step.Step{Do: step.NoAddress, Link: a.Link, Address: &other})
		}
	}
	p.do(step.Step{Do: step.Address, Link: a.Link, Address: &a})
}

// isBefore reports whether an address that is there must be added again after
// the new one, which is to be the primary of their subnet.
func (p *Planner) isBefore(a, other rtnl.Address) bool {
	if !a.Prefix.Addr().Is4() || a.Prefix.Masked() != other.Prefix.Masked() {
		return false
	}
	list := p.want.Addresses(a.Link)
	at := slices.IndexFunc(list, other.Same)
	return at > slices.IndexFunc(list, a.Same)
}

// carryNeighbours copies what the old link knows, so that the first packet
// does not wait for an answer to ARP.
func (p *Planner) carryNeighbours(from, to string) {
	var known []rtnl.Neighbour
	for _, n := range p.cur.Known(from) {
		if near := n.Address.IsLinkLocalUnicast() || p.cur.IsNear(to, n.Address); near && p.cur.Link(to).Up && n.MAC != "00:00:00:00:00:00" {
			n.Link = to
			known = append(known, n)
		}
	}
	if len(known) > 0 {
		p.do(step.Step{Do: step.Neighbours, Link: to, Master: from, Neighbours: known})
	}
}

// turnRoutes adds or replaces the routes that are not as wanted: those by next
// hop objects after the objects.
func (p *Planner) turnRoutes() {
	p.turn(func(r rtnl.Route) bool { return r.Object == 0 })
	p.turnNextHops()
	p.turn(func(r rtnl.Route) bool { return r.Object != 0 })
}

func (p *Planner) turn(which func(rtnl.Route) bool) {
	for _, slot := range p.want.Slots() {
		for _, r := range p.want.Routes(slot) {
			if !which(r) || p.cur.HasRoute(r) || !slices.ContainsFunc(p.want.LinksOf(r), p.isMine) || !p.reaches(r) {
				continue
			}
			p.do(step.Step{Do: step.Route, Link: r.Link, Route: &r})
		}
	}
}

// reaches reports whether the kernel will take the route: its links are up, it
// has its source, and an address in the gateway's prefix; or its object is there.
func (p *Planner) reaches(r rtnl.Route) bool {
	if r.Source.IsValid() && len(p.cur.Holders(r.Source)) == 0 {
		return false
	}
	if r.Object != 0 {
		_, there := p.cur.NextHop(r.Object)
		return there
	}
	hops := r.Hops
	if len(hops) == 0 {
		hops = []rtnl.Hop{{Link: r.Link, Via: r.Via, OnLink: r.OnLink}}
	}
	return !slices.ContainsFunc(hops, func(h rtnl.Hop) bool {
		if h.Link == "" {
			return false // blackhole and its like
		}
		l := p.cur.Link(h.Link)
		near := !h.Via.IsValid() || h.OnLink || h.Via.IsLinkLocalUnicast() || p.cur.IsNear(h.Link, h.Via)
		return l == nil || !l.Up || !near
	})
}

func (p *Planner) removeAddresses() {
	for _, name := range slices.Clone(p.cur.All()) {
		if !p.want.Managed[name] {
			continue
		}
		gone := slices.DeleteFunc(slices.Clone(p.cur.Addresses(name)), func(a rtnl.Address) bool { return p.stays(a) || p.lingersAs(a) })
		for _, a := range slices.Backward(gone) { // secondaries before their primary
			if p.cur.HasAddress(a) {
				p.do(step.Step{Do: step.NoAddress, Link: name, Address: &a})
			}
		}
	}
}

// stays reports whether an address is not to be taken away, or not yet.
func (p *Planner) stays(a rtnl.Address) bool {
	if p.want.HasAddress(a) || a.IsLocal() && !p.want.Exact || a.IsDynamic() && !p.want.Exact && !p.movesAway(a) {
		return true
	}
	return slices.ContainsFunc(p.want.Holders(a.Prefix.Addr()), func(link string) bool {
		return slices.ContainsFunc(p.want.Addresses(link), func(w rtnl.Address) bool { return w.Prefix.Addr() == a.Prefix.Addr() && p.isMissing(w) })
	})
}

// movesAway reports whether another link is wanted to have the address.
func (p *Planner) movesAway(a rtnl.Address) bool {
	return slices.ContainsFunc(p.want.Holders(a.Prefix.Addr()), func(link string) bool { return link != a.Link })
}

func (p *Planner) removeRoutes() {
	for _, slot := range slices.Clone(p.cur.Slots()) {
		for _, r := range slices.Clone(p.cur.Routes(slot)) {
			if p.want.Managed[r.Link] && world.IsOurs(p.cur, r) && !p.want.HasRoute(r) {
				p.do(step.Step{Do: step.NoRoute, Link: r.Link, Route: &r})
			}
		}
	}
}

// tellSwitch announces what is on a bridge whose card has changed.
func (p *Planner) tellSwitch() {
	p.tell(p.due)
	p.due = nil
}

// tellOfRelease announces what is on a bond that has just lost a port: the
// switch may know it behind that port. A bond that has lost its active port does
// so by itself, for itself and not for guests, and late when the kernel has
// something to look at on the next one (bond_main.c, bond_should_notify_peers).
func (p *Planner) tellOfRelease(bond *rtnl.Link) {
	ports := p.cur.Ports(bond.Name)
	stays := bond.Bond["mode"] == "1" && slices.Contains(ports, bond.Bond["active_slave"])
	if p.live[bond.Name] && len(ports) > 0 && !stays {
		p.tell(p.cur.Above(bond.Name))
	}
}

// tell announces the addresses on links, and the guests on those that are
// bridges.
func (p *Planner) tell(links []string) {
	for _, name := range links {
		if !p.cur.Reachable(name) {
			continue
		}
		all := slices.DeleteFunc(slices.Clone(p.cur.Addresses(name)), rtnl.Address.IsLocal)
		var guests []string
		for _, port := range p.cur.Ports(name) {
			if p.cur.Link(name).Kind == "bridge" && !p.want.Managed[port] {
				guests = append(guests, port)
			}
		}
		if len(all)+len(guests) > 0 && p.cur.Link(name).Up {
			p.do(step.Step{Do: step.Announce, Link: name, Announce: all, Guests: guests})
		}
	}
}

// freeSpare tells the neighbours where the addresses are before a card that is
// up and has none goes down. With arp_ignore=0, the kernel's default, a card
// answers for the addresses of all others in its network, so that neighbours
// may well be sending to the one that nobody seems to use.
func (p *Planner) freeSpare(card string) {
	if p.freed || p.live[card] {
		return
	}
	p.freed = true
	known := make(map[string][]rtnl.Address)
	for _, name := range p.cur.All() {
		if l := p.cur.Link(name); !l.Up || !l.Ether || l.Loop || spell.IsForeign(l) || !p.cur.Reachable(name) {
			continue
		}
		for _, a := range p.cur.Addresses(name) {
			if a.Prefix.Addr().Is4() {
				known[name] = append(known[name], a)
			}
		}
	}
	p.announce(known)
}
