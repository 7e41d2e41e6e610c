package order

import (
	"slices"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// A bond in balance-rr sends by one port after the other. With packetsPerPort
// at its most it sends by one for long; it begins with the first
// (drivers/net/bonding/bond_main.c, bond_rr_gen_slave_id; Linux 3.14).
const (
	packetsPerPort = "packets_per_slave"
	mostPackets    = "65535"
)

func canBeCalm(bond *rtnl.Link) bool {
	n, known := bond.Bond[packetsPerPort]
	return bond.Bond["mode"] == "0" && known && n != mostPackets
}

func (p *Planner) setPackets(bond, n string) {
	p.do(step.Step{Do: step.Set, Link: bond, New: &rtnl.Link{Kind: "bond", Bond: map[string]string{packetsPerPort: n}}})
}

// calm lets a bond in balance-rr send by one port for long: the switch then
// knows the host behind that port, and not, for each packet, behind another.
func (p *Planner) calm(bond *rtnl.Link) {
	if canBeCalm(bond) && len(p.cur.Ports(bond.Name)) > 1 {
		p.setPackets(bond.Name, mostPackets)
		p.tell(p.cur.Above(bond.Name))
	}
}

// calmFor lets a bond in use send by the ports that it has until one that is
// about to join has found its link: without a look at its links, a bond in
// balance-rr would send by it at once. What it returns comes after the join.
func (p *Planner) calmFor(port, bond string) (after func()) {
	b, w := p.cur.Link(bond), p.want.Link(port)
	if !b.Up || bonding.IsMonitored(b) || !canBeCalm(b) || len(p.cur.Ports(bond)) == 0 || !w.Up || p.want.Exact && !w.Carrier || !p.carries(bond) {
		return func() {}
	}
	n := b.Bond[packetsPerPort]
	p.setPackets(bond, mostPackets)
	p.Steps[len(p.Steps)-1].note(bond, "%s sends by the ports that it has until %s has found its link", bond, port)
	return func() {
		p.do(step.Step{Do: step.Ready, Link: port, Milliseconds: holdCarrier, Limit: backLimit, Anyway: true})
		p.setPackets(bond, n)
	}
}

// carries reports whether somebody's frames go through a link now.
func (p *Planner) carries(name string) bool {
	return slices.ContainsFunc(p.cur.Above(name), func(above string) bool {
		return slices.ContainsFunc(p.cur.Addresses(above), world.IsOwn) || p.cur.Link(above).Kind == "bridge" && slices.ContainsFunc(p.cur.Ports(above), func(port string) bool { return !p.want.Managed[port] })
	})
}
