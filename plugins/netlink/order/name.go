package order

import (
	"fmt"
	"maps"
	"slices"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rename"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// naming is when the links get their names.
type naming struct {
	rename.Aliases
	live bool           // the kernel renames what is up
	at   map[string]int // an alias's name of the end → its renaming's step
	busy bool
}

// isNamed reports whether the link has its name of the end.
func (n *naming) isNamed(a rename.Alias) bool { _, done := n.at[a.Then]; return done }

// present is the name that a link of the plan has at a step.
func (n *naming) present(step int) func(*string) {
	return func(name *string) {
		for _, a := range n.Aliases {
			at, done := n.at[a.Then]
			if a.Then == *name && (!done || step < at) {
				*name = a.Now
				return
			}
		}
	}
}

// nameWhatIsDown renames a card as soon as it is down and nobody's port, which
// it is in every plan that gives it to a bond or takes it from one.
func (p *Planner) nameWhatIsDown() {
	if p.names.busy {
		return
	}
	for _, a := range p.names.Aliases {
		l := p.cur.Link(a.Then)
		if l != nil && l.Kind != "bridge" && !l.Up && l.Master == "" && !p.names.isNamed(a) && p.isFree(a.Then) {
			if p.isTaken(a) {
				p.nameAll()
				return
			}
			p.name(a)
		}
	}
}

// isTaken reports whether a name is that of a link which gets another one.
func (p *Planner) isTaken(a rename.Alias) bool {
	return slices.ContainsFunc(p.names.Aliases, func(o rename.Alias) bool {
		return o.Now == a.Then && !p.names.isNamed(o) && p.cur.Link(o.Then) != nil
	})
}

// isFree reports whether a name can be given: whoever has it gets another one
// before, or has gone.
func (p *Planner) isFree(name string) bool {
	return !slices.ContainsFunc(p.names.Aliases, func(a rename.Alias) bool {
		return a.Now == name && a.Gone && p.cur.Link(a.Then) != nil
	})
}

// nameAll renames all that is not named yet, what stands in the way first.
func (p *Planner) nameAll() {
	p.names.busy = true
	defer func() { p.names.busy = false }()
	for range p.names.Aliases {
		for _, a := range p.names.Aliases {
			if !p.isTaken(a) && !a.Gone && !p.names.isNamed(a) && p.cur.Link(a.Then) != nil {
				p.name(a)
			}
		}
	}
}

// name renames one link. Before Linux 6.2 it has to be down for that: what goes
// with it comes back in the same system call.
func (p *Planner) name(a rename.Alias) {
	l := p.cur.Link(a.Then)
	var lost remains
	down := l.Up && !p.names.live
	if down {
		lost = p.remains(a.Then)
		p.do(step.Step{Do: step.Down, Link: a.Then})
		at := len(p.Steps) - 1
		if p.passOn(a.Then) {
			p.Steps[at].note(a.Then, "before Linux 6.2 a link must be down for a new name: guests on %s lose what comes within about 0.5 ms, until its ports pass it on without it", a.Then)
		} else {
			p.Steps[at].note(a.Then, "before Linux 6.2 a link must be down for a new name: what comes to %s meanwhile, some milliseconds, is lost", a.Then)
		}
	}
	p.names.at[a.Then] = len(p.Steps)
	p.do(step.Step{Do: step.Rename, Link: a.Now, Name: a.Then})
	if down {
		p.do(step.Step{Do: step.Up, Link: a.Then})
		p.bringBack(lost)
	}
}

// passOn lets a bridge that is down pass guests' frames on: what stops is its
// own link alone, if the ports are told to forward (net/bridge/br_netlink.c,
// br_set_port_state asks whether the port is up, and br_input.c for the port's
// state only). Then they lose what comes until they are told, and not until the
// bridge is up again. With STP it is the kernel that says who forwards.
func (p *Planner) passOn(bridge string) bool {
	l := p.cur.Link(bridge)
	ports := slices.DeleteFunc(p.cur.Ports(bridge), func(n string) bool { return !p.cur.Link(n).Up })
	if l.Kind != "bridge" || l.Bridge["stp_state"] != 0 || len(ports) < 2 {
		return false
	}
	p.do(step.Step{Do: step.Pass, Link: bridge, Ports: ports})
	return true
}

// nameWithRefuge gives a bridge its name before it gets another card, which can
// still carry the bridge's addresses meanwhile: a bridge that has to be down for
// its name then loses nobody but guests.
func (p *Planner) nameWithRefuge(bridge, card string) {
	i := slices.IndexFunc(p.names.Aliases, func(a rename.Alias) bool { return a.Then == bridge && !p.names.isNamed(a) && !p.isTaken(a) })
	if i < 0 || p.names.busy {
		return
	}
	p.names.busy = true
	defer func() { p.names.busy = false }()
	own := slices.DeleteFunc(slices.Clone(p.cur.Addresses(bridge)), func(a rtnl.Address) bool { return !world.IsOwn(a) || a.IsDynamic() })
	if p.names.live || len(own) == 0 || p.cur.Link(card).Master != "" {
		p.name(p.names.Aliases[i])
		return
	}
	if !p.cur.Link(card).Up {
		p.do(step.Step{Do: step.Up, Link: card})
	}
	p.await(card)
	p.loosen(bridge)
	p.loosen(card)
	routes := p.cur.RoutesOf(bridge)
	p.move(own, routes, bridge, card)
	p.name(p.names.Aliases[i])
	for _, a := range own {
		if !p.cur.HasAddress(a) {
			p.do(step.Step{Do: step.Address, Link: bridge, Address: &a})
		}
	}
	p.move(nil, routes, card, bridge)
	for _, a := range own {
		a.Link = card
		p.linger(card, bridge, a.Prefix.Addr())
		p.do(step.Step{Do: step.NoAddress, Link: card, Address: &a})
	}
	p.announce(map[string][]rtnl.Address{bridge: own})
	p.depart(false)
}

// move gives a link addresses and routes that another one has.
func (p *Planner) move(addresses []rtnl.Address, routes []rtnl.Route, from, to string) {
	for _, a := range addresses {
		a.Link, a.Label = to, ""
		p.do(step.Step{Do: step.Address, Link: to, Address: &a})
	}
	p.carryNeighbours(from, to)
	for _, r := range routes {
		rename.Route(&r, func(name *string) {
			if *name == from {
				*name = to
			}
		})
		p.do(step.Step{Do: step.Route, Link: to, Route: &r})
	}
	if len(addresses) > 0 {
		p.announce(map[string][]rtnl.Address{to: addresses})
	}
}

// note says something of a step that its effects do not say.
func (s *Planned) note(link, text string, args ...any) {
	s.Effects = append(s.Effects, plan.Effect{Kind: plan.EffectNote, Text: fmt.Sprintf(text, args...), Objects: []plan.Ref{backend.Ref(link)}})
}

// remains are what a link and those above it lose when it goes down.
type remains struct {
	up         []string
	addresses  []rtnl.Address
	routes     []rtnl.Route
	neighbours map[string][]rtnl.Neighbour
}

func (p *Planner) remains(name string) remains {
	out := remains{neighbours: make(map[string][]rtnl.Neighbour)}
	for _, above := range p.cur.Above(name) {
		if p.cur.Link(above).Up {
			out.up = append(out.up, above)
		}
		out.addresses = append(out.addresses, slices.DeleteFunc(slices.Clone(p.cur.Addresses(above)), func(a rtnl.Address) bool { return !world.IsOwn(a) || a.Prefix.Addr().Is4() })...)
		out.routes = append(out.routes, p.cur.RoutesOf(above)...)
		if len(p.cur.Known(above)) > 0 {
			out.neighbours[above] = slices.Clone(p.cur.Known(above))
		}
	}
	return out
}

// bringBack gives back what is missing of it.
func (p *Planner) bringBack(lost remains) {
	for _, name := range lost.up {
		if !p.cur.Link(name).Up {
			p.do(step.Step{Do: step.Up, Link: name})
		}
	}
	for _, a := range lost.addresses {
		if !p.cur.HasAddress(a) {
			p.do(step.Step{Do: step.Address, Link: a.Link, Address: &a})
		}
	}
	for _, r := range lost.routes {
		if !p.cur.HasRoute(r) && p.reaches(r) {
			p.do(step.Step{Do: step.Route, Link: r.Link, Route: &r})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lost.neighbours)) {
		p.do(step.Step{Do: step.Neighbours, Link: name, Master: name, Neighbours: lost.neighbours[name]})
	}
}

// PresentNames turns the names of the end into those of the time, in all steps
// and in what is said of them.
func (p *Planner) PresentNames() {
	if len(p.names.Aliases) == 0 {
		return
	}
	for n := range p.Steps {
		set := p.names.present(n)
		s := &p.Steps[n]
		if s.Do != step.Rename {
			s.Step = rename.Step(s.Step, set)
		}
		for k := range s.Effects {
			e := &s.Effects[k]
			e.Text = rename.Text(e.Text, set)
			for r := range e.Objects {
				set(&e.Objects[r].Name)
			}
		}
	}
}
