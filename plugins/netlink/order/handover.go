package order

import (
	"slices"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

const (
	activePort = "active_slave"
	takesAll   = "all_slaves_active" // what comes by ports that are not active counts too
	inFlight   = 20                  // ms; frames that the switch has sent to the former port
)

// handOver makes another port of a bond in use the active one before the active
// one leaves it. The bond takes what comes by both until the switch has been
// told, so that nothing is lost in between. Meanwhile the bridges on it do not
// learn behind it: what they flood may come back by the other port.
func (p *Planner) handOver(leaving, bond *rtnl.Link) {
	next := p.nextActive(leaving, bond)
	if next == "" {
		return
	}
	set := func(option, value string) {
		p.do(step.Step{Do: step.Set, Link: bond.Name, New: &rtnl.Link{Kind: "bond", Bond: map[string]string{option: value}}})
	}
	var learners []string
	for _, name := range p.cur.Above(bond.Name) {
		if p.cur.Link(name).Port["learning"] == 1 {
			learners = append(learners, name)
		}
	}
	learn := func(value int) {
		for _, name := range learners {
			p.do(step.Step{Do: step.Set, Link: name, New: &rtnl.Link{Port: map[string]int{"learning": value}}})
		}
	}
	learn(0)
	set(takesAll, "1")
	p.Steps[len(p.Steps)-1].note(bond.Name, "%s takes what comes by all its ports until the switch knows that %s carries it", bond.Name, next)
	set(activePort, next)
	p.tell(p.cur.Above(bond.Name))
	p.do(step.Step{Do: step.Pause, Milliseconds: inFlight})
	set(takesAll, "0")
	learn(1)
}

// nextActive is the port that can take over from one that leaves; "" is none, or
// none has to.
func (p *Planner) nextActive(leaving, bond *rtnl.Link) string {
	if bond.Bond["mode"] != "1" || bond.Bond[activePort] != leaving.Name || bond.Bond[takesAll] != "0" || bonding.FollowsPort(bond) || !p.live[bond.Name] {
		return ""
	}
	ports := p.cur.Ports(bond.Name)
	n := slices.IndexFunc(ports, func(port string) bool {
		l := p.cur.Link(port)
		return port != leaving.Name && l.Up && (l.Carrier || p.joined[port])
	})
	if n < 0 {
		return ""
	}
	return ports[n]
}
