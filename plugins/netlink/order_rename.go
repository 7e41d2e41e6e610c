package netlink

import (
	"fmt"
	"maps"
	"slices"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// naming is when the links get their names.
type naming struct {
	aliases
	live bool           // the kernel renames what is up
	at   map[string]int // an alias's name of the end → its renaming's step
	busy bool
}

// isNamed reports whether the link has its name of the end.
func (n *naming) isNamed(a alias) bool { _, done := n.at[a.then]; return done }

// present is the name that a link of the plan has at a step.
func (n *naming) present(step int) func(*string) {
	return func(name *string) {
		for _, a := range n.aliases {
			at, done := n.at[a.then]
			if a.then == *name && (!done || step < at) {
				*name = a.now
				return
			}
		}
	}
}

// nameWhatIsDown renames a card as soon as it is down and nobody's port, which
// it is in every plan that gives it to a bond or takes it from one.
func (p *planner) nameWhatIsDown() {
	if p.names.busy {
		return
	}
	for _, a := range p.names.aliases {
		l := p.cur.link(a.then)
		if l != nil && l.Kind != "bridge" && !l.Up && l.Master == "" && !p.names.isNamed(a) && p.isFree(a.then) {
			if p.isTaken(a) {
				p.nameAll()
				return
			}
			p.name(a)
		}
	}
}

// isTaken reports whether a name is that of a link which gets another one.
func (p *planner) isTaken(a alias) bool {
	return slices.ContainsFunc(p.names.aliases, func(o alias) bool {
		return o.now == a.then && !p.names.isNamed(o) && p.cur.link(o.then) != nil
	})
}

// isFree reports whether a name can be given: whoever has it gets another one
// before, or has gone.
func (p *planner) isFree(name string) bool {
	return !slices.ContainsFunc(p.names.aliases, func(a alias) bool {
		return a.now == name && a.gone && p.cur.link(a.then) != nil
	})
}

// nameAll renames all that is not named yet, what stands in the way first.
func (p *planner) nameAll() {
	p.names.busy = true
	defer func() { p.names.busy = false }()
	for range p.names.aliases {
		for _, a := range p.names.aliases {
			if !p.isTaken(a) && !a.gone && !p.names.isNamed(a) && p.cur.link(a.then) != nil {
				p.name(a)
			}
		}
	}
}

// name renames one link. Before Linux 6.2 it has to be down for that: what goes
// with it comes back in the same system call.
func (p *planner) name(a alias) {
	l := p.cur.link(a.then)
	var lost remains
	down := l.Up && !p.names.live
	if down {
		lost = p.remains(a.then)
		p.do(step{Do: doDown, Link: a.then})
		at := len(p.steps) - 1
		if p.passOn(a.then) {
			p.steps[at].note(a.then, "before Linux 6.2 a link must be down for a new name: guests on %s lose what comes within about 0.5 ms, until its ports pass it on without it", a.then)
		} else {
			p.steps[at].note(a.then, "before Linux 6.2 a link must be down for a new name: what comes to %s meanwhile, some milliseconds, is lost", a.then)
		}
	}
	p.names.at[a.then] = len(p.steps)
	p.do(step{Do: doRename, Link: a.now, Name: a.then})
	if down {
		p.do(step{Do: doUp, Link: a.then})
		p.bringBack(lost)
	}
}

// passOn lets a bridge that is down pass guests' frames on: what stops is its
// own link alone, if the ports are told to forward (net/bridge/br_netlink.c,
// br_set_port_state asks whether the port is up, and br_input.c for the port's
// state only). Then they lose what comes until they are told, and not until the
// bridge is up again. With STP it is the kernel that says who forwards.
func (p *planner) passOn(bridge string) bool {
	l := p.cur.link(bridge)
	ports := slices.DeleteFunc(p.cur.ports(bridge), func(n string) bool { return !p.cur.link(n).Up })
	if l.Kind != "bridge" || l.Bridge["stp_state"] != 0 || len(ports) < 2 {
		return false
	}
	p.do(step{Do: doPass, Link: bridge, Ports: ports})
	return true
}

// nameWithRefuge gives a bridge its name before it gets another card, which can
// still carry the bridge's addresses meanwhile: a bridge that has to be down for
// its name then loses nobody but guests.
func (p *planner) nameWithRefuge(bridge, card string) {
	i := slices.IndexFunc(p.names.aliases, func(a alias) bool { return a.then == bridge && !p.names.isNamed(a) && !p.isTaken(a) })
	if i < 0 || p.names.busy {
		return
	}
	p.names.busy = true
	defer func() { p.names.busy = false }()
	own := slices.DeleteFunc(p.cur.addressesOf(bridge), func(a rtnl.Address) bool { return !isOwn(a) || a.IsDynamic() })
	if p.names.live || len(own) == 0 || p.cur.link(card).Master != "" {
		p.name(p.names.aliases[i])
		return
	}
	if !p.cur.link(card).Up {
		p.do(step{Do: doUp, Link: card})
	}
	p.await(card)
	p.loosen(bridge)
	p.loosen(card)
	routes := p.cur.routesOf(bridge)
	p.move(own, routes, bridge, card)
	p.name(p.names.aliases[i])
	for _, a := range own {
		if !p.cur.hasAddress(a) {
			p.do(step{Do: doAddress, Link: bridge, Address: &a})
		}
	}
	p.move(nil, routes, card, bridge)
	for _, a := range own {
		a.Link = card
		p.linger(card, bridge, a.Prefix.Addr())
		p.do(step{Do: doNoAddr, Link: card, Address: &a})
	}
	p.announce(map[string][]rtnl.Address{bridge: own})
	p.depart(false)
}

// move gives a link addresses and routes that another one has.
func (p *planner) move(addresses []rtnl.Address, routes []rtnl.Route, from, to string) {
	for _, a := range addresses {
		a.Link, a.Label = to, ""
		p.do(step{Do: doAddress, Link: to, Address: &a})
	}
	p.carryNeighbours(from, to)
	for _, r := range routes {
		renameRoute(&r, func(name *string) {
			if *name == from {
				*name = to
			}
		})
		p.do(step{Do: doRoute, Link: to, Route: &r})
	}
	if len(addresses) > 0 {
		p.announce(map[string][]rtnl.Address{to: addresses})
	}
}

// note says something of a step that its effects do not say.
func (s *planned) note(link, text string, args ...any) {
	s.effects = append(s.effects, plan.Effect{Kind: plan.EffectNote, Text: fmt.Sprintf(text, args...), Objects: []plan.Ref{backend.Ref(link)}})
}

// remains are what a link and those above it lose when it goes down.
type remains struct {
	up         []string
	addresses  []rtnl.Address
	routes     []rtnl.Route
	neighbours map[string][]rtnl.Neighbour
}

func (p *planner) remains(name string) remains {
	out := remains{neighbours: make(map[string][]rtnl.Neighbour)}
	for _, above := range p.cur.above(name) {
		if p.cur.link(above).Up {
			out.up = append(out.up, above)
		}
		out.addresses = append(out.addresses, slices.DeleteFunc(p.cur.addressesOf(above), func(a rtnl.Address) bool { return !isOwn(a) || a.Prefix.Addr().Is4() })...)
		out.routes = append(out.routes, p.cur.routesOf(above)...)
		if len(p.cur.known[above]) > 0 {
			out.neighbours[above] = slices.Clone(p.cur.known[above])
		}
	}
	return out
}

// bringBack gives back what is missing of it.
func (p *planner) bringBack(lost remains) {
	for _, name := range lost.up {
		if !p.cur.link(name).Up {
			p.do(step{Do: doUp, Link: name})
		}
	}
	for _, a := range lost.addresses {
		if !p.cur.hasAddress(a) {
			p.do(step{Do: doAddress, Link: a.Link, Address: &a})
		}
	}
	for _, r := range lost.routes {
		if !p.cur.hasRoute(r) && p.reaches(r) {
			p.do(step{Do: doRoute, Link: r.Link, Route: &r})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lost.neighbours)) {
		p.do(step{Do: doNeigh, Link: name, Master: name, Neighbours: lost.neighbours[name]})
	}
}

// presentNames turns the names of the end into those of the time, in all steps
// and in what is said of them.
func (p *planner) presentNames() {
	if len(p.names.aliases) == 0 {
		return
	}
	for n := range p.steps {
		set := p.names.present(n)
		s := &p.steps[n]
		if s.Do != doRename {
			s.step = renameStep(s.step, set)
		}
		for k := range s.effects {
			e := &s.effects[k]
			e.Text = renameText(e.Text, set)
			for r := range e.Objects {
				set(&e.Objects[r].Name)
			}
		}
	}
}
