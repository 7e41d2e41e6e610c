package order

import (
	"maps"
	"slices"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// putBack brings back what went with other steps, and in a restore what a
// definition has no words for.
func (p *Planner) putBack() {
	for _, name := range slices.Clone(p.cur.All()) {
		w, l := p.want.Link(name), p.cur.Link(name)
		if w == nil || !p.isMine(name) {
			continue
		}
		if !p.want.Managed[name] && w.Up != l.Up && p.parentUp(l) {
			p.do(step.Step{Do: map[bool]step.Verb{true: step.Up, false: step.Down}[w.Up], Link: name})
		}
		if p.want.Exact {
			p.exactly(w)
		}
		p.permanent(name)
	}
	p.turnRoutes() // of links that have only now come up again
	if p.restOfGroups() {
		p.turnRoutes()
	}
	if p.want.Exact {
		p.addRules()
	}
}

// permanent gives a link its permanent neighbours again, which go when it goes
// down or gets another MAC.
func (p *Planner) permanent(name string) {
	if p.want.Exact {
		p.forget(name)
	}
	if !p.cur.Link(name).Up {
		return
	}
	var lost []rtnl.Neighbour
	for _, n := range p.want.Known(name) {
		there := slices.ContainsFunc(p.cur.Known(name), func(o rtnl.Neighbour) bool { return o.Address == n.Address })
		if n.Permanent && !there {
			lost = append(lost, n)
		}
	}
	if len(lost) > 0 {
		p.do(step.Step{Do: step.Neighbours, Link: name, Neighbours: lost})
	}
}

// forget takes away permanent neighbours that a restore finds too many.
func (p *Planner) forget(name string) {
	var many []rtnl.Neighbour
	for _, n := range p.cur.Known(name) {
		if n.Permanent && !slices.Contains(p.want.Known(name), n) {
			many = append(many, n)
		}
	}
	if len(many) > 0 {
		p.do(step.Step{Do: step.NoNeighbours, Link: name, Neighbours: many})
	}
}

// exactly brings back a link's other names, its sysctls, its settings as a
// port, its VLANs and its static forwarding entries.
func (p *Planner) exactly(w *rtnl.Link) {
	l := p.cur.Link(w.Name)
	if l.Index == 0 && len(w.AltNames) > 0 && l.AltNames == nil {
		p.do(step.Step{Do: step.Names, Link: w.Name, New: &rtnl.Link{AltNames: w.AltNames}})
	}
	if l.Index == 0 && len(w.Sysctls) > 0 {
		p.do(step.Step{Do: step.Sysctl, Link: w.Name, New: &rtnl.Link{Sysctls: w.Sysctls}})
	}
	if w.ReversePath == rtnl.StrictReverse && l.ReversePath == rtnl.LooseReverse { // the plan that is undone made it so
		p.setReverse(w.Name, rtnl.StrictReverse)
	}
	if l.Master != w.Master {
		return
	}
	if m := p.cur.Link(w.Name); m.Kind == "bridge" && !m.MACSet && w.MAC != "" && len(p.cur.Ports(w.Name)) > 0 {
		// Whether somebody has set it is not told: the plan that is undone may have.
		p.do(step.Step{Do: step.Set, Link: w.Name, New: &rtnl.Link{MAC: w.MAC}})
	}
	diff := differing(w.BondPort, l.BondPort)
	maps.DeleteFunc(diff, func(_ string, n int) bool { return n == 0 && l.BondPort == nil }) // as it is of a new port
	if len(diff) > 0 && l.Master != "" {
		p.do(step.Step{Do: step.Set, Link: w.Name, New: &rtnl.Link{BondPort: diff}})
	}
	self := w.Kind == "bridge"
	if m := p.cur.Link(l.Master); !self && (m == nil || m.Kind != "bridge") {
		return
	}
	p.exactVLANs(w, l)
	for _, e := range p.want.Entries(w.Name) {
		if !slices.Contains(p.cur.Entries(w.Name), e) {
			p.do(step.Step{Do: step.Entry, Link: w.Name, Entry: &e})
		}
	}
}

func (p *Planner) exactVLANs(w, l *rtnl.Link) {
	without := func(list, other []rtnl.VLAN) []rtnl.VLAN {
		return slices.DeleteFunc(slices.Clone(list), func(v rtnl.VLAN) bool { return slices.Contains(other, v) })
	}
	if gone := without(l.VLANs, w.VLANs); len(gone) > 0 {
		p.do(step.Step{Do: step.VLANs, Link: w.Name, VLANs: gone, Self: l.Kind == "bridge", Away: true})
	}
	if lost := without(w.VLANs, l.VLANs); len(lost) > 0 {
		p.do(step.Step{Do: step.VLANs, Link: w.Name, VLANs: lost, Self: l.Kind == "bridge"})
	}
}

// addRules adds the rules of policy routing that are missing.
func (p *Planner) addRules() {
	have := make(map[string]bool)
	for _, r := range p.cur.Rules() {
		have[r.Key()] = true
	}
	for _, r := range p.want.Rules() {
		if !have[r.Key()] {
			p.do(step.Step{Do: step.Rule, Rule: &r})
		}
	}
}

// carryPort gives the card that comes to a bridge what the one that leaves had
// there: its VLANs, if the bridge filters by them, and its static entries.
func (p *Planner) carryPort(from *rtnl.Link, entries []rtnl.Entry, to string) {
	l := p.cur.Link(to)
	bridge := p.cur.Link(l.Master)
	if bridge.Bridge["vlan_filtering"] != 0 && len(from.VLANs) > 0 {
		p.exactVLANs(&rtnl.Link{Name: to, VLANs: from.VLANs}, l)
	}
	for _, e := range entries {
		e.Port = to
		p.do(step.Step{Do: step.Entry, Link: to, Entry: &e})
	}
}
