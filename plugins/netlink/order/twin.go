package order

import (
	"slices"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// Two links in the same network may have the same MAC for a while: a card that
// leaves its bond and the bond that has the card's MAC, and on the way back a
// bond that is made with the MAC of the card in use. Whichever sends something,
// be it a report for its link-local address, draws the frames for both.

// welcomeTwin lets a link that is about to be up take what comes for addresses
// of the link that has them now, if both have the same MAC: as soon as the new
// one sends anything, be it for its link-local address, the switch brings it
// the frames that are for the old one.
func (p *Planner) welcomeTwin(name string) {
	p.listenForTwins(name)
	p.addAhead(name, slices.DeleteFunc(slices.Clone(p.want.Addresses(name)), func(a rtnl.Address) bool {
		return !a.Prefix.Addr().Is4() || !p.isMissing(a) || !slices.ContainsFunc(p.cur.Holders(a.Prefix.Addr()), func(from string) bool { return p.areTwins(name, from) })
	}))
}

// listenForTwins lets a bond that is about to be up take what comes for the
// addresses of links in the same network that have its MAC, though it is not to
// carry them itself. Each report that it sends draws their frames.
func (p *Planner) listenForTwins(bond string) {
	l := p.cur.Link(bond)
	if l.Kind != "bond" || l.Up || p.reverse(bond) == rtnl.NoReverse {
		return
	}
	for _, other := range slices.Clone(p.cur.All()) {
		if !p.areTwins(bond, other) || !slices.Equal(p.tags(bond), p.tags(other)) {
			continue
		}
		for _, a := range slices.Clone(p.cur.Addresses(other)) {
			if a.Prefix.Addr().Is4() && !p.lingersAs(a) {
				p.letStay(bond, other, a.Prefix.Addr())
			}
		}
	}
}

// tags are those of the frames of a link, as they leave the host.
func (p *Planner) tags(name string) []int {
	var out []int
	for _, below := range p.cur.Below(name) {
		if l := p.cur.Link(below); l.Kind == "vlan" {
			out = append(out, l.VLANID)
		}
	}
	return out
}

// areTwins reports whether a link, or what it stands on, has the MAC of another
// that it does not stand on, and that does not join it to go on carrying it.
func (p *Planner) areTwins(name, other string) bool {
	mac, below := p.cur.Link(other).MAC, p.cur.Below(name)
	joins := slices.Contains(p.want.Ports(name), other) && p.want.Link(name).Kind == "bridge"
	return name != other && mac != "" && !joins && !slices.Contains(below, other) && slices.ContainsFunc(append(below, p.want.Below(name)...), func(n string) bool {
		l := p.cur.Link(n)
		return l != nil && n != other && l.MAC == mac
	})
}

// tellApart gives a card another MAC that has left a bond which stays and has the
// card's: "set the HWaddr of slave to a different address to avoid conflicts",
// says the driver (bond_main.c, __bond_release_one). One of which the MAC is
// declared, or that leaves on a detour, keeps it.
func (p *Planner) tellApart(w *rtnl.Link, left string) {
	l, bond := p.cur.Link(w.Name), p.cur.Link(left)
	if bond == nil || bond.Kind != "bond" || l.MAC == "" || l.MAC != bond.MAC || w.MAC != "" || p.around || p.mustGo(left) {
		return
	}
	p.do(step.Step{Do: step.Set, Link: w.Name, New: &rtnl.Link{MAC: p.madeUp(w.Name)}})
	p.Steps[len(p.Steps)-1].note(w.Name, "%s keeps the MAC %s, which was that of %s", left, bond.MAC, w.Name)
}

// silence gives a bond that is to go another MAC than that of the link that has
// taken its place, and tells the switch once more where that one is: reports of
// the groups that the bond and its VLANs were in may still be on their way. One
// that carries an address by itself is heard to the end.
func (p *Planner) silence(bond string, twin string) {
	b, t := p.cur.Link(bond), p.cur.Link(twin)
	if b == nil || t == nil || b.Kind != "bond" || b.MAC != t.MAC || b.MAC == "" || !p.mustGo(bond) || bonding.FollowsPort(b) {
		return
	}
	if slices.ContainsFunc(p.cur.Above(bond), func(name string) bool {
		return p.cur.Link(name).Kind != "bridge" && slices.ContainsFunc(p.cur.Addresses(name), world.IsOwn)
	}) {
		return
	}
	mac := p.madeUp(bond)
	for _, port := range p.cur.Ports(bond) {
		if own := p.cur.Link(port).PermMAC; own != "" && own != t.MAC {
			mac = own
		}
	}
	p.do(step.Step{Do: step.Set, Link: bond, New: &rtnl.Link{MAC: mac}})
	p.tell([]string{twin})
}

// silenceTwins does so before links are deleted whose addresses have moved.
func (p *Planner) silenceTwins() {
	for _, bond := range slices.Clone(p.cur.All()) {
		if p.cur.Link(bond).Kind != "bond" || !p.mustGo(bond) {
			continue
		}
		above := p.cur.Above(bond)
		for _, name := range slices.Clone(p.cur.All()) {
			if !slices.Contains(above, name) && p.cur.Link(name).Up && slices.ContainsFunc(p.cur.Addresses(name), world.IsOwn) {
				p.silence(bond, name)
			}
		}
	}
}
