package order

import (
	"fmt"
	"maps"
	"slices"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/goal"
	"linkspan/plugins/netlink/rename"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// detour is a way around a bond that has to be without ports for a moment: one
// of its cards leaves it and carries what the bond carries meanwhile, on VLANs
// of its own. It is a goal that is reached before the one that is wanted.
type detour struct {
	graph rtnl.Graph
	made  []string // VLANs that are made for it
	over  string   // the card
	bond  string
	mac   string // of VLANs that become ports of bridges
	mine  map[string]bool
}

// takeDetour leads around each bond that the change would interrupt, and where
// a card is free for it. What the card carried is led away from it again by
// the plan that follows.
func (p *Planner) takeDetour() {
	final := p.want
	for _, name := range slices.Clone(p.cur.All()) {
		p.want = final
		p.findLive()
		d := p.detourAround(name)
		if d == nil {
			continue
		}
		p.want = &goal.Goal{World: world.Of(&d.graph), Managed: d.mine, Patience: final.Patience}
		at := len(p.Steps)
		p.calm(p.cur.Link(name))
		p.around = true
		p.lead()
		p.around = false
		for n := range p.Steps[at:] {
			if s := &p.Steps[at+n]; s.Do == step.Master && s.Link == d.over {
				s.note(d.over, "%s alone carries what is on %s, until %s can carry it again", d.over, d.bond, d.bond)
			}
		}
		final.Managed = maps.Clone(final.Managed)
		for _, v := range d.made {
			final.Managed[v] = true
		}
	}
	p.want = final
}

// detourAround finds the way around a bond; nil is none, or none is needed. A
// switch that speaks LACP gives a card that left its bond nothing.
func (p *Planner) detourAround(bond string) *detour {
	l, w := p.cur.Link(bond), p.want.Link(bond)
	if l.Kind != "bond" || w == nil || w.Kind != "bond" || !p.want.Managed[bond] || !p.live[bond] || l.Bond["mode"] == bonding.Mode8023AD || w.Bond["mode"] == bonding.Mode8023AD {
		return nil
	}
	diff, _ := p.bondDiff(w)
	if !bonding.HasOne(diff, bonding.NeedsDown) && !bonding.HasOne(diff, bonding.NeedsEmpty) {
		return nil
	}
	over := p.spareOf(w)
	if over == "" {
		return nil
	}
	d := &detour{graph: *p.cur.Graph(), over: over, bond: bond, mac: p.madeUp(over), mine: map[string]bool{over: true}}
	moved := map[string]string{bond: over} // from → to
	for _, v := range p.cur.VLANs(bond) {
		if !p.live[v] {
			continue
		}
		if len(p.cur.VLANs(v)) > 0 {
			return nil // VLANs in VLANs
		}
		moved[v] = p.freeName(over, p.cur.Link(v).VLANID)
		d.made = append(d.made, moved[v])
	}
	d.lead(moved)
	return d
}

// spareOf is a card that can carry what the bond carries: one of its own ports
// that is not needed to keep it alive, or one that is to join it.
func (p *Planner) spareOf(w *rtnl.Link) string {
	for _, port := range append(p.cur.Ports(w.Name), p.want.Ports(w.Name)...) {
		l := p.cur.Link(port)
		if l != nil && spell.KindOf(l) == "ethernet" && p.want.Managed[port] && !p.live[port] && (l.Master == w.Name || l.Master == "") && len(p.cur.VLANs(port)) == 0 {
			return port
		}
	}
	return ""
}

// freeName is the name of a VLAN on a card, which nothing else has.
func (p *Planner) freeName(card string, id int) string {
	const most = 15 // IFNAMSIZ without its zero
	name := fmt.Sprintf("%s.%d", card, id)
	for n := 0; len(name) > most || p.cur.Link(name) != nil || p.want.Link(name) != nil; n++ {
		name = fmt.Sprintf("ls%d.%d", n, id)
	}
	return name
}

// lead makes the goal: what is on a link that moves, the card or its VLANs
// have. A VLAN that carries addresses keeps its MAC, so that nobody in the
// network sees it move.
func (d *detour) lead(moved map[string]string) {
	var made []rtnl.Link
	for n := range d.graph.Links {
		l := &d.graph.Links[n]
		to, moves := moved[l.Name]
		if l.Kind == "bridge" {
			l.MAC = "" // as it is
		}
		if !moves || l.Name == d.bond {
			continue
		}
		t := *l
		t.Name, t.Parent, t.Index, t.AltNames, t.Sysctls = to, d.over, 0, nil, nil
		if t.Master != "" {
			t.MAC = d.mac // else it would draw the frames for its bridge before it is its port
		}
		made = append(made, t)
		d.mine[l.Name], d.mine[to] = true, true
		d.claim(l.Master)
		l.Master, l.MAC = "", ""
	}
	bond := d.graph.Links[slices.IndexFunc(d.graph.Links, func(l rtnl.Link) bool { return l.Name == d.bond })]
	for n := range d.graph.Links {
		l := &d.graph.Links[n]
		switch l.Name {
		case d.over:
			// The card has its own MTU again when it has left, which nothing tells: it must not be less than its VLANs'.
			l.Master, l.Up, l.MAC, l.MTU, l.BondPort, l.Place = bond.Master, true, "", bond.MTU, nil, 0
			d.claim(bond.Master)
		case d.bond:
			l.Master = ""
			d.mine[l.Name] = d.mine[l.Name] || bond.Master != ""
		}
	}
	d.graph.Links = append(d.graph.Links, made...)
	for n := range d.graph.Addresses {
		a := &d.graph.Addresses[n]
		if to, moves := moved[a.Link]; moves && world.IsOwn(*a) {
			if a.Label == a.Link {
				a.Label = "" // it is the link's name, where nobody has said another
			}
			d.mine[a.Link], a.Link = true, to
		}
	}
	for n := range d.graph.NextHops {
		if to, moves := moved[d.graph.NextHops[n].Link]; moves {
			d.graph.NextHops[n].Link = to
		}
	}
	for n := range d.graph.Routes {
		rename.Route(&d.graph.Routes[n], func(name *string) {
			if to, moves := moved[*name]; moves {
				*name = to
			}
		})
	}
}

// claim makes a bridge one that the detour changes.
func (d *detour) claim(master string) {
	if master != "" {
		d.mine[master] = true
	}
}
